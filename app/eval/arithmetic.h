#pragma once

#include <optional>
#include <string_view>

namespace glim::app {

/// Value of an expression with + - * / ( ) and decimals, also in the spellings x, × and ÷, a trailing "="
/// allowed. Empty when it is none, nested too deeply, or not finite.
std::optional<double> arithmetic_value(std::string_view expression);

}  // namespace glim::app
