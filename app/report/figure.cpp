#include "app/report/figure.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "engine/base/text.h"

namespace glim::app::report {
namespace {

struct UnitRow {
  std::string_view name;
  std::string_view symbol;
};

/// In the order of Unit.
constexpr std::array kUnits = {UnitRow{"count", ""},
                               UnitRow{"bytes", "B"},
                               UnitRow{"bytes_per_second", "B/s"},
                               UnitRow{"seconds", "s"},
                               UnitRow{"tokens_per_second", "t/s"},
                               UnitRow{"nats", "nats"},
                               UnitRow{"fraction", "%"},
                               UnitRow{"bits", "bits"},
                               UnitRow{"joules", "J"},
                               UnitRow{"ratio", ""}};

struct Prefix {
  double decimal, binary;
  const char *decimal_symbol, *binary_symbol;
};
constexpr std::array kPrefixes = {Prefix{1e9, 0x1p30, "G", "Gi"}, Prefix{1e6, 0x1p20, "M", "Mi"},
                                  Prefix{1e3, 0x1p10, "k", "Ki"}};

/// Enough digits to tell two quants apart, no more: three significant ones, whole numbers above a thousand.
int decimals_of(Unit unit, double shown) {
  const double size = std::fabs(shown);
  if (unit == Unit::count || size == 0) return 0;
  if (unit == Unit::fraction) return size < 99.95 ? 2 : 1;
  if (size < 0.0995) return std::min(6, 2 - static_cast<int>(std::floor(std::log10(size))));
  if (size < 0.995) return 3;
  if (size < 99.95) return 2;
  return size < 999.5 ? 1 : 0;
}

}  // namespace

std::string_view unit_name(Unit unit) {
  return kUnits[static_cast<std::size_t>(unit)].name;
}

std::string_view figure_kind_name(FigureKind kind) {
  constexpr std::array<std::string_view, 4> kNames = {"absent", "measured", "planned", "estimated"};
  return kNames[static_cast<std::size_t>(kind)];
}

Figure measured(Unit unit, double value, std::optional<double> spread) {
  if (!std::isfinite(value)) return absent("the run gave no finite number");
  Figure out;
  out.kind = FigureKind::measured;
  out.unit = unit;
  out.value = value;
  out.spread = spread;
  return out;
}

Figure planned(Unit unit, double value) {
  Figure out = measured(unit, value);
  out.kind = FigureKind::planned;
  return out;
}

Figure estimated(Unit unit, double value, std::string how) {
  Figure out = measured(unit, value);
  if (!out.present()) return out;
  out.kind = FigureKind::estimated;
  out.why = std::move(how);
  return out;
}

Figure absent(std::string why) {
  Figure out;
  out.why = std::move(why);
  return out;
}

Scale scale_for(Unit unit, double largest, bool binary) {
  const std::string symbol(kUnits[static_cast<std::size_t>(unit)].symbol);
  if (unit == Unit::fraction) return {0.01, symbol};
  if (unit == Unit::seconds && largest > 0 && largest < 0.1) return {1e-3, "ms"};
  if (unit != Unit::bytes && unit != Unit::bytes_per_second) return {1, symbol};
  for (const Prefix& prefix : kPrefixes) {
    const double size = binary ? prefix.binary : prefix.decimal;
    if (largest >= size) return {size, (binary ? prefix.binary_symbol : prefix.decimal_symbol) + symbol};
  }
  return {1, symbol};
}

std::string figure_text(const Figure& figure, const Scale& scale) {
  if (!figure.present()) return "–";
  const double shown = figure.value / scale.divisor;
  const int decimals = decimals_of(figure.unit, shown);
  std::string out = strf("%.*f", decimals, shown);
  if (figure.spread) out += strf(" ± %.*f", decimals, *figure.spread / scale.divisor);
  if (figure.range)
    out += strf(" (%.*f to %.*f)", decimals, figure.range->first / scale.divisor, decimals,
                figure.range->second / scale.divisor);
  if (figure.at_least) out = "≥ " + out;
  return (figure.kind == FigureKind::estimated ? "~" : "") + out;
}

std::string figure_in_words(const Figure& figure, bool binary) {
  if (!figure.present()) return figure.why.empty() ? "not available" : "not available: " + figure.why;
  const Scale scale = scale_for(figure.unit, std::fabs(figure.value), binary);
  return figure_text(figure, scale) + (scale.symbol.empty() ? "" : " " + scale.symbol);
}

std::string change_text(double fraction) {
  const double percent = 100 * fraction;
  const int decimals = std::fabs(percent) < 99.95 ? 1 : 0;
  const std::string out = strf("%+.*f %%", decimals, percent);
  return out == "+0.0 %" || out == "-0.0 %" ? "0.0 %" : out;
}

}  // namespace glim::app::report
