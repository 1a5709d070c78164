#pragma once

#include <string>

#include "app/compare/comparison.h"
#include "app/profile.h"

namespace glim::app {

/// What a prompt file says about a right answer: a text ("exact", "/pattern/" or "42±0.5"), a number, or an
/// object with one of "regex", "exact", "number" (with "tolerance") and "json" (names of keys). Throws E501
/// beginning with `place`.
Expectation parse_expectation(const Json& value, const std::string& place);

/// What an answer lacks of what was expected, as half a sentence; empty when it holds. Numbers: the last one
/// of the answer counts.
std::string unmet(const Expectation& expectation, const std::string& answer);

}  // namespace glim::app
