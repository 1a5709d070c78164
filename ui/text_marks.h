#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "ui/canvas.h"

namespace glim::ui {

/// What is shown on top of a text without being part of it. Places are bytes of the text. A tint or a pair of
/// notes must not reach over a newline: rows are laid out one by one.
struct TextMarks {
  /// The style of the bytes from `begin` to before `end`; emphasis of the text stays.
  struct Tint {
    std::size_t begin = 0, end = 0;
    Style style = Style::text;
    friend bool operator==(const Tint&, const Tint&) = default;
  };
  /// Text that stands between the bytes before `at` and those from there on.
  struct Note {
    std::size_t at = 0;
    std::string text;
    Ink ink;
    friend bool operator==(const Note&, const Note&) = default;
  };
  std::vector<Tint> tints;  ///< ascending, without overlap
  std::vector<Note> notes;  ///< ascending; those of one place in the order in which they are shown

  bool empty() const { return tints.empty() && notes.empty(); }
  friend bool operator==(const TextMarks&, const TextMarks&) = default;
};

/// The first place at which the two differ, or the largest number when they do not.
std::size_t same_until(const TextMarks& a, const TextMarks& b);

/// The spans of one row, which shows bytes `begin` to `end` or a part of them in ascending order, with the
/// marks of these bytes. A note for a byte that is not shown stands before the next one that is.
Spans with_marks(Spans row, const TextMarks& marks, std::size_t begin, std::size_t end);

}  // namespace glim::ui
