#include "ui/keys.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "engine/base/utf8.h"

namespace glim::ui {
namespace {

constexpr std::string_view kPasteBegin = "\x1b[200~", kPasteEnd = "\x1b[201~";
constexpr std::size_t kLongestSequence = 64;
constexpr int kSynchronizedMode = 2026;

struct FinalKey {
  char final;
  Key key;
};

/// CSI <modifier> final and SS3 final.
constexpr std::array kFinals = {
    FinalKey{'A', Key::up},   FinalKey{'B', Key::down},     FinalKey{'C', Key::right},
    FinalKey{'D', Key::left}, FinalKey{'H', Key::home},     FinalKey{'F', Key::end},
    FinalKey{'P', Key::f1},   FinalKey{'Q', Key::f2},       FinalKey{'R', Key::f3},
    FinalKey{'S', Key::f4},   FinalKey{'I', Key::focus_in}, FinalKey{'O', Key::focus_out},
};

struct NumberKey {
  int number;
  Key key;
};

/// CSI number ; modifier ~
constexpr std::array kNumbers = {
    NumberKey{1, Key::home}, NumberKey{2, Key::insert},  NumberKey{3, Key::delete_key},
    NumberKey{4, Key::end},  NumberKey{5, Key::page_up}, NumberKey{6, Key::page_down},
    NumberKey{7, Key::home}, NumberKey{8, Key::end},     NumberKey{11, Key::f1},
    NumberKey{12, Key::f2},  NumberKey{13, Key::f3},     NumberKey{14, Key::f4},
    NumberKey{15, Key::f5},  NumberKey{17, Key::f6},     NumberKey{18, Key::f7},
    NumberKey{19, Key::f8},  NumberKey{20, Key::f9},     NumberKey{21, Key::f10},
    NumberKey{23, Key::f11}, NumberKey{24, Key::f12},
};

/// Shift, Alt and Ctrl are bits of the parameter less one; others (meta, super) are ignored.
std::uint8_t modifiers_of(int parameter) {
  return parameter < 1 ? std::uint8_t{0} : static_cast<std::uint8_t>((parameter - 1) & 7);
}

KeyEvent event(Key key, std::uint8_t modifiers = 0, std::string text = {}) {
  KeyEvent out;
  out.key = key;
  out.modifiers = modifiers;
  out.text = std::move(text);
  return out;
}

/// A code below 0x20 or 0x7f: what a terminal sends for Ctrl with a key.
KeyEvent control_key(unsigned char byte) {
  switch (byte) {
    case '\r':
      return event(Key::enter);
    case '\t':
      return event(Key::tab);
    case 0x1b:
      return event(Key::escape);
    case 0x08:
    case 0x7f:
      return event(Key::backspace);
    default:
      break;
  }
  const char letter = static_cast<char>(byte + 0x40);
  const bool is_letter = letter >= 'A' && letter <= 'Z';
  return event(Key::control, 0, std::string(1, is_letter ? static_cast<char>(letter + 0x20) : letter));
}

/// A key that was reported by its code point: kitty's CSI u and xterm's CSI 27 ; modifier ; code ~.
KeyEvent coded_key(int code, int modifier) {
  std::uint8_t modifiers = modifiers_of(modifier);
  if (code == 27 || code == 13 || code == 9 || code == 8 || code == 127) {
    KeyEvent out = control_key(static_cast<unsigned char>(code));
    out.modifiers = modifiers;
    return out;
  }
  if (code < 0x20 || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return event(Key::unknown);
  const bool is_control =
      (modifiers & ctrl) != 0 && ((code >= 'a' && code <= 'z') || (code >= '@' && code <= '_'));
  std::string text;
  utf8_append(text, static_cast<char32_t>(code));
  modifiers = static_cast<std::uint8_t>(modifiers & (is_control ? alt : alt | ctrl));
  return event(is_control ? Key::control : Key::character, modifiers, text);
}

struct Csi {
  char leader = 0;  ///< '<', '=', '>', '?' or none
  std::array<int, 4> parameters = {0, 0, 0, 0};
  int count = 0;
  char final = 0;
};

/// The parts of "ESC [ ... final". Subparameters after a colon are skipped.
Csi parse_csi(std::string_view sequence) {
  Csi out;
  out.final = sequence.back();
  std::string_view body = sequence.substr(2, sequence.size() - 3);
  if (!body.empty() && body[0] >= '<' && body[0] <= '?') {
    out.leader = body[0];
    body.remove_prefix(1);
  }
  while (!body.empty() && out.count < 4) {
    const std::string_view part = body.substr(0, body.find(';'));
    int value = 0;
    std::from_chars(part.data(), part.data() + part.size(), value);
    out.parameters[static_cast<std::size_t>(out.count++)] = value;
    body.remove_prefix(std::min(part.size() + 1, body.size()));
  }
  return out;
}

KeyEvent mouse_key(const Csi& csi) {
  const int code = csi.parameters[0];
  KeyEvent out;
  out.mouse = {csi.parameters[2] - 1, csi.parameters[1] - 1};
  out.modifiers =
      static_cast<std::uint8_t>(((code & 4) ? shift : 0) | ((code & 8) ? alt : 0) | ((code & 16) ? ctrl : 0));
  out.button = code & 3;
  if ((code & 64) != 0)
    out.key = out.button == 0 ? Key::wheel_up : out.button == 1 ? Key::wheel_down : Key::unknown;
  else if ((code & 32) != 0 || out.button == 3)
    out.key = Key::unknown;  // motion is not asked for
  else
    out.key = csi.final == 'M' ? Key::mouse_press : Key::mouse_release;
  return out;
}

KeyEvent csi_key(std::string_view sequence) {
  if (sequence.size() == 4 && sequence[2] == '[' && sequence[3] >= 'A' &&
      sequence[3] <= 'E')  // Linux console
    return event(static_cast<Key>(static_cast<int>(Key::f1) + sequence[3] - 'A'));
  const Csi csi = parse_csi(sequence);
  if (csi.leader == '<' && (csi.final == 'M' || csi.final == 'm')) return mouse_key(csi);
  if (csi.leader == '?' && csi.final == 'y') {
    // The report of a mode: 1 set and 2 reset can be changed, 0 is unknown, 3 and 4 are fixed.
    const bool known =
        csi.parameters[0] == kSynchronizedMode && (csi.parameters[1] == 1 || csi.parameters[1] == 2);
    return event(known ? Key::can_synchronize : Key::unknown);
  }
  if (csi.leader != 0) return event(Key::unknown);
  if (csi.final == 'Z') return event(Key::tab, shift);
  if (csi.final == 'u') return coded_key(csi.parameters[0], csi.parameters[1]);
  if (csi.final == '~') {
    if (csi.parameters[0] == 27 && csi.count == 3) return coded_key(csi.parameters[2], csi.parameters[1]);
    for (const NumberKey& row : kNumbers)
      if (row.number == csi.parameters[0]) return event(row.key, modifiers_of(csi.parameters[1]));
    return event(Key::unknown);
  }
  for (const FinalKey& row : kFinals)
    if (row.final == csi.final) return event(row.key, modifiers_of(csi.parameters[1]));
  return event(Key::unknown);
}

KeyEvent ss3_key(char final) {
  for (const FinalKey& row : kFinals)
    if (row.final == final && row.key != Key::focus_in && row.key != Key::focus_out) return event(row.key);
  return final == 'M' ? event(Key::enter) : event(Key::unknown);
}

/// Bytes of the escape sequence at the start of `text`, or none when it is not complete.
std::optional<std::size_t> csi_length(std::string_view text) {
  if (text.size() >= 3 && text[2] == '[')
    return text.size() >= 4 ? std::optional<std::size_t>(4) : std::nullopt;
  for (std::size_t i = 2; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte >= 0x40 && byte <= 0x7e) return i + 1;
    if (byte < 0x20 || byte > 0x7e || i >= kLongestSequence) return i;  // broken off
  }
  return std::nullopt;
}

/// One character or control key at the start of `text`, none when it is not complete.
std::optional<KeyEvent> simple_key(std::string_view text) {
  const auto byte = static_cast<unsigned char>(text[0]);
  KeyEvent out;
  std::size_t length = 1;
  if (byte < 0x20 || byte == 0x7f) {
    out = control_key(byte);
  } else {
    const Utf8Char c = utf8_next(text);
    if (!c.valid && utf8_incomplete_tail(text) == text.size()) return std::nullopt;
    length = c.length;
    out = c.valid ? event(Key::character, 0, std::string(text.substr(0, length))) : event(Key::unknown);
  }
  out.bytes = text.substr(0, length);
  return out;
}

}  // namespace

std::vector<KeyEvent> KeyDecoder::push(std::string_view bytes) {
  std::vector<KeyEvent> out;
  pending_ += bytes;
  while (!pending_.empty() && (pasting_ ? take_paste(out) : take(out))) {
  }
  return out;
}

bool KeyDecoder::take(std::vector<KeyEvent>& out) {
  const std::string_view text = pending_;
  std::optional<KeyEvent> found;
  std::size_t length = 0;
  if (text[0] != '\x1b') {
    found = simple_key(text);
    if (found) length = found->bytes.size();
  } else if (text.size() == 1) {
    return false;
  } else if (text[1] == '[') {
    const std::optional<std::size_t> end = csi_length(text);
    if (!end) return false;
    length = *end;
    if (text.substr(0, length) == kPasteBegin) {
      pending_.erase(0, length);
      return pasting_ = true;
    }
    const auto last = static_cast<unsigned char>(text[length - 1]);
    found = length > 2 && last >= 0x40 ? csi_key(text.substr(0, length)) : event(Key::unknown);
  } else if (text[1] == 'O') {
    if (text.size() < 3) return false;
    length = 3;
    found = ss3_key(text[2]);
  } else if (text[1] == '\x1b') {
    length = 1;  // Esc, then whatever the second one begins
    found = event(Key::escape);
  } else {
    found = simple_key(text.substr(1));
    if (found) {
      length = 1 + found->bytes.size();
      found->modifiers = static_cast<std::uint8_t>(found->modifiers | alt);
    }
  }
  if (!found) return false;
  found->bytes = text.substr(0, length);
  out.push_back(std::move(*found));
  pending_.erase(0, length);
  return true;
}

bool KeyDecoder::take_paste(std::vector<KeyEvent>& out) {
  const std::size_t end = pending_.find(kPasteEnd);
  if (end == std::string::npos) {
    // The end mark may be cut: its beginning stays.
    const std::size_t keep = std::min(pending_.size(), kPasteEnd.size() - 1);
    paste_ += pending_.substr(0, pending_.size() - keep);
    pending_.erase(0, pending_.size() - keep);
    return false;
  }
  paste_ += pending_.substr(0, end);
  pending_.erase(0, end + kPasteEnd.size());
  out.push_back(event(Key::paste, 0, std::move(paste_)));
  paste_.clear();
  pasting_ = false;
  return true;
}

std::vector<KeyEvent> KeyDecoder::give_up() {
  std::vector<KeyEvent> out;
  if (!waiting()) return out;
  KeyEvent key = event(Key::unknown);
  if (pending_ == "\x1b")
    key = event(Key::escape);
  else if (pending_ == "\x1b[" || pending_ == "\x1bO")
    key = event(Key::character, alt, pending_.substr(1));
  key.bytes = std::move(pending_);
  pending_.clear();
  out.push_back(std::move(key));
  return out;
}

}  // namespace glim::ui
