#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "ui/keys.h"

namespace glim::app {

enum class CompareAction : std::uint8_t {
  help,
  back,  ///< to the chat
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
  next_pane,
  previous_pane,
  write,
  sync,
  diff,
  heat,
  blind,
  reveal,
  vote,
  vote_left,
  vote_right,
  tie,
  all_bad,
  undo_vote,
  next_change,
  previous_change,
  graft,
  next_prompt,
  previous_prompt,
  report,
  export_report,
  add_pane,
  drop_pane,
  zoom,
  metrics,
  thoughts,
};

/// Where a key holds: everywhere, only while the panes are looked at, or only in a blind round.
enum class KeyPlace : std::uint8_t { anywhere, view, blind };

/// One row of the table of keys of the compare screen; the help is a loop over it.
struct CompareKey {
  std::string_view label;
  ui::Key key;
  std::uint8_t modifiers;
  std::string_view text;  ///< of control and character keys
  KeyPlace place;
  CompareAction action;
  std::string_view help;  ///< empty: a second key for the same thing
};

std::span<const CompareKey> compare_keys();

struct KeyContext {
  bool typing = false;  ///< letters belong to the input line
  bool blind = false;
};
std::optional<CompareAction> compare_action(const ui::KeyEvent& key, const KeyContext& context);

/// A slash command of the compare screen, most of which are keys too.
struct CompareCommand {
  std::string_view name;
  std::string_view arguments;
  std::optional<CompareAction> action;  ///< none: see compare_app.cpp
  std::string_view help;
};

std::span<const CompareCommand> compare_commands();

/// The command that a word means: its name or a beginning that no other shares. Throws E501.
const CompareCommand& compare_command_named(std::string_view word);

}  // namespace glim::app
