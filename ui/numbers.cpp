#include "ui/numbers.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "engine/base/text.h"

namespace glim::ui {
namespace {

struct Unit {
  double size;
  char letter;
};

constexpr std::array kUnits = {Unit{0x1p40, 'T'}, Unit{0x1p30, 'G'}, Unit{0x1p20, 'M'}, Unit{0x1p10, 'K'}};

/// The largest unit in which `bytes` is at least 1; a unit of 1 has no letter.
Unit unit_of(double bytes) {
  // A value that would print as 1024.0 of a unit belongs to the next one.
  for (const Unit& unit : kUnits)
    if (bytes >= unit.size * 0.99995) return unit;
  return {1, 'B'};
}

/// Two decimals below 10, one below 1000, none above. The limits are where rounding would add a digit.
std::string short_value(double value) {
  if (value < 9.995) return strf("%.2f", value);
  if (value < 999.95) return strf("%.1f", value);
  return strf("%.0f", value);
}

std::string without_leading_zero(std::string text) {
  if (text.size() > 1 && text[0] == '0' && text[1] == '.') text.erase(0, 1);
  return text;
}

}  // namespace

std::string rate(double v) {
  if (!(v >= 0) || std::isinf(v)) return "–";
  if (v < 9.995) return strf("%.2f", v);
  if (v < 99.95) return strf("%.1f", v);
  if (v < 9999.5) return strf("%.0f", v);
  return strf("%.1fk", v / 1000);
}

std::string duration(double seconds) {
  if (!(seconds >= 0) || seconds > 1e9) return "–";
  if (seconds < 0.9995) return strf("%.0fms", seconds * 1000);
  if (seconds < 59.995) return strf("%.2fs", seconds);
  const auto whole = static_cast<long long>(std::llround(seconds));
  if (whole < 3600) return strf("%lldm%02llds", whole / 60, whole % 60);
  return strf("%lldh%02lldm", whole / 3600, whole % 3600 / 60);
}

std::string duration_in_words(double seconds) {
  if (!(seconds >= 0) || seconds > 1e9) return "–";
  if (seconds < 0.995) return strf("%.2f s", seconds);
  if (seconds < 59.95) return strf("%.1f s", seconds);
  const auto whole = static_cast<long long>(std::llround(seconds));
  if (whole < 3600) return strf("%lld m %02lld s", whole / 60, whole % 60);
  return strf("%lld h %lld m", whole / 3600, whole % 3600 / 60);
}

std::string tokens_short(std::int64_t count) {
  const auto value = static_cast<double>(count);
  if (count < 1000) return strf("%lld", static_cast<long long>(count));
  if (value < 999950) return strf("%.1fk", value / 1e3);
  return strf("%.1fM", value / 1e6);
}

std::string tokens_long(std::int64_t count, const GlyphSet& glyphs) {
  const std::string digits = strf("%lld", static_cast<long long>(count));
  std::string out;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    const std::size_t left = digits.size() - i;
    if (i > 0 && left % 3 == 0 && digits[i - 1] != '-') out += glyphs.group;
    out += digits[i];
  }
  return out;
}

std::string bytes_short(std::int64_t bytes) {
  const Unit unit = unit_of(static_cast<double>(bytes));
  if (unit.letter == 'B') return strf("%lldB", static_cast<long long>(bytes));
  return short_value(static_cast<double>(bytes) / unit.size) + unit.letter;
}

std::string bytes_long(std::int64_t bytes) {
  const Unit unit = unit_of(static_cast<double>(bytes));
  if (unit.letter == 'B') return strf("%lld B", static_cast<long long>(bytes));
  const double value = static_cast<double>(bytes) / unit.size;
  return strf(value < 99.995 ? "%.2f %ciB" : "%.1f %ciB", value, unit.letter);
}

std::string percent(double fraction) {
  if (!(fraction >= 0) || std::isinf(fraction)) return "–";
  if (fraction == 0) return "0%";
  if (fraction < 0.005) return "<1%";
  if (fraction < 1 && fraction >= 0.995) return ">99%";
  return strf("%.0f%%", fraction * 100);
}

std::string percent_fine(double fraction) {
  if (!(fraction >= 0) || std::isinf(fraction)) return "–";
  if (fraction == 1 || fraction == 0) return fraction == 0 ? "0%" : "100%";
  if (fraction > 1) return strf("%.0f%%", fraction * 100);
  return strf("%.1f%%", std::clamp(fraction * 100, 0.1, 99.9));
}

std::string nats(double divergence) {
  if (std::isnan(divergence)) return "–";
  if (std::abs(divergence) < 5e-5) return divergence == 0 ? "0" : "<.0001";
  if (divergence < 0.00995) return without_leading_zero(strf("%.4f", divergence));
  if (divergence < 0.9995) return without_leading_zero(strf("%.3f", divergence));
  return strf(divergence < 9.995 ? "%.2f" : "%.1f", divergence);
}

std::string chance(double probability) {
  if (!(probability >= 0)) return "–";
  if (probability < 0.005) return "<.01";
  return probability < 0.995 ? without_leading_zero(strf("%.2f", probability)) : "1";
}

std::string change(double ratio, const GlyphSet& glyphs) {
  if (!(ratio >= 0) || std::isinf(ratio)) return std::string(glyphs.unknown);
  if (ratio >= 9.995) return std::string(glyphs.times) + strf("%.0f", ratio);
  const double percents = std::round((ratio - 1) * 100);
  if (percents == 0) return std::string(glyphs.plus_minus) + "0%";
  return std::string(percents < 0 ? glyphs.minus : std::string_view("+")) +
         strf("%.0f%%", std::abs(percents));
}

std::string bytes_of_short(std::int64_t used, std::int64_t total) {
  const Unit unit = unit_of(static_cast<double>(total));
  const std::string part = short_value(static_cast<double>(used) / unit.size);
  return without_leading_zero(part) + "/" + bytes_short(total);
}

std::string bytes_of_long(std::int64_t used, std::int64_t total) {
  const Unit unit = unit_of(static_cast<double>(total));
  return short_value(static_cast<double>(used) / unit.size) + "/" +
         short_value(static_cast<double>(total) / unit.size) +
         strf(unit.letter == 'B' ? " B" : " %ciB", unit.letter);
}

std::string meter(double fraction, int width, const GlyphSet& glyphs) {
  const double clamped = std::isnan(fraction) ? 0 : std::clamp(fraction, 0.0, 1.0);
  const int full = static_cast<int>(std::lround(clamped * std::max(width, 0)));
  std::string out;
  for (int i = 0; i < width; ++i) out += i < full ? glyphs.full : glyphs.empty;
  return out;
}

}  // namespace glim::ui
