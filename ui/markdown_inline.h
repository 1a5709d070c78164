#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ui/text_layout.h"

namespace glim::ui {

/// Emphasis, code, links and escapes of one row. `source` is where the row begins in the whole text; the
/// spans carry offsets from there. Targets of links are appended to `links`, and "[n]" follows the text of
/// link n.
Spans parse_inline(std::string_view text, std::size_t source, Ink ink, std::vector<std::string>& links);

}  // namespace glim::ui
