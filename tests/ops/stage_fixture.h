#pragma once

#include <doctest/doctest.h>

#include <cmath>
#include <deque>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "engine/base/random.h"
#include "engine/cpu/cpu_backend.h"
#include "engine/cpu/kernels.h"
#include "engine/reference/reference_backend.h"
#include "engine/tensor/backend.h"

namespace glim {

/// Rounding error of a dot product of k terms in f32: k half-ulps of the sum of magnitudes, plus one ulp for
/// each factor that was itself rounded.
inline double dot_tolerance(double sum_of_magnitudes, std::int64_t k) {
  return sum_of_magnitudes * static_cast<double>(k + 8) * 0x1p-24;
}

/// `values` random values of a format. Blocks are any bits that stand for values of size about 1, so that
/// every pattern of codes and scales turns up.
inline std::vector<std::byte> random_weights(QuantType type, std::int64_t values, Random& random) {
  std::vector<std::byte> bytes(row_bytes(type, values));
  if (can_encode(type)) {
    std::vector<float> plain(static_cast<std::size_t>(values));
    for (float& value : plain) value = static_cast<float>(random.normal());
    encode_row(type, plain, bytes.data());
    return bytes;
  }
  const QuantInfo& info = quant(type);
  std::vector<float> decoded(info.block_values);
  for (std::size_t block = 0; block < bytes.size(); block += info.block_bytes) {
    double size = 0;
    do {
      for (std::size_t i = 0; i < info.block_bytes; ++i) {
        bytes[block + i] = static_cast<std::byte>(random.next());
      }
      decode_row(type, &bytes[block], decoded);
      size = 0;
      for (const float value : decoded)
        size = std::fmax(size, std::isfinite(value) ? std::fabs(value) : INFINITY);
    } while (!(size > 0.25 && size < 4));
  }
  return bytes;
}

inline std::vector<float> values_of(const Tensor& tensor) {
  const auto matrix = static_cast<std::size_t>(tensor.cols * tensor.rows);
  std::vector<float> out(matrix * static_cast<std::size_t>(tensor.batch));
  decode_row(tensor.type, tensor.host(), out);
  for (std::size_t i = 0; tensor.scales != nullptr && i < out.size(); ++i)
    out[i] *= tensor.scales[i / matrix];
  return out;
}

/// One backend with random tensors. Two sides made with the same seed and asked for the same things hold the
/// same data.
class Side {
 public:
  explicit Side(std::unique_ptr<Backend> made) : backend(std::move(made)) {}

  /// A weight; of f16 where the rows are no whole blocks of `type`.
  Tensor weight(QuantType type, std::int64_t cols, std::int64_t rows = 1, std::int64_t batch = 1) {
    if (cols % quant(type).block_values != 0) type = QuantType::f16;
    std::vector<std::byte>& bytes = weights_.emplace_back();
    for (std::int64_t row = 0; row < rows * batch; ++row) {
      const std::vector<std::byte> part = random_weights(type, cols, random);
      bytes.insert(bytes.end(), part.begin(), part.end());
    }
    // Moved by one byte from an aligned address, as a file with little alignment has it.
    bytes.insert(bytes.begin(), std::byte{0});
    Tensor tensor{.type = type, .cols = cols, .rows = rows, .batch = batch};
    if (type == QuantType::nvfp4) tensor.scales = scales(batch);
    buffers_.push_back(backend->prepare(std::span(bytes).subspan(1), tensor));
    return tensor;
  }

  /// Activations, or with another type a cache; zeros.
  Tensor zeros(std::int64_t cols, std::int64_t rows, QuantType type = QuantType::f32) {
    Tensor tensor{.type = type, .cols = cols, .rows = rows};
    buffers_.push_back(backend->allocate_shared(tensor.bytes(), "test"));
    tensor.buffer = buffers_.back().get();
    return tensor;
  }

  /// A cache of random values.
  Tensor cache(QuantType type, std::int64_t cols, std::int64_t rows) {
    const Tensor tensor = zeros(cols, rows, type);
    for (std::int64_t row = 0; row < rows; ++row) {
      const std::vector<std::byte> values = random_weights(type, cols, random);
      std::copy(values.begin(), values.end(), tensor.host_row(row));
    }
    return tensor;
  }

  Tensor activations(std::int64_t cols, std::int64_t rows) {
    const Tensor tensor = zeros(cols, rows);
    for (std::int64_t i = 0; i < cols * rows; ++i) tensor.floats()[i] = static_cast<float>(random.normal());
    return tensor;
  }

  /// What the stages so far have written.
  std::vector<float> read(const Tensor& tensor) {
    backend->ops().flush();
    return values_of(tensor);
  }

  std::unique_ptr<Backend> backend;
  Random random{17};

 private:
  /// Factors as they come with weights of this format.
  const float* scales(std::int64_t count) {
    std::vector<float>& out = scales_.emplace_back();
    for (std::int64_t i = 0; i < count; ++i) out.push_back(static_cast<float>(0.5 + random.uniform()));
    return out.data();
  }

  std::vector<std::vector<std::byte>> weights_;
  std::deque<std::vector<float>> scales_;
  std::vector<std::unique_ptr<Buffer>> buffers_;
};

/// Largest Euclidean length of a row. The product of two bounds the sum of magnitudes of their dot product.
inline double longest_row(const Tensor& tensor) {
  double longest = 0;
  const std::vector<float> values = values_of(tensor);
  const auto cols = static_cast<std::size_t>(tensor.cols);
  for (std::size_t row = 0; row < values.size(); row += cols) {
    double squares = 0;
    for (std::size_t i = row; i < row + cols; ++i) squares += std::pow(static_cast<double>(values[i]), 2);
    longest = std::max(longest, std::sqrt(squares));
  }
  return longest;
}

inline double largest(std::span<const float> values) {
  double out = 0;
  for (const float value : values) out = std::max(out, static_cast<double>(std::fabs(value)));
  return out;
}

/// What a stage wrote, and how far another backend may be from it.
struct Result {
  std::string name;
  std::vector<float> values;
  double tolerance;
};

inline void check_close(const std::vector<Result>& found, const std::vector<Result>& expected) {
  REQUIRE(found.size() == expected.size());
  for (std::size_t r = 0; r < expected.size(); ++r) {
    const std::vector<float>&a = found[r].values, &b = expected[r].values;
    REQUIRE(a.size() == b.size());
    REQUIRE(!a.empty());
    std::size_t worst = 0;
    double error = -1;
    for (std::size_t i = 0; i < a.size(); ++i) {
      const double difference = std::fabs(static_cast<double>(a[i]) - static_cast<double>(b[i]));
      if (!(difference <= error)) error = difference, worst = i;
    }
    CHECK_MESSAGE(error <= expected[r].tolerance, expected[r].name << "[" << worst << "] is " << a[worst]
                                                                   << ", expected " << b[worst] << " within "
                                                                   << expected[r].tolerance);
  }
}

/// For kernels that code activations: with eight bits none of 32 values is off by more than a 254th of the
/// largest, so the error of the 32 is at most sqrt(32) / 254 of their length, and that of a product the same
/// part of both lengths. With 16 bits it is a 256th of that, besides the rounding of sums. A stage with two
/// products in a row adds two errors.
inline void check_near(const std::vector<Result>& found, const std::vector<Result>& expected,
                       bool eight_bits) {
  const double part = eight_bits ? 2 * 0.0223 : 2 * 0.0223 / 256 + 1e-5;
  REQUIRE(found.size() == expected.size());
  for (std::size_t r = 0; r < expected.size(); ++r) {
    REQUIRE(found[r].values.size() == expected[r].values.size());
    double error = 0, size = 0;
    for (std::size_t i = 0; i < found[r].values.size(); ++i) {
      const auto exact = static_cast<double>(expected[r].values[i]);
      error += std::pow(static_cast<double>(found[r].values[i]) - exact, 2);
      size += exact * exact;
    }
    CAPTURE(expected[r].name);
    CHECK(std::sqrt(error) <= part * std::sqrt(size));
  }
}

/// Every way to run on the processor.
struct Tier {
  const cpu::Kernels* kernels;
  int threads;
};

inline std::vector<Tier> tiers() {
  std::vector<Tier> out;
  for (const cpu::Kernels* kernels : cpu::instruction_sets()) {
    out.push_back({kernels, kernels == &cpu::portable_kernels() ? 2 : 1});
  }
  return out;
}

}  // namespace glim
