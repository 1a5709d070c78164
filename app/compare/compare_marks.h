#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "app/compare/comparison.h"
#include "app/compare/shown_answer.h"
#include "ui/glyphs.h"
#include "ui/text_marks.h"

namespace glim::app {

enum class DiffMode : std::uint8_t { off, words, tokens, splits };
inline constexpr int kDiffModes = 4;
const char* diff_mode_name(DiffMode mode);  ///< "off", "word", "token", "splits"

/// One difference: what stands in this text and what stands in the reference's instead. Either may be empty.
struct TextChange {
  ShownRange here, there;
};

/// Two answers, the reference's and another, as far as they have come.
struct AnswerPair {
  const CompareAnswer& reference;
  const ShownAnswer& reference_shown;
  const CompareAnswer& other;
  const ShownAnswer& other_shown;
};

/// Where the other answer differs from the reference's, in order. What an answer has not written yet is no
/// difference.
std::vector<TextChange> text_changes(const AnswerPair& pair, DiffMode mode);

struct MarkOptions {
  bool notes = true;                            ///< the brackets
  std::optional<std::size_t> highlighted = {};  ///< the change that stands out
  const ui::GlyphSet* glyphs = &ui::kUnicodeGlyphs;
};

/// The changes as [old→new], [old→] and [new]; one pair of brackets per row.
ui::TextMarks change_marks(const AnswerPair& pair, const std::vector<TextChange>& changes,
                           const MarkOptions& options);

/// Tints for tokens by their divergence; `per_token` belongs to the tokens of `places` from the first on, of
/// which at most `count` are tinted.
void add_heat(ui::TextMarks& marks, const ShownAnswer& shown, const std::vector<TokenDrift>& per_token,
              std::size_t count);

}  // namespace glim::app
