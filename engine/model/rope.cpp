#include "engine/model/rope.h"

#include <algorithm>
#include <cmath>

namespace glim {
namespace {

constexpr double kPi = 3.14159265358979323846;

/// The pair, as a real number, that turns `turns` times within the original context.
double pair_of(double turns, std::int64_t width, double base, const RopeScaling& scaling) {
  return static_cast<double>(width) * std::log(scaling.original_context / (turns * 2 * kPi)) /
         (2 * std::log(base));
}

}  // namespace

std::vector<double> rope_frequencies(std::int64_t width, double base, const RopeScaling& scaling) {
  const bool yarn = scaling.kind == RopeScaling::Kind::yarn;
  const double last = static_cast<double>(width - 1);
  const double low = yarn ? std::max(0.0, std::floor(pair_of(scaling.beta_fast, width, base, scaling))) : 0;
  const double high = yarn ? std::min(last, std::ceil(pair_of(scaling.beta_slow, width, base, scaling))) : 0;
  std::vector<double> frequencies;
  for (std::int64_t i = 0; i < width / 2; ++i) {
    const double plain = std::pow(base, -2.0 * static_cast<double>(i) / static_cast<double>(width));
    const double ramp =
        yarn ? std::clamp((static_cast<double>(i) - low) / std::max(0.001, high - low), 0.0, 1.0) : 1;
    const double stretched = plain / scaling.factor;
    frequencies.push_back(stretched * ramp + plain * (1 - ramp));
  }
  return frequencies;
}

double rope_magnitude(const RopeScaling& scaling) {
  if (scaling.kind != RopeScaling::Kind::yarn) return 1;
  return scaling.attention_factor * (1 + scaling.log_multiplier * std::log(scaling.factor));
}

void fill_rope(std::span<const double> frequencies, std::span<const Row> rows, const Tensor& table) {
  for (std::size_t t = 0; t < rows.size(); ++t) {
    float* out = table.floats(static_cast<std::int64_t>(t));
    for (const double frequency : frequencies) {
      const double angle = frequency * rows[t].position;
      *out++ = static_cast<float>(std::cos(angle));
      *out++ = static_cast<float>(std::sin(angle));
    }
  }
}

}  // namespace glim
