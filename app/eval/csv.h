#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace glim::app {

/// Records of comma separated values (RFC 4180): a field that begins with a quote goes to the closing one,
/// commas and line breaks included, and "" in it is a quote. A quote elsewhere is a character; a field that
/// is not closed goes to the end. Never empty records for a line break at the end; a blank line is a record
/// of one empty field.
std::vector<std::vector<std::string>> parse_csv(std::string_view bytes);

}  // namespace glim::app
