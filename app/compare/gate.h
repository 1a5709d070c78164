#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "app/compare/comparison.h"

namespace glim::app {

/// One condition that every pane but the reference has to meet: "kld<0.03", "tps>0.9x", where x is the
/// reference's own value, or "smoke=all": all stored tests of the file have passed.
struct GateRule {
  std::string metric;
  bool less = true;    ///< the value has to be below `limit`, else above
  bool equal = false;  ///< or equal to it
  double limit = 0;
  bool relative = false;  ///< times the reference's value
  std::string text;       ///< as written
};

/// Conditions between commas. Throws E501 naming what is wrong and what is known.
std::vector<GateRule> parse_gate(std::string_view text);

/// One sentence per pane and rule that does not hold; empty when all do. A value that was not measured does
/// not hold, and neither does a lower bound below its limit, since it proves nothing.
std::vector<std::string> broken_rules(const std::vector<GateRule>& rules, const Comparison& comparison);

}  // namespace glim::app
