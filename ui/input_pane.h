#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "ui/canvas.h"
#include "ui/glyphs.h"
#include "ui/paste_chips.h"

namespace glim::ui {

struct Completion {
  std::string text;         ///< what is inserted
  std::string description;  ///< shown beside it
};

/// The draft as the line editor has it. `text` may hold anything that was typed or pasted.
struct InputData {
  std::string prompt = "> ";
  std::string text;
  std::size_t cursor = 0;                      ///< bytes
  std::vector<PasteChips::Range> labels = {};  ///< parts of the text that stand for a long paste
  std::string mode;                            ///< "[i]" or "[n]" in vi mode
  std::string placeholder;                     ///< shown dim while the draft is empty
  std::vector<Completion> completions;
  int selected = -1;    ///< of the completions
  bool focused = true;  ///< the terminal's cursor is here
};

/// Rows that the draft takes at this width (at least 1).
int input_rows(const InputData& data, int width);

/// Draws the part of the draft around the cursor that fits and places the terminal's cursor.
void draw_input(Canvas& canvas, const Rect& area, const InputData& data, const GlyphSet& glyphs);

/// Draws the completions in the last rows of `area`, above the input; at most eight of them, with a frameless
/// list. Returns the rows used.
int draw_completions(Canvas& canvas, const Rect& area, const InputData& data, const GlyphSet& glyphs);

}  // namespace glim::ui
