#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ui/canvas.h"
#include "ui/glyphs.h"

namespace glim::ui {

struct HeaderData {
  std::string title;        ///< of the conversation, at the left
  std::string profile;      ///< "glm-q8"
  std::string model;        ///< "GLM-4.7-Flash Q8_0"
  std::string model_short;  ///< "Q8_0", for narrow terminals; empty: the model
  std::string backend;      ///< "vulkan0"
};

/// title ... profile ▸ model  backend  F1 help. What does not fit goes: backend, then title, then the help
/// key.
void draw_header(Canvas& canvas, const Rect& area, const HeaderData& data, const GlyphSet& glyphs);

/// profile ▸ model_short ... `right`, for tiny terminals.
void draw_tiny_header(Canvas& canvas, const Rect& area, const HeaderData& data, const Spans& right,
                      const GlyphSet& glyphs);

/// A key and what it does. Both are shown or neither is.
struct Hint {
  std::string key;
  std::string label;
};

/// As many hints as fit, from the first; the others are left out.
Spans hint_line(const std::vector<Hint>& hints, int width);

/// As many facts as fit, from the first, with a separator between them. Empty ones are left out.
Spans fact_line(const std::vector<Spans>& facts, int width, std::string_view separator);

/// A rule with a text near its left end and one near its right end; the right one goes first when there is no
/// room.
void draw_rule(Canvas& canvas, const Rect& area, const GlyphSet& glyphs, const Spans& left = {},
               const Spans& right = {});

}  // namespace glim::ui
