#pragma once

#include <string>

#include "ui/canvas.h"
#include "ui/glyphs.h"

namespace glim::ui {

/// Clears a rectangle of at most the wanted size in the middle of `area`, frames it and titles it. Where
/// there is no room for a frame (below 60 columns or 12 rows) the whole area is taken and only the title row
/// is drawn. Returns the inside.
Rect draw_overlay(Canvas& canvas, const Rect& area, Size wanted, const Spans& title, const GlyphSet& glyphs);

/// First row to show so that `selected` is visible, starting from `first`.
int scroll_to(int first, int selected, int rows, int count);

}  // namespace glim::ui
