#pragma once

#include <string_view>

namespace glim::ui {

/// The signs our own pictures are made of: one row of glyphs.def each. Panes take a set and never spell a
/// sign out.
struct GlyphSet {
#define GLYPH(name, unicode, ascii) std::string_view name;
#include "ui/glyphs.def"
#undef GLYPH
  bool unicode = true;  ///< false: only ASCII may be drawn
};

inline constexpr GlyphSet kUnicodeGlyphs = {
#define GLYPH(name, unicode, ascii) unicode,
#include "ui/glyphs.def"
#undef GLYPH
    true};

inline constexpr GlyphSet kAsciiGlyphs = {
#define GLYPH(name, unicode, ascii) ascii,
#include "ui/glyphs.def"
#undef GLYPH
    false};

/// The set for the character encoding of the process (LC_CTYPE must have been set).
const GlyphSet& glyphs_for_locale();

/// What stands for `sign` where only ASCII can be drawn: our own sign's replacement, else "?". ASCII is kept.
std::string_view ascii_for(std::string_view sign);

}  // namespace glim::ui
