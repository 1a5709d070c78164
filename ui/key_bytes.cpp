#include "ui/key_bytes.h"

namespace glim::ui {
namespace {

struct KeySequence {
  Key key;
  std::uint8_t modifiers;
  const char* bytes;
};

constexpr KeySequence kSequences[] = {
    {Key::enter, 0, "\r"},
    {Key::tab, 0, "\t"},
    {Key::tab, shift, "\x1b[Z"},
    {Key::backspace, 0, "\x7f"},
    {Key::backspace, alt, "\x1b\x7f"},
    {Key::backspace, ctrl, "\x1b\x7f"},
    {Key::up, 0, "\x1b[A"},
    {Key::down, 0, "\x1b[B"},
    {Key::right, 0, "\x1b[C"},
    {Key::left, 0, "\x1b[D"},
    {Key::right, ctrl, "\x1b[1;5C"},
    {Key::left, ctrl, "\x1b[1;5D"},
    {Key::right, alt, "\x1b[1;3C"},
    {Key::left, alt, "\x1b[1;3D"},
    {Key::home, 0, "\x1b[H"},
    {Key::end, 0, "\x1b[F"},
    {Key::delete_key, 0, "\x1b[3~"},
};

}  // namespace

std::string key_bytes(const KeyEvent& key) {
  const std::string escape = (key.modifiers & alt) != 0 ? "\x1b" : "";
  if (key.key == Key::character) return escape + key.text;
  if (key.key == Key::control) return escape + static_cast<char>(key.text[0] & 0x1f);
  for (const KeySequence& row : kSequences)
    if (row.key == key.key && row.modifiers == key.modifiers) return row.bytes;
  return {};
}

}  // namespace glim::ui
