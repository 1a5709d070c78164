#pragma once

#include <optional>
#include <string>

namespace glim::app {

/// Lets the user edit `text` in $VISUAL, $EDITOR or vi, which has the terminal until it ends. None when no
/// editor could be started or it failed.
std::optional<std::string> edit_externally(const std::string& text);

}  // namespace glim::app
