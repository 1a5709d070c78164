#include "ui/glyphs.h"

#include <langinfo.h>

#include <array>

namespace glim::ui {
namespace {

struct Pair {
  std::string_view unicode, ascii;
};

constexpr std::array kPairs = {
#define GLYPH(name, unicode, ascii) Pair{unicode, ascii},
#include "ui/glyphs.def"
#undef GLYPH
};

}  // namespace

const GlyphSet& glyphs_for_locale() {
  const std::string_view codeset = nl_langinfo(CODESET);
  return codeset == "UTF-8" || codeset == "utf8" ? kUnicodeGlyphs : kAsciiGlyphs;
}

std::string_view ascii_for(std::string_view sign) {
  if (sign.size() == 1 && static_cast<unsigned char>(sign[0]) < 0x80) return sign;
  for (const Pair& pair : kPairs)
    if (pair.unicode == sign) return pair.ascii;
  return "?";
}

}  // namespace glim::ui
