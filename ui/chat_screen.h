#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ui/canvas.h"
#include "ui/header.h"
#include "ui/input_pane.h"
#include "ui/layout.h"
#include "ui/loading_pane.h"
#include "ui/overlays.h"
#include "ui/status_bar.h"
#include "ui/transcript_pane.h"

namespace glim::ui {

/// Everything the chat screen shows, as plain data. Loading takes the place of the transcript.
struct ChatScreen : Overlays {
  const GlyphSet* glyphs = &kUnicodeGlyphs;
  HeaderData header;
  const TranscriptView* transcript = nullptr;  ///< not owned; null: empty
  std::vector<std::string> welcome;            ///< paragraphs in the place of an empty transcript
  std::string unfold_label;                    ///< how a long message is unfolded
  InputData input;
  int queued = 0;                ///< messages waiting to be sent
  std::vector<Hint> rule_hints;  ///< on the rule above the input
  std::vector<Hint> hints;       ///< the last row
  StatusData status;
  std::optional<LoadingData> loading;
};

/// The layout that draw() uses for this screen at this size.
ChatLayout layout_of(const ChatScreen& screen, Size size);

/// What the transcript view must be updated with before draw().
TranscriptOptions transcript_options(const ChatScreen& screen, Size size);

/// Paints the whole screen, size as the canvas has it.
void draw(Canvas& canvas, const ChatScreen& screen);

}  // namespace glim::ui
