#pragma once

#include <cmath>
#include <span>
#include <vector>

#include "engine/tensor/tensor.h"

namespace glim::reference {

/// Row `row` of a matrix of any type.
inline std::vector<double> row_of(const Tensor& matrix, std::int64_t row) {
  std::vector<float> values(static_cast<std::size_t>(matrix.cols));
  decode_row(matrix.type, matrix.host_row(row), values);
  std::vector<double> out(values.begin(), values.end());
  for (double& value : out) value *= static_cast<double>(matrix.scale());
  return out;
}

inline double dot(std::span<const double> a, std::span<const double> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

/// matrix · x
inline std::vector<double> multiply(const Tensor& matrix, std::span<const double> x) {
  std::vector<double> out;
  for (std::int64_t row = 0; row < matrix.rows; ++row) out.push_back(dot(row_of(matrix, row), x));
  return out;
}

/// Source: Zhang and Sennrich, "Root Mean Square Layer Normalization".
inline std::vector<double> rms_norm(std::span<const double> x, const Tensor& gain, double eps) {
  const std::vector<double> gains = row_of(gain, 0);
  const double inverse = 1 / std::sqrt(dot(x, x) / static_cast<double>(x.size()) + eps);
  std::vector<double> out;
  for (std::size_t i = 0; i < x.size(); ++i) out.push_back(x[i] * inverse * gains[i]);
  return out;
}

inline double sigmoid(double z) {
  return 1 / (1 + std::exp(-z));
}
inline double silu(double z) {
  return z * sigmoid(z);
}

/// silu(gate · x) * (up · x)
inline std::vector<double> gated(const Tensor& gate, const Tensor& up, std::span<const double> x) {
  std::vector<double> out = multiply(gate, x);
  const std::vector<double> factor = multiply(up, x);
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = silu(out[i]) * factor[i];
  return out;
}

/// Turns adjacent pairs by the angles of `rope` (cosine and sine of each pair, interleaved).
/// Source: Su et al., "RoFormer".
inline void rotate(std::span<double> pairs, std::span<const double> rope) {
  for (std::size_t i = 0; i < pairs.size(); i += 2) {
    const double x = pairs[i], y = pairs[i + 1];
    pairs[i] = x * rope[i] - y * rope[i + 1];
    pairs[i + 1] = x * rope[i + 1] + y * rope[i];
  }
}

/// Writes values as the f32 row `row` of `out`, from column `first` on.
inline void store(std::span<const double> values, const Tensor& out, std::int64_t row,
                  std::int64_t first = 0) {
  float* target = out.floats(row) + first;
  for (double value : values) *target++ = static_cast<float>(value);
}

/// Adds values to the f32 row `row` of `out`.
inline void add(std::span<const double> values, const Tensor& out, std::int64_t row) {
  std::vector<double> sum = row_of(out, row);
  for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += values[i];
  store(sum, out, row);
}

}  // namespace glim::reference
