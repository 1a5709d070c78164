#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace glim::app::report {

enum class Unit : std::uint8_t {
  count,
  bytes,
  bytes_per_second,
  seconds,
  tokens_per_second,
  nats,
  fraction,  ///< 0 to 1, shown as a percentage
  bits,
  joules,
  ratio
};
std::string_view unit_name(Unit unit);  ///< as in JSON: "tokens_per_second"

/// Where a number comes from. The difference is shown wherever the number is.
enum class FigureKind : std::uint8_t {
  absent,     ///< there is none, `why` says the reason
  measured,   ///< read off a run or a file
  planned,    ///< computed from headers; what loading will take
  estimated,  ///< a model of the machine says so, `why` says which; marked with a ~
};
std::string_view figure_kind_name(FigureKind kind);

/// One number of a report with all that has to be said about it.
struct Figure {
  FigureKind kind = FigureKind::absent;
  Unit unit = Unit::count;
  double value = 0;
  std::optional<double> spread;  ///< standard deviation of repetitions or standard error of a mean
  std::optional<std::pair<double, double>> range;  ///< smallest and largest repetition
  bool at_least = false;                           ///< a proven lower bound
  std::string why;

  bool present() const { return kind != FigureKind::absent; }
  bool measured() const { return kind == FigureKind::measured; }
};

Figure measured(Unit unit, double value, std::optional<double> spread = {});
Figure planned(Unit unit, double value);
Figure estimated(Unit unit, double value, std::string how);
Figure absent(std::string why);

/// How a column of figures of one unit is written: one scale for all of them, so that they can be compared by
/// eye.
struct Scale {
  double divisor = 1;
  std::string symbol;  ///< "GB", "t/s"; goes into the heading
};

/// The scale for figures of which the largest is `largest`. Bytes are decimal (GB) or binary (GiB).
Scale scale_for(Unit unit, double largest, bool binary = false);

/// "~41.6", "18.2 ± 0.1", "≥ 0.034", "–"; without symbol. Three to four digits, more for large counts.
std::string figure_text(const Figure& figure, const Scale& scale);

/// With the symbol, for sentences: "18.47 GB", "0.27 s".
std::string figure_in_words(const Figure& figure, bool binary = false);

/// A change as a signed percentage: "+100.0 %", "0.0 %", "-23.4 %".
std::string change_text(double fraction);

}  // namespace glim::app::report
