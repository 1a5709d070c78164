#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "ui/glyphs.h"

namespace glim::ui {

// The number formats of the whole program: one function each.

std::string rate(double per_second);                                  ///< 9.04  18.2  131  12.3k
std::string duration(double seconds);                                 ///< 842ms  1.27s  1m05s  2h10m
std::string duration_in_words(double seconds);                        ///< 0.84 s  11.8 s  1 m 05 s  2 h 10 m
std::string tokens_short(std::int64_t count);                         ///< 966  12.4k  1.0M
std::string tokens_long(std::int64_t count, const GlyphSet& glyphs);  ///< 12 431, thin spaces between groups
std::string bytes_short(std::int64_t bytes);                          ///< 1.76G  32.3G
std::string bytes_long(std::int64_t bytes);                           ///< 29.65 GiB
std::string percent(double fraction);  ///< 19%  <1%  >99%; never rounded to 0 or 100

std::string percent_fine(double fraction);  ///< 96.9%  100%; only all of it is 100%
std::string nats(double divergence);        ///< 0  .0009  .019  2.91  12.9
std::string chance(double probability);     ///< .71  <.01  1
/// How much larger a value is than another: +53%  −42%  ±0%  ×25 from ten times on.
std::string change(double ratio, const GlyphSet& glyphs);

/// `used/total` in the unit of the total: .33/1.76G  32.3/94.1G
std::string bytes_of_short(std::int64_t used, std::int64_t total);
/// 0.33/1.76 GiB
std::string bytes_of_long(std::int64_t used, std::int64_t total);

/// A bar of `width` cells, `fraction` of them full.
std::string meter(double fraction, int width, const GlyphSet& glyphs);

}  // namespace glim::ui
