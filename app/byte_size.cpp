#include "app/byte_size.h"

#include <charconv>
#include <cmath>
#include <string>

#include "engine/base/error.h"
#include "engine/base/text.h"

namespace glim::app {
namespace {

constexpr std::string_view kLetters = "KMG";

/// Bytes of one unit: "", "G", "GB", "GiB"; 0 for anything else.
double unit_bytes(std::string_view unit, std::uint64_t kilo) {
  if (unit.empty()) return 1;
  const std::size_t power = kLetters.find(unit.front());
  if (power == kLetters.npos) return 0;
  const std::string_view ending = unit.substr(1);
  const double base = ending.empty()   ? static_cast<double>(kilo)
                      : ending == "B"  ? 1000
                      : ending == "iB" ? 1024
                                       : 0;
  return std::pow(base, static_cast<double>(power + 1));
}

}  // namespace

std::uint64_t bytes_from(std::string_view text, std::string_view flag, std::uint64_t kilo) {
  constexpr double kMost = 1e15;
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  const double bytes = number * unit_bytes(unit, kilo);
  if (error == std::errc() && bytes >= 1 && bytes < kMost) return static_cast<std::uint64_t>(bytes);
  throw Error(ErrorCode::E501, strf("%s %s is no size; write for example 24G, 500MB or 2GiB",
                                    std::string(flag).c_str(), printable(text, 40).c_str()));
}

}  // namespace glim::app
