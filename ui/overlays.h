#pragma once

#include <optional>

#include "ui/dialog_pane.h"
#include "ui/help_pane.h"
#include "ui/picker_pane.h"

namespace glim::ui {

/// What lies above a screen. At most one is drawn: dialog, help or picker, in this order.
struct Overlays {
  std::optional<DialogData> dialog;
  std::optional<HelpData> help;
  std::optional<PickerData> picker;
};

void draw_overlays(Canvas& canvas, const Rect& area, const Overlays& overlays, const GlyphSet& glyphs);

}  // namespace glim::ui
