#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace glim::app {

/// One flag of a command and the place that takes its value. Names without a dash stand for the words behind
/// the command. A list takes one word for each time the flag is given.
struct Flag {
  std::string_view names;  ///< "-t,--threads"
  std::variant<bool*, std::int32_t*, double*, std::string*, std::vector<std::string>*> into;
  std::string_view value;    ///< what the help calls it
  std::string_view choices;  ///< allowed words separated by commas; empty: any
  std::string_view help;
};

}  // namespace glim::app
