#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace glim::ui {

/// Long pastes of a draft. In the draft each is one private-use character, its mark, so that one Backspace
/// deletes it, undo brings it back and the cursor steps over it; on screen it is a label in brackets. Pure.
/// Knows every paste for as long as it lives, because undo and the kill ring may bring any of them back.
class PasteChips {
 public:
  /// A piece of the draft between bytes `begin` and `end`.
  struct Range {
    std::size_t begin, end;
    friend bool operator==(const Range&, const Range&) = default;
  };
  /// A draft as it is drawn.
  struct Shown {
    std::string text;
    std::size_t cursor = 0;
    std::vector<Range> labels;  ///< in `text`
  };

  /// More than 20 lines or more than 4 kB.
  static bool is_long(std::string_view text);

  /// The mark for a text, or nothing when there are too many already. `tokens`: its length, if known.
  std::optional<std::string> add(std::string text, std::optional<std::int64_t> tokens);

  std::string expanded(std::string_view draft) const;  ///< with the texts in the place of their marks
  Shown shown(std::string_view draft, std::size_t cursor) const;
  /// The mark to expand: the one that ends at or before the cursor, else the first one behind it.
  std::optional<Range> near(std::string_view draft, std::size_t cursor) const;
  const std::string& text_of(std::string_view mark) const;

  /// Without characters that could be taken for marks: what comes from outside must not hold any.
  static std::string without_marks(std::string_view text);

 private:
  struct Chip {
    std::string text, label;
  };
  std::vector<std::pair<Range, std::size_t>> marks_in(std::string_view draft) const;

  std::vector<Chip> chips_;
};

}  // namespace glim::ui
