#pragma once

#include "engine/cpu/kernels.h"

namespace glim::cpu {

/// How float kernels walk through rows, for a Body that has
///   kDirectTile, multiply_rows<type, R>(first, weights, x, out)   rows in file layout that are multiplied
///   together kWeightTile, kInputTile, kTiles[rows - 1][inputs - 1]         kernels of decoded rows
///   tile_height(left)                                             inputs of the next tile
template <class Body>
struct FloatDrivers {
  using Tile = void (*)(const float* const*, const float* const*, std::int64_t, float*, std::int64_t);

  template <QuantType type>
  static void multiply(const WeightRows& weights, const float* x, float* out) {
    constexpr int kRows = Body::kDirectTile;
    const std::byte* row = weights.first;
    std::int64_t left = weights.count;
    for (; left >= kRows; left -= kRows, out += kRows, row += weights.stride * kRows) {
      Body::template multiply_rows<type, kRows>(row, weights, x, out);
    }
    for (; left > 0; --left, ++out, row += weights.stride) {
      Body::template multiply_rows<type, 1>(row, weights, x, out);
    }
  }

  static void products(const FloatRows& weights, const InputRows& inputs, float* out,
                       std::int64_t out_stride) {
    constexpr std::int64_t kRows = Body::kWeightTile;
    for (std::int64_t i = 0, height; i < inputs.count; i += height) {
      height = Body::tile_height(inputs.count - i);
      const float* input[Body::kInputTile];
      for (std::int64_t x = 0; x < height; ++x) input[x] = inputs.row(i + x);
      for (std::int64_t r = 0; r < weights.count; r += kRows) {
        const std::int64_t width = weights.count - r < kRows ? weights.count - r : kRows;
        const float* row[kRows];
        for (std::int64_t w = 0; w < width; ++w) row[w] = weights.first + weights.stride * (r + w);
        Body::kTiles[width - 1][height - 1](row, input, weights.cols, out + i * out_stride + r, out_stride);
      }
    }
  }
};

}  // namespace glim::cpu
