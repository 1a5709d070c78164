#include "engine/sample/portable_math.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>

#include "engine/base/error.h"

namespace glim {
namespace {

constexpr double kLn2 = 0.693147180559945309417;
constexpr float kLowest = -std::numeric_limits<float>::infinity();

// Four values at a time, which every processor can; the order of the additions is fixed by it.
constexpr std::size_t kLanes = 4;
using Floats [[gnu::vector_size(16)]] = float;
using Ints [[gnu::vector_size(16)]] = std::int32_t;

/// Four values from `begin`; -infinity beyond the end.
Floats load(std::span<const float> values, std::size_t begin) {
  Floats lanes = {kLowest, kLowest, kLowest, kLowest};
  if (begin + kLanes <= values.size()) {
    std::memcpy(&lanes, values.data() + begin, sizeof(lanes));
  } else {
    for (std::size_t i = begin; i < values.size(); ++i) lanes[i - begin] = values[i];
  }
  return lanes;
}

/// e^x for x <= 0, and 0 for NaN and positive x.
Floats exp_of_negative(Floats x) {
  const Ints usable = (x <= 0.0f) & (x >= -87.0f);
  const Floats bounded = usable ? x : Floats{};
  const Ints power = __builtin_convertvector(bounded * 1.44269504f - 0.5f, Ints);
  const Floats n = __builtin_convertvector(power, Floats);
  const Floats r =
      (bounded - n * 0.693359375f) + n * 2.12194440e-4f;  // ln 2 in two parts, the first exact times n
  Floats sum = r * (1.0f / 5040) + 1.0f / 720;
  sum = sum * r + 1.0f / 120;
  sum = sum * r + 1.0f / 24;
  sum = sum * r + 1.0f / 6;
  sum = sum * r + 0.5f;
  sum = sum * r + 1.0f;
  sum = sum * r + 1.0f;
  const Ints exponent = (power + 127) << 23;
  Floats scale;
  std::memcpy(&scale, &exponent, sizeof(scale));
  return usable ? sum * scale : Floats{};
}

}  // namespace

double portable_exp(double x) {
  if (x < -745) return 0;
  if (x > 709) return std::numeric_limits<double>::infinity();
  const double n = std::floor(x / kLn2 + 0.5);
  const double r =
      (x - n * 0.693145751953125) - n * 1.42860682030941723212e-6;  // ln 2, the first part exact times n
  double sum = 1;
  for (int k = 16; k >= 1; --k) sum = 1 + sum * r / k;
  return std::ldexp(sum, static_cast<int>(n));
}

double portable_log(double x) {
  int exponent = 0;
  double m = std::frexp(x, &exponent);
  if (m < 0.70710678118654752) m *= 2, --exponent;
  // log m = 2 artanh s, and |s| < 0.172 makes the 23rd power vanish.
  const double s = (m - 1) / (m + 1), square = s * s;
  double sum = 0;
  for (int k = 21; k >= 1; k -= 2) sum = sum * square + 1.0 / k;
  return exponent * kLn2 + 2 * s * sum;
}

double portable_pow(double x, double y) {
  return portable_exp(y * portable_log(x));
}

float highest(std::span<const float> values) {
  Floats best = load({}, 0);
  for (std::size_t begin = 0; begin < values.size(); begin += kLanes) {
    const Floats lanes = load(values, begin);
    const Ints better = (lanes > best) & (lanes <= std::numeric_limits<float>::max());
    best = better ? lanes : best;
  }
  return std::max(std::max(best[0], best[1]), std::max(best[2], best[3]));
}

double exponentials(std::span<const float> values, float max, std::span<float> out) {
  GLIM_ASSERT(out.empty() || out.size() == values.size());
  double sums[kLanes] = {};
  for (std::size_t begin = 0; begin < values.size(); begin += kLanes) {
    const Floats lanes = exp_of_negative(load(values, begin) - max);
    for (std::size_t i = 0; i < kLanes; ++i) sums[i] += static_cast<double>(lanes[i]);
    if (out.empty()) continue;
    const std::size_t count = std::min(kLanes, values.size() - begin);
    std::memcpy(out.data() + begin, &lanes, count * sizeof(float));
  }
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

double log_sum_exp(std::span<const float> values) {
  const float max = highest(values);
  if (max == kLowest) return static_cast<double>(kLowest);
  return static_cast<double>(max) + portable_log(exponentials(values, max, {}));
}

}  // namespace glim
