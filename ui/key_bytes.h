#pragma once

#include <string>

#include "ui/keys.h"

namespace glim::ui {

/// What the line editor is fed for a key, the same whatever the terminal sends for it; empty for a key that
/// means nothing there. Pure.
std::string key_bytes(const KeyEvent& key);

}  // namespace glim::ui
