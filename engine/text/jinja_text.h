#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "engine/text/chat.h"

namespace glim::jinja {

/// UTF-8 text in which every byte knows whether it came in with the conversation or from the template.
/// Joining and cutting keep the marks; comparing and searching ignore them.
class MarkedText {
 public:
  MarkedText() = default;
  MarkedText(std::string text, bool from_user) : text_(std::move(text)) {
    if (from_user && !text_.empty()) flips_.push_back(0);
  }

  const std::string& str() const { return text_; }
  std::string_view view() const { return text_; }
  std::size_t size() const { return text_.size(); }
  bool empty() const { return text_.empty(); }

  bool from_user_at(std::size_t position) const;
  bool any_from_user() const { return !flips_.empty(); }

  void append(std::string_view text, bool from_user);
  void append(const MarkedText& other) { append(other, 0, other.size()); }
  void append(const MarkedText& other, std::size_t from, std::size_t to);  ///< bytes [from, to) of `other`
  MarkedText slice(std::size_t from, std::size_t to) const;

  std::vector<Segment> segments() const;

 private:
  bool from_user_at_end() const { return flips_.size() % 2 == 1; }
  void set_mark(bool from_user);

  std::string text_;
  std::vector<std::size_t> flips_;  // ascending positions where the mark changes; it starts as "template"
};

/// What Python's str.isspace() says of one character.
bool is_space(char32_t code);

/// The text without surrounding characters that `drop` names; its bytes [first, second).
struct Range {
  std::size_t begin;
  std::size_t end;
};
enum class Side { left, right, both };
Range strip_range(std::string_view text, Side side);                        ///< whitespace
Range strip_range(std::string_view text, Side side, std::string_view set);  ///< any character of `set`

std::size_t char_count(std::string_view text);
/// Byte offset of the character with this number; the size of the text when it has no so many.
std::size_t char_offset(std::string_view text, std::size_t number);
std::vector<std::string_view> split_chars(std::string_view text);

/// Position of `needle` at or after `from`, or npos. Takes time linear in the text whatever the needle is.
std::size_t find_text(std::string_view text, std::string_view needle, std::size_t from = 0);
std::size_t rfind_text(std::string_view text, std::string_view needle);

}  // namespace glim::jinja
