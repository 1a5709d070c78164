#include "ui/overlays.h"

namespace glim::ui {

void draw_overlays(Canvas& canvas, const Rect& area, const Overlays& overlays, const GlyphSet& glyphs) {
  if (overlays.dialog) {
    draw_dialog(canvas, area, *overlays.dialog, glyphs);
  } else if (overlays.help) {
    canvas.hide_cursor();
    draw_help(canvas, area, *overlays.help, glyphs);
  } else if (overlays.picker) {
    draw_picker(canvas, area, *overlays.picker, glyphs);
  }
}

}  // namespace glim::ui
