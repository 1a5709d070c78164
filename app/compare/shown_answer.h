#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "app/compare/comparison.h"
#include "ui/sanitize.h"

namespace glim::app {

/// The bytes of a shown text that stand for something.
struct ShownRange {
  std::size_t begin = 0, end = 0;
  bool empty() const { return begin >= end; }
  friend bool operator==(const ShownRange&, const ShownRange&) = default;
};

/// An answer as text that may be shown, and where each of its tokens is in it. Of a growing answer only what
/// is new is looked at.
class ShownAnswer {
 public:
  struct Source {
    const std::vector<AnswerToken>& tokens;
    const std::string& text;
    const std::string& thinking;
    bool finished = false;  ///< nothing follows
  };
  explicit ShownAnswer(const ui::SanitizeOptions& options = {});

  void update(const Source& source);

  const std::string& text() const { return text_; }
  const std::string& thinking() const { return thinking_; }
  /// Counts how often the answer began anew; texts of one generation only grow.
  std::uint64_t generation() const { return generation_; }
  /// One per token so far; empty for tags and thoughts.
  const std::vector<ShownRange>& places() const { return places_; }

 private:
  void restart();
  bool take(const AnswerToken& token, const std::string& text, bool finished);
  void show(const std::string& raw, std::size_t end);

  ui::SanitizeOptions options_;
  ui::Sanitizer text_sanitizer_, thinking_sanitizer_;
  std::string text_, thinking_;
  std::vector<ShownRange> places_;
  std::size_t taken_ = 0;           ///< bytes of the source's text that were shown
  std::size_t thinking_taken_ = 0;  ///< and of its thoughts
  bool finished_ = false;
  std::uint64_t generation_ = 0;
};

}  // namespace glim::app
