#include "ui/theme.h"

namespace glim::ui {
namespace {

constexpr Appearance look(int colour, int attributes) {
  return {static_cast<std::int16_t>(colour), -1, static_cast<std::uint8_t>(attributes)};
}

constexpr Theme kDefault = {
    {{
#define STYLE(name, colour, attributes, mono) look(colour, attributes),
#include "ui/styles.def"
#undef STYLE
    }},
    {{
#define STYLE(name, colour, attributes, mono) look(-1, mono),
#include "ui/styles.def"
#undef STYLE
    }},
};

constexpr std::array<std::string_view, kStyleCount> kNames = {
#define STYLE(name, colour, attributes, mono) #name,
#include "ui/styles.def"
#undef STYLE
};

}  // namespace

const Theme& default_theme() {
  return kDefault;
}

std::string_view style_name(Style style) {
  return kNames[static_cast<std::size_t>(style)];
}

std::optional<Style> style_named(std::string_view name) {
  for (std::size_t i = 0; i < kStyleCount; ++i)
    if (kNames[i] == name) return static_cast<Style>(i);
  return std::nullopt;
}

}  // namespace glim::ui
