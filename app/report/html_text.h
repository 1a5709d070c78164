#pragma once

#include <string>
#include <string_view>

namespace glim::app::report {

/// Text of models, files and users for the inside of an HTML element or an attribute in double quotes:
/// control characters, broken UTF-8 and direction marks are made visible, then everything that could be
/// markup is escaped. Newlines stay.
std::string html_text(std::string_view text);

/// The same in one line.
std::string html_line(std::string_view text);

}  // namespace glim::app::report
