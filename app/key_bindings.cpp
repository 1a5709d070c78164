#include "app/key_bindings.h"

#include <array>

namespace glim::app {
namespace {

using ui::Key;

constexpr std::array kBindings = {
    KeyBinding{"F1", Key::f1, 0, "", false, Action::help, "keys and commands"},
    KeyBinding{"F2", Key::f2, 0, "", false, Action::pick_profile, "choose a profile"},
    KeyBinding{"F5", Key::f5, 0, "", false, Action::retry, "write the last answer again"},
    KeyBinding{"F6", Key::f6, 0, "", false, Action::compare, "compare with another model side by side"},
    KeyBinding{"F10", Key::f10, 0, "", false, Action::quit, "quit"},
    KeyBinding{"Ctrl-C", Key::control, 0, "c", false, Action::interrupt,
               "stop, cancel, clear the line, quit"},
    KeyBinding{"Esc", Key::escape, 0, "", false, Action::escape, "close what is open, stop the answer"},
    KeyBinding{"PgUp", Key::page_up, 0, "", false, Action::page_up, "scroll back"},
    KeyBinding{"PgDn", Key::page_down, 0, "", false, Action::page_down, "scroll forward"},
    KeyBinding{"Wheel", Key::wheel_up, 0, "", false, Action::row_up, "scroll"},
    KeyBinding{"", Key::wheel_down, 0, "", false, Action::row_down, ""},
    KeyBinding{"Shift-Up", Key::up, ui::shift, "", false, Action::row_up, "one row back"},
    KeyBinding{"Shift-Down", Key::down, ui::shift, "", false, Action::row_down, "one row forward"},
    KeyBinding{"Ctrl-Up", Key::up, ui::ctrl, "", false, Action::previous_message, "previous message"},
    KeyBinding{"Ctrl-Down", Key::down, ui::ctrl, "", false, Action::next_message, "next message"},
    KeyBinding{"Home", Key::home, 0, "", true, Action::to_top, "beginning of the conversation"},
    KeyBinding{"End", Key::end, 0, "", true, Action::to_end, "end of the conversation, and follow it"},
    KeyBinding{"", Key::home, ui::ctrl, "", false, Action::to_top, ""},
    KeyBinding{"", Key::end, ui::ctrl, "", false, Action::to_end, ""},
    KeyBinding{"Alt-t", Key::character, ui::alt, "t", false, Action::fold_thinking,
               "show or fold the thinking"},
    KeyBinding{"Alt-p", Key::character, ui::alt, "p", false, Action::unfold_paste,
               "write out a long paste, show a long message"},
    KeyBinding{"Ctrl-L", Key::control, 0, "l", false, Action::redraw, "paint everything again"},
    KeyBinding{"Ctrl-Z", Key::control, 0, "z", false, Action::suspend, "suspend"},
};

}  // namespace

std::span<const KeyBinding> key_bindings() {
  return kBindings;
}

std::optional<Action> action_of(const ui::KeyEvent& key, bool draft_is_empty) {
  for (const KeyBinding& binding : kBindings) {
    if (binding.key != key.key || binding.modifiers != key.modifiers) continue;
    if (!binding.text.empty() && binding.text != key.text) continue;
    if (binding.empty_draft_only && !draft_is_empty) continue;
    return binding.action;
  }
  return std::nullopt;
}

}  // namespace glim::app
