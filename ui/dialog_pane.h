#pragma once

#include <string>
#include <vector>

#include "ui/canvas.h"
#include "ui/glyphs.h"

namespace glim::ui {

struct DialogChoice {
  std::string label;
  std::string detail;  ///< at the right end
};

/// An error or a question: what happened in one sentence, the numbers, what can be done.
struct DialogData {
  std::string title;  ///< "will not fit"
  std::string code;   ///< "GLIM-E203"; empty: none
  bool is_error = true;
  std::string sentence;
  std::vector<std::string> details;  ///< numbers, places: shown as they are, wrapped
  std::string question;              ///< above the choices
  std::vector<DialogChoice> choices;
  int selected = 0;
  std::string hints = "Esc close";
};

void draw_dialog(Canvas& canvas, const Rect& area, const DialogData& data, const GlyphSet& glyphs);

}  // namespace glim::ui
