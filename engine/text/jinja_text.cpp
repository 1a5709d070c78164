#include "engine/text/jinja_text.h"

#include <cstring>

#include <algorithm>

#include "engine/base/utf8.h"

namespace glim {

std::string joined(const std::vector<Segment>& segments) {
  std::string out;
  for (const Segment& segment : segments) out += segment.text;
  return out;
}

}  // namespace glim

namespace glim::jinja {

bool MarkedText::from_user_at(std::size_t position) const {
  const auto after = std::upper_bound(flips_.begin(), flips_.end(), position);
  return (after - flips_.begin()) % 2 == 1;
}

void MarkedText::set_mark(bool from_user) {
  if (from_user_at_end() == from_user) return;
  if (!flips_.empty() && flips_.back() == text_.size()) {
    flips_.pop_back();
  } else {
    flips_.push_back(text_.size());
  }
}

void MarkedText::append(std::string_view text, bool from_user) {
  if (text.empty()) return;
  set_mark(from_user);
  text_ += text;
}

void MarkedText::append(const MarkedText& other, std::size_t from, std::size_t to) {
  if (from >= to) return;
  auto flip = std::upper_bound(other.flips_.begin(), other.flips_.end(), from);
  bool mark = (flip - other.flips_.begin()) % 2 == 1;
  while (from < to) {
    const std::size_t end = flip == other.flips_.end() ? to : std::min(*flip++, to);
    append(other.view().substr(from, end - from), mark);
    from = end;
    mark = !mark;
  }
}

MarkedText MarkedText::slice(std::size_t from, std::size_t to) const {
  MarkedText out;
  out.append(*this, from, to);
  return out;
}

std::vector<Segment> MarkedText::segments() const {
  std::vector<Segment> out;
  std::size_t from = 0;
  bool mark = false;
  for (std::size_t i = 0; i <= flips_.size(); ++i) {
    const std::size_t to = i < flips_.size() ? flips_[i] : text_.size();
    if (to > from) out.push_back({text_.substr(from, to - from), mark});
    from = to;
    mark = !mark;
  }
  return out;
}

bool is_space(char32_t c) {
  if (c < 0x80) return (c >= 9 && c <= 13) || (c >= 28 && c <= 32);
  return c == 0x85 || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 ||
         c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
}

namespace {

// Start of the character that ends before `end`.
std::size_t previous_char(std::string_view text, std::size_t end) {
  const std::size_t lowest = end > 4 ? end - 4 : 0;
  for (std::size_t start = end; start-- > lowest;) {
    if ((static_cast<unsigned char>(text[start]) & 0xc0) == 0x80) continue;
    return start + utf8_next(text.substr(start)).length >= end ? start : end - 1;
  }
  return end - 1;
}

template <typename Drop>
Range strip_if(std::string_view text, Side side, Drop drop) {
  std::size_t begin = 0, end = text.size();
  while (side != Side::right && begin < end) {
    const Utf8Char c = utf8_next(text.substr(begin));
    if (!drop(c.code, text.substr(begin, c.length))) break;
    begin += c.length;
  }
  while (side != Side::left && end > begin) {
    const std::size_t start = previous_char(text, end);
    if (!drop(utf8_next(text.substr(start)).code, text.substr(start, end - start))) break;
    end = start;
  }
  return {begin, end};
}

}  // namespace

Range strip_range(std::string_view text, Side side) {
  return strip_if(text, side, [](char32_t code, std::string_view) { return is_space(code); });
}

Range strip_range(std::string_view text, Side side, std::string_view set) {
  const std::vector<std::string_view> chars = split_chars(set);
  return strip_if(text, side, [&](char32_t, std::string_view c) {
    return std::find(chars.begin(), chars.end(), c) != chars.end();
  });
}

std::size_t char_count(std::string_view text) {
  std::size_t count = 0;
  for (std::size_t pos = 0; pos < text.size(); ++count) {
    pos += static_cast<unsigned char>(text[pos]) < 0x80 ? 1 : utf8_next(text.substr(pos)).length;
  }
  return count;
}

std::size_t char_offset(std::string_view text, std::size_t number) {
  std::size_t pos = 0;
  for (; number > 0 && pos < text.size(); --number) {
    pos += static_cast<unsigned char>(text[pos]) < 0x80 ? 1 : utf8_next(text.substr(pos)).length;
  }
  return pos;
}

std::vector<std::string_view> split_chars(std::string_view text) {
  std::vector<std::string_view> out;
  for (std::size_t pos = 0; pos < text.size();) {
    const std::size_t length = utf8_next(text.substr(pos)).length;
    out.push_back(text.substr(pos, length));
    pos += length;
  }
  return out;
}

std::size_t find_text(std::string_view text, std::string_view needle, std::size_t from) {
  if (from > text.size()) return std::string_view::npos;
  if (needle.empty()) return from;
  const void* hit = memmem(text.data() + from, text.size() - from, needle.data(), needle.size());
  if (!hit) return std::string_view::npos;
  return static_cast<std::size_t>(static_cast<const char*>(hit) - text.data());
}

std::size_t rfind_text(std::string_view text, std::string_view needle) {
  if (needle.empty()) return text.size();
  std::size_t last = std::string_view::npos;
  for (std::size_t hit = find_text(text, needle); hit != std::string_view::npos;
       hit = find_text(text, needle, hit + 1))
    last = hit;
  return last;
}

}  // namespace glim::jinja
