#pragma once

#include <string>
#include <string_view>

namespace glim::app {

/// The number that a worked answer ends with, as lm-evaluation-harness' gsm8k finds it (spec 2.4). Empty when
/// there is none.
std::string strict_number(std::string_view answer);    ///< behind the first "#### "
std::string flexible_number(std::string_view answer);  ///< the last that looks like one

/// Whether a number that was found is that of the reference, which is a whole worked answer or a number:
/// commas, dollar signs, everything up to "#### " and a full stop at the end do not matter.
bool same_number(std::string_view found, std::string_view reference);

}  // namespace glim::app
