#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace glim::ui {

/// What a piece of text means. Panes name a style; only the theme knows what it looks like.
enum class Style : std::uint8_t {
#define STYLE(name, colour, attributes, mono) name,
#include "ui/styles.def"
#undef STYLE
};

inline constexpr std::size_t kStyleCount = 0
#define STYLE(name, colour, attributes, mono) +1
#include "ui/styles.def"
#undef STYLE
    ;

/// Attributes of text, or-ed together.
enum Attribute : std::uint8_t { bold = 1, italic = 2, underline = 4, reverse = 8, dim = 16 };

/// A style and the emphasis that the text itself adds to it (bold inside a quotation, for example).
struct Ink {
  Style style = Style::text;
  std::uint8_t emphasis = 0;

  constexpr Ink() = default;
  constexpr Ink(Style s, std::uint8_t e = 0) : style(s), emphasis(e) {}  // NOLINT: a style is an ink
  friend constexpr bool operator==(Ink, Ink) = default;
};

enum class ColorMode { none, ansi16, ansi256 };

/// How one style looks. Colours: -1 the terminal's own, else an index of its palette.
struct Appearance {
  std::int16_t foreground = -1;
  std::int16_t background = -1;
  std::uint8_t attributes = 0;
};

/// One appearance per style, plus those used where there is no colour.
struct Theme {
  std::array<Appearance, kStyleCount> colored;
  std::array<Appearance, kStyleCount> mono;

  const Appearance& of(Style style, ColorMode mode) const {
    return (mode == ColorMode::none ? mono : colored)[static_cast<std::size_t>(style)];
  }
};

/// Only the terminal's own 16 colours and attributes, so that it reads on light and on dark backgrounds.
const Theme& default_theme();

std::string_view style_name(Style style);
std::optional<Style> style_named(std::string_view name);  ///< for theme files

}  // namespace glim::ui
