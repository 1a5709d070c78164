#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "ui/transcript_pane.h"

namespace glim::ui {

/// The rows of one message, kept between updates. Sections in their order; one that is not shown has no rows.
class TranscriptView::Entry {
 public:
  enum Part { role, thinking_title, thinking, text, timing, gap, kParts };

  explicit Entry(std::uint64_t id) : id_(id) {}

  std::uint64_t id() const { return id_; }

  /// Lays out what has changed. `gap`: a blank row follows.
  void update(const Message& message, const TranscriptOptions& options, bool gap);

  int rows() const { return rows_; }
  const Line& row(int n) const;
  Place place_of_row(int n) const;
  int row_of(const Place& place) const;

 private:
  const std::vector<Line>& lines(int part) const;
  void restart(const Message& message, const TranscriptOptions& options);
  void update_titles(const Message& message, const TranscriptOptions& options);
  void update_body(const Message& message, bool restarted);
  void cut_text(bool folded);

  std::uint64_t id_;
  bool made_ = false;
  TranscriptOptions options_;
  bool markdown_ = true;
  std::string name_;
  std::shared_ptr<const TextMarks> marks_;
  std::size_t text_size_ = 0, thinking_size_ = 0;
  bool streaming_ = false, thinking_now_ = false, thinking_shown_ = false, text_shown_ = true, cut_ = false;
  std::unique_ptr<MarkdownLayout> text_;
  std::unique_ptr<MarkdownLayout> thinking_;
  std::array<std::vector<Line>, kParts> own_;  ///< of the other parts, and of a text that is cut
  int rows_ = 0;
};

}  // namespace glim::ui
