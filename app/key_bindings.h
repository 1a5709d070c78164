#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "ui/keys.h"

namespace glim::app {

enum class Action : std::uint8_t {
  help,
  pick_profile,
  compare,
  retry,
  quit,
  redraw,
  suspend,
  interrupt,
  escape,
  page_up,
  page_down,
  row_up,
  row_down,
  to_top,
  to_end,
  previous_message,
  next_message,
  fold_thinking,
  unfold_paste,
};

/// One row of the table of keys that belong to the chat and not to the input line; the help screen is a loop
/// over it.
struct KeyBinding {
  std::string_view label;  ///< "F2", "Ctrl-L"
  ui::Key key;
  std::uint8_t modifiers;
  std::string_view text;  ///< of control and character keys
  bool empty_draft_only;  ///< otherwise the key belongs to the input line
  Action action;
  std::string_view help;  ///< empty: a second key for the same thing
};

std::span<const KeyBinding> key_bindings();

std::optional<Action> action_of(const ui::KeyEvent& key, bool draft_is_empty);

}  // namespace glim::app
