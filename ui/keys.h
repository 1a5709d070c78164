#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ui/canvas.h"

namespace glim::ui {

enum class Key : std::uint8_t {
  character,  ///< `text` holds one code point, without Ctrl
  control,    ///< Ctrl with a letter or sign: `text` is "a" to "z", "@", "[", "\\", "]", "^", "_"
  enter,
  tab,
  backspace,
  escape,
  up,
  down,
  right,
  left,
  home,
  end,
  page_up,
  page_down,
  insert,
  delete_key,
  f1,
  f2,
  f3,
  f4,
  f5,
  f6,
  f7,
  f8,
  f9,
  f10,
  f11,
  f12,
  paste,  ///< `text` is what was pasted, as it came
  focus_in,
  focus_out,
  mouse_press,
  mouse_release,
  wheel_up,
  wheel_down,
  can_synchronize,  ///< not a key: the terminal's answer that it knows mode 2026
  unknown,          ///< a sequence that means nothing here; to be ignored
};

enum Modifier : std::uint8_t { shift = 1, alt = 2, ctrl = 4 };

/// One key. `bytes` is what the terminal sent, for the line editor.
struct KeyEvent {
  Key key = Key::unknown;
  std::uint8_t modifiers = 0;
  std::string text;
  std::string bytes;
  Point mouse;     ///< cell, from 0
  int button = 0;  ///< 0 left, 1 middle, 2 right

  bool is(Key k, std::uint8_t m = 0) const { return key == k && modifiers == m; }
  bool is_control(char letter) const { return key == Key::control && modifiers == 0 && text[0] == letter; }
  bool is_alt(std::string_view t) const { return key == Key::character && modifiers == alt && text == t; }
};

/// Bytes of a terminal to keys, fed in pieces of any size. Knows the sequences of xterm and its relatives, of
/// the Linux console, kitty's and xterm's reports of modified keys, bracketed paste, focus and SGR mouse
/// reports. Pure.
class KeyDecoder {
 public:
  std::vector<KeyEvent> push(std::string_view bytes);

  /// Something is unfinished. When nothing more comes for a moment (25 ms, 50 over ssh), call give_up().
  bool waiting() const { return !pending_.empty() && !pasting_; }
  /// A lone Esc is the Esc key; Esc and a bracket are Alt with that key; other beginnings are unknown keys.
  std::vector<KeyEvent> give_up();

 private:
  bool take(std::vector<KeyEvent>& out);
  bool take_paste(std::vector<KeyEvent>& out);

  std::string pending_;
  std::string paste_;
  bool pasting_ = false;
};

}  // namespace glim::ui
