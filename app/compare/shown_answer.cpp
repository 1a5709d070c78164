#include "app/compare/shown_answer.h"

#include <algorithm>
#include <string_view>

namespace glim::app {
namespace {

bool is_blank(char c) {
  return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

std::size_t common_length(std::string_view a, std::string_view b) {
  std::size_t n = 0;
  while (n < a.size() && n < b.size() && a[n] == b[n]) ++n;
  return n;
}

}  // namespace

ShownAnswer::ShownAnswer(const ui::SanitizeOptions& options)
    : options_(options), text_sanitizer_(options), thinking_sanitizer_(options) {}

void ShownAnswer::restart() {
  const std::uint64_t next = generation_ + 1;
  *this = ShownAnswer(options_);
  generation_ = next;
}

void ShownAnswer::update(const Source& source) {
  const bool shorter = source.tokens.size() < places_.size() || source.text.size() < taken_ ||
                       source.thinking.size() < thinking_taken_;
  if (shorter || (finished_ && !source.finished)) restart();
  thinking_ += thinking_sanitizer_.push(std::string_view(source.thinking).substr(thinking_taken_));
  thinking_taken_ = source.thinking.size();
  while (places_.size() < source.tokens.size() &&
         take(source.tokens[places_.size()], source.text, source.finished)) {
  }
  if (!source.finished || finished_) return;
  show(source.text, source.text.size());
  text_ += text_sanitizer_.finish();
  thinking_ += thinking_sanitizer_.finish();
  finished_ = true;
}

void ShownAnswer::show(const std::string& raw, std::size_t end) {
  text_ += text_sanitizer_.push(std::string_view(raw).substr(taken_, end - taken_));
  taken_ = end;
}

/// Finds the token in the text behind those before it. The text leaves out tags and blanks at its ends, so
/// that a token may be there in part or not at all. False: too little of the text has come to know.
bool ShownAnswer::take(const AnswerToken& token, const std::string& text, bool finished) {
  ShownRange place = {text_.size(), text_.size()};
  if (!token.thinking && !token.special) {
    const std::string_view rest = std::string_view(text).substr(taken_);
    std::string_view piece = token.text;
    while (!piece.empty() && !rest.starts_with(piece) && is_blank(piece.front())) piece.remove_prefix(1);
    const std::size_t length = common_length(piece, rest);
    if (length < piece.size() && length == rest.size() && !finished) return false;
    show(text, taken_ + length);
    place.end = text_.size();
  }
  places_.push_back(place);
  return true;
}

}  // namespace glim::app
