#pragma once

#include <string>

#include "app/compare/compare_state.h"
#include "app/compare/compare_texts.h"
#include "app/compare/comparison.h"
#include "ui/compare_screen.h"

namespace glim::app {

/// The whole compare screen as data, without the transcripts and the input. In a blind round it holds nothing
/// that tells the panes apart.
ui::CompareScreen compare_screen(const Comparison& comparison, const CompareViewState& state,
                                 const CompareTexts& texts, const ui::GlyphSet& glyphs);

/// Whether every pane has ended its answer to the prompt at hand.
bool all_answered(const Comparison& comparison);

/// "left", "right" or the number of a place.
std::string place_name(const Comparison& comparison, std::size_t place);

}  // namespace glim::app
