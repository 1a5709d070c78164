#pragma once

#include <string>
#include <vector>

#include "app/chat.h"
#include "ui/chat_screen.h"

namespace glim::app {

/// What the front end adds to the chat: what lies over it and what is said for a moment.
struct ViewState {
  bool help_open = false;
  std::string help_filter;
  int help_first = 0;
  bool picker_open = false;
  bool picker_compares = false;  ///< it asks for a second pane, not for another profile
  std::string picker_filter;
  int picker_selected = 0;
  std::string message;  ///< in the status row
  bool message_is_error = false;
  bool scrolled = false;          ///< the end of the transcript is not in view
  std::int64_t draft_tokens = 0;  ///< of the message being written; 0: not counted
};

/// The profiles that can be chosen, filtered; the picker's rows and what a row stands for.
struct ProfileChoices {
  std::vector<ui::PickerRow> rows;
  std::vector<std::string> names;
  int total = 0;
};
ProfileChoices profile_choices(const Chat& chat, const std::string& filter);

/// What the open picker lists: profiles, or what a pane can be made of.
ProfileChoices picker_choices(const Chat& chat, const ViewState& state);

/// The whole screen as data, without the transcript view and the input.
ui::ChatScreen chat_screen(const Chat& chat, const ViewState& state, const ui::GlyphSet& glyphs);

}  // namespace glim::app
