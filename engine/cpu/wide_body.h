#pragma once

#include <cstring>

#include "engine/cpu/float_drivers.h"

namespace glim::cpu {

/// Products of floats over lanes L of 16. They take the place of those of KernelsBody, with sixteen partial
/// sums instead of eight: over the values whose index has the same remainder modulo 16, ascending, then
/// L::total.
template <class L>
struct WideBody : FloatDrivers<WideBody<L>> {
  using Floats = typename L::Scales;
  static constexpr int kLanes = 16, kWeightTile = 4, kInputTile = 6, kDirectTile = 8;

  /// W weight rows times X input rows; the sums stay in registers.
  template <int W, int X>
  static void product_tile(const float* const* weights, const float* const* inputs, std::int64_t cols,
                           float* out, std::int64_t out_stride) {
    Floats sum[X][W];
#pragma GCC unroll 6
    for (int x = 0; x < X; ++x) {
#pragma GCC unroll 4
      for (int w = 0; w < W; ++w) sum[x][w] = L::none();
    }
    const auto step = [&](auto load, std::int64_t k) {
      Floats row[W];
#pragma GCC unroll 4
      for (int w = 0; w < W; ++w) row[w] = load(weights[w] + k);
#pragma GCC unroll 6
      for (int x = 0; x < X; ++x) {
        const Floats input = load(inputs[x] + k);
#pragma GCC unroll 4
        for (int w = 0; w < W; ++w) sum[x][w] = L::fma_wide(row[w], input, sum[x][w]);
      }
    };
    std::int64_t k = 0;
    for (; k + kLanes <= cols; k += kLanes) step([](const float* p) { return L::load_scales(p); }, k);
    if (k < cols) step([n = cols - k](const float* p) { return L::load_some(p, n); }, k);
    for (int x = 0; x < X; ++x) {
      for (int w = 0; w < W; ++w) out[x * out_stride + w] = L::total(sum[x][w]);
    }
  }

  using Tile = typename FloatDrivers<WideBody>::Tile;
  template <int W>
  struct TilesOf {
    static constexpr Tile kTiles[kInputTile] = {product_tile<W, 1>, product_tile<W, 2>, product_tile<W, 3>,
                                                product_tile<W, 4>, product_tile<W, 5>, product_tile<W, 6>};
  };
  static constexpr const Tile* kTiles[kWeightTile] = {TilesOf<1>::kTiles, TilesOf<2>::kTiles,
                                                      TilesOf<3>::kTiles, TilesOf<4>::kTiles};
  static std::int64_t tile_height(std::int64_t left) {
    return left < kInputTile ? left : kInputTile;
  }

  /// R rows in file layout times one input.
  template <QuantType type, int R>
  static void multiply_rows(const std::byte* first, const WeightRows& weights, const float* x, float* out) {
    constexpr std::int64_t kBytes = type == QuantType::f32 ? 4 : 2;
    Floats sum[R];
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) sum[r] = L::none();
    std::int64_t k = 0;
    for (; k + kLanes <= weights.cols; k += kLanes) {
      const Floats input = L::load_scales(x + k);
#pragma GCC unroll 8
      for (int r = 0; r < R; ++r) {
        const std::byte* at = first + weights.stride * static_cast<std::uint64_t>(r) + k * kBytes;
        if (k % (64 / kBytes) == 0) __builtin_prefetch(at + weights.stride * R);
        sum[r] = L::fma_wide(L::template weights<type>(at), input, sum[r]);
      }
    }
    if (const std::int64_t rest = weights.cols - k; rest > 0) {
      const Floats input = L::load_some(x + k, rest);
      for (int r = 0; r < R; ++r) {
        std::byte padded[kLanes * kBytes] = {};
        const std::byte* at = first + weights.stride * static_cast<std::uint64_t>(r) + k * kBytes;
        std::memcpy(padded, at, static_cast<std::size_t>(rest * kBytes));
        sum[r] = L::fma_wide(L::template weights<type>(padded), input, sum[r]);
      }
    }
    for (int r = 0; r < R; ++r) out[r] = L::total(sum[r]);
  }

  /// Q accumulators, V vectors of each from column `col` on.
  template <int Q, int V>
  static void mix_tile(const Mix& mix, std::int64_t query, std::int64_t col, std::int64_t width) {
    const auto load = [width](const float* p) { return V == 1 ? L::load_some(p, width) : L::load_scales(p); };
    Floats sum[Q][V];
#pragma GCC unroll 8
    for (int q = 0; q < Q; ++q) {
#pragma GCC unroll 8
      for (int v = 0; v < V; ++v) sum[q][v] = load(mix.accumulators[query + q] + col + kLanes * v);
    }
    const float* weights = mix.weights + query * mix.weight_stride;
    const float* row = mix.rows + col;
    for (std::int64_t j = 0; j < mix.count; ++j, row += mix.row_stride) {
#pragma GCC unroll 8
      for (int v = 0; v < V; ++v) {
        const Floats value = load(row + kLanes * v);
#pragma GCC unroll 8
        for (int q = 0; q < Q; ++q)
          sum[q][v] = L::fma_scales(value, weights[q * mix.weight_stride + j], sum[q][v]);
      }
    }
#pragma GCC unroll 8
    for (int q = 0; q < Q; ++q) {
#pragma GCC unroll 8
      for (int v = 0; v < V; ++v) {
        float* to = mix.accumulators[query + q] + col + kLanes * v;
        V == 1 ? L::store_some(to, width, sum[q][v]) : L::store_scales(to, sum[q][v]);
      }
    }
  }

  template <int Q>
  static void mix_queries(const Mix& mix, std::int64_t query) {
    constexpr int V = 16 / Q < 4 ? 4 : 16 / Q;
    std::int64_t col = 0;
    for (; col + V * kLanes <= mix.cols; col += V * kLanes) mix_tile<Q, V>(mix, query, col, kLanes);
    for (; col < mix.cols; col += kLanes) {
      mix_tile<Q, 1>(mix, query, col, mix.cols - col < kLanes ? mix.cols - col : kLanes);
    }
  }

  static void mix(const Mix& mix) {
    std::int64_t query = 0;
    for (; query + 4 <= mix.queries; query += 4) mix_queries<4>(mix, query);
    for (; query < mix.queries; ++query) mix_queries<1>(mix, query);
  }

  /// Puts these in the place of others. Formats whose rows cannot be multiplied here as they lie are decoded
  /// first.
  static void replace(Kernels& kernels) {
    kernels.products = WideBody::products;
    kernels.mix = mix;
    for (FormatKernels& format : kernels.formats) format.multiply = nullptr;
    kernels.formats[place(QuantType::f32)].multiply = WideBody::template multiply<QuantType::f32>;
    kernels.formats[place(QuantType::f16)].multiply = WideBody::template multiply<QuantType::f16>;
    kernels.formats[place(QuantType::bf16)].multiply = WideBody::template multiply<QuantType::bf16>;
  }

 private:
  static std::ptrdiff_t place(QuantType type) {
    return &quant(type) - kQuants.data();
  }
};

}  // namespace glim::cpu
