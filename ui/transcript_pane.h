#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ui/canvas.h"
#include "ui/markdown.h"

namespace glim::ui {

enum class Role : std::uint8_t { user, assistant, system, notice, error };

/// One entry of the transcript. All text must have gone through the Sanitizer. Under one id, `text` and
/// `thinking` may only grow; everything else may change at any time. To replace a text, use a new id.
struct Message {
  std::uint64_t id = 0;  ///< unique in the transcript, never 0
  Role role = Role::user;
  std::string name;    ///< of the role row: "you", "glm-q8"; empty: no role row
  std::string detail;  ///< after the name: "14:02 · 391 tok"
  std::string text;
  std::string timing;  ///< the dim row under an answer; empty: none
  bool streaming = false;
  bool markdown = true;                    ///< only answers are read as markdown
  bool folded = false;                     ///< a text of more than 24 rows shows only the first ten
  std::shared_ptr<const TextMarks> marks;  ///< of `text`; new marks are a new object. Null: none

  std::string thinking;
  bool thinking_now = false;    ///< the thinking is still being written
  bool thinking_shown = false;  ///< unfolded
  double thinking_seconds = 0;    ///< 0: not known, not shown
  std::int64_t thinking_tokens = 0;
};

/// How the messages are shown: changes of it lay everything visible out again.
struct TranscriptOptions {
  int width = 80;
  int height = 24;
  const GlyphSet* glyphs = &kUnicodeGlyphs;
  bool compact = false;  ///< "you> text", no frames: narrow terminals
  int margin = 2;        ///< blank columns before the text, except when compact
  std::string code_label = {};
  std::string unfold_label = {};  ///< beside the number of rows that a folded text hides: "Alt-p shows them"
};

/// A place in the transcript that survives new text, folding and other widths.
struct Place {
  std::uint64_t message = 0;
  int part = 0;            ///< 0 role row, 1 thinking title, 2 thinking, 3 text, 4 timing, 5 blank row after
  std::size_t offset = 0;  ///< bytes into the part
  int nth = 0;             ///< among rows of the same offset
  friend bool operator==(const Place&, const Place&) = default;
};

/// Wrapped rows of the messages and what part of them is looked at. Follows the end until scrolled up; then
/// the top row on screen stays where it is, whatever arrives below, folds, or changes width. Only messages
/// that come into view or lie below it are laid out, and of a growing message only its last block.
class TranscriptView {
 public:
  TranscriptView();
  ~TranscriptView();
  TranscriptView(TranscriptView&&) noexcept;
  TranscriptView& operator=(TranscriptView&&) noexcept;

  // Scrolling. Takes effect with the next update().
  void scroll_lines(int rows);  ///< negative: towards the beginning
  void scroll_pages(int pages);
  void to_top();
  void to_end();                      ///< and follow
  void to_message(int step);          ///< previous (-1) or next (+1) message to the top
  void to_place(const Place& place);  ///< its row to the top, as far as there is text below it

  /// Call before drawing whenever messages, the size or the place may have changed. The messages are not
  /// kept.
  void update(std::span<const Message> messages, const TranscriptOptions& options);

  // As of the last update().
  bool following() const { return following_; }
  int rows_below() const { return rows_below_; }         ///< below the window
  int new_rows() const { return new_rows_; }             ///< of these, what arrived since following ended
  const Place& top_place() const { return top_place_; }  ///< of the first row of the window
  const std::vector<Line>& window() const { return window_; }  ///< at most `height` rows
  /// The message at a row of the window, for clicks and for folding.
  std::optional<std::uint64_t> message_at(int row) const;
  /// The message at the top of the window; while following the last one.
  std::optional<std::uint64_t> current_message() const;

 private:
  class Entry;
  struct Position;
  struct Command;

  void match_entries();
  Entry& laid_out(std::size_t index);
  void apply(const Command& command);
  void leave_end(Position top);
  void show(Position top);
  Position top();
  Position last();
  Position end_top();
  Position moved(Position from, int rows);
  int rows_between(Position from, Position to);
  Position find(const Place& place);
  Place place_of(Position position);

  std::span<const Message> messages_;  ///< only inside update()
  TranscriptOptions options_;
  std::vector<std::unique_ptr<Entry>> entries_;
  std::vector<Command> commands_;
  std::vector<Line> window_;
  std::vector<std::uint64_t> window_ids_;
  Place anchor_;  ///< top row while not following
  Place top_place_;
  Place left_at_;  ///< last row when following ended
  bool following_ = true;
  int rows_below_ = 0;
  int new_rows_ = 0;
};

void draw_transcript(Canvas& canvas, const Rect& area, const TranscriptView& view);

}  // namespace glim::ui
