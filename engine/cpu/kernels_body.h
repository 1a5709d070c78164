#pragma once

#include "engine/cpu/code_blocks.h"
#include "engine/cpu/float_drivers.h"
#include "engine/cpu/kernels.h"
#include "engine/cpu/lattice_blocks.h"
#include "engine/cpu/rotated_blocks.h"
#include "engine/cpu/table_blocks.h"
#include "engine/cpu/weight_blocks.h"

namespace glim::cpu {

/// Every kernel, written once over a set of lanes L (Avx2, Portable). Included only by the file of each
/// instruction set.
template <class L>
struct KernelsBody : FloatDrivers<KernelsBody<L>> {
  using Floats = typename L::Floats;
  static constexpr int kLanes = 8, kWeightTile = 4, kInputTile = 3, kDirectTile = 4;

  template <QuantType type>
  static constexpr bool kHasBlocks = requires {
    WeightBlocks<L, type>::kValues;
  };

  /// The last values of a row of a format without blocks, padded with zeros.
  template <QuantType type>
  [[gnu::always_inline]] static Floats rest_of(const std::byte* at, std::int64_t values) {
    using Blocks = WeightBlocks<L, type>;
    std::byte padded[Blocks::kBytes] = {};
    std::memcpy(padded, at, static_cast<std::size_t>(values * Blocks::kBytes / Blocks::kValues));
    Floats out = L::zero();
    Blocks::part(padded, {}, 0, [&](int, Floats value) { out = value; });
    return out;
  }

  template <QuantType type>
  static void decode_row_blocks(const std::byte* row, std::int64_t cols, float* out) {
    using Blocks = WeightBlocks<L, type>;
    constexpr int kPart = Blocks::kValues / Blocks::kParts;
    for (; cols >= Blocks::kValues; cols -= Blocks::kValues, row += Blocks::kBytes) {
      const typename Blocks::Header header = Blocks::header(row);
      for (int p = 0; p < Blocks::kParts; ++p, out += kPart) {
        Blocks::part(row, header, p, [&](int v, Floats value) { L::store(out + kLanes * v, value); });
      }
    }
    if (cols > 0) L::store_part(out, cols, rest_of<type>(row, cols));
  }

  template <QuantType type>
  static void decode(const WeightRows& weights, float* out) {
    for (std::int64_t r = 0; r < weights.count; ++r) {
      const std::byte* row = weights.first + weights.stride * static_cast<std::uint64_t>(r);
      float* target = out + r * weights.cols;
      if constexpr (kHasBlocks<type>) {
        decode_row_blocks<type>(row, weights.cols, target);
      } else {
        decode_row(type, row, {target, static_cast<std::size_t>(weights.cols)});
      }
    }
  }

  template <QuantType type>
  static constexpr bool kIsRotated = requires {
    RotatedBlocks<L, type>::kBytes;
  };

  template <QuantType type>
  static void decode_rotated(const WeightRows& rows, float* out) {
    using Blocks = RotatedBlocks<L, type>;
    for (std::int64_t r = 0; r < rows.count; ++r) {
      const std::byte* block = rows.first + rows.stride * static_cast<std::uint64_t>(r);
      for (std::int64_t i = 0; i < rows.cols; i += Blocks::kValues, block += Blocks::kBytes) {
        Blocks::each(block, [&](int v, Floats value) { L::store(out + kLanes * v, value); });
        out += Blocks::kValues;
      }
    }
  }

  /// R rows at a time: their sums are independent, which hides the latency of the additions.
  template <QuantType type, int R>
  [[gnu::always_inline]] static void multiply_rows(const std::byte* first, const WeightRows& weights,
                                                   const float* x, float* out) {
    using Blocks = WeightBlocks<L, type>;
    constexpr int kPart = Blocks::kValues / Blocks::kParts;
    const std::int64_t blocks = weights.cols / Blocks::kValues, rest = weights.cols % Blocks::kValues;
    Floats sum[kWeightTile] = {L::zero(), L::zero(), L::zero(), L::zero()};
    for (std::int64_t b = 0; b < blocks; ++b) {
      const std::byte* block[R];
      typename Blocks::Header header[R];
#pragma GCC unroll 4
      for (int r = 0; r < R; ++r) {
        block[r] = first + weights.stride * static_cast<std::uint64_t>(r) + b * Blocks::kBytes;
        header[r] = Blocks::header(block[r]);
        // The rows that come next, which the processor would not guess from four streams side by side.
        __builtin_prefetch(block[r] + weights.stride * kWeightTile);
      }
#pragma GCC unroll 8
      for (int p = 0; p < Blocks::kParts; ++p, x += kPart) {
#pragma GCC unroll 4
        for (int r = 0; r < R; ++r) {
          Floats own = sum[r];
          const auto use = [&](int v, Floats value) { own = L::fma(value, L::load(x + kLanes * v), own); };
          Blocks::part(block[r], header[r], p, use);
          sum[r] = own;
        }
      }
    }
    if (rest > 0) {
      const Floats tail = L::load_part(x, rest);
      for (int r = 0; r < R; ++r) {
        const std::byte* at =
            first + weights.stride * static_cast<std::uint64_t>(r) + blocks * Blocks::kBytes;
        sum[r] = L::fma(rest_of<type>(at, rest), tail, sum[r]);
      }
    }
    store_sums<R>(sum, out);
  }

  template <int R>
  [[gnu::always_inline]] static void store_sums(const Floats* sum, float* out) {
    if constexpr (R == kWeightTile) {
      L::sums(sum[0], sum[1], sum[2], sum[3], out);
    } else {
      for (int r = 0; r < R; ++r) out[r] = L::sum(sum[r]);
    }
  }

  /// W weight rows times X input rows; the sums stay in registers.
  template <int W, int X>
  static void product_tile(const float* const* weights, const float* const* inputs, std::int64_t cols,
                           float* out, std::int64_t out_stride) {
    Floats sum[X][kWeightTile];
    for (int x = 0; x < X; ++x) {
      for (int w = 0; w < kWeightTile; ++w) sum[x][w] = L::zero();
    }
    std::int64_t k = 0;
    for (; k + kLanes <= cols; k += kLanes) {
      Floats row[W];
#pragma GCC unroll 4
      for (int w = 0; w < W; ++w) row[w] = L::load(weights[w] + k);
#pragma GCC unroll 4
      for (int x = 0; x < X; ++x) {
        const Floats input = L::load(inputs[x] + k);
#pragma GCC unroll 4
        for (int w = 0; w < W; ++w) sum[x][w] = L::fma(row[w], input, sum[x][w]);
      }
    }
    if (k < cols) {
      for (int x = 0; x < X; ++x) {
        const Floats input = L::load_part(inputs[x] + k, cols - k);
        for (int w = 0; w < W; ++w)
          sum[x][w] = L::fma(L::load_part(weights[w] + k, cols - k), input, sum[x][w]);
      }
    }
#pragma GCC unroll 4
    for (int x = 0; x < X; ++x) store_sums<W>(sum[x], out + x * out_stride);
  }

  using Tile = typename FloatDrivers<KernelsBody>::Tile;
  static constexpr Tile kTiles[kWeightTile][kInputTile] = {
      {product_tile<1, 1>, product_tile<1, 2>, product_tile<1, 3>},
      {product_tile<2, 1>, product_tile<2, 2>, product_tile<2, 3>},
      {product_tile<3, 1>, product_tile<3, 2>, product_tile<3, 3>},
      {product_tile<4, 1>, product_tile<4, 2>, product_tile<4, 3>},
  };

  /// Four rows go as two and two: a single one leaves the multipliers waiting for each other.
  static std::int64_t tile_height(std::int64_t left) {
    if (left == 4) return 2;
    return left < kInputTile ? left : kInputTile;
  }

  /// Q accumulators, V vectors of each from column `col` on.
  template <int Q, int V>
  [[gnu::always_inline]] static void mix_tile(const Mix& mix, std::int64_t query, std::int64_t col) {
    Floats sum[Q][V];
    for (int q = 0; q < Q; ++q) {
      for (int v = 0; v < V; ++v) sum[q][v] = L::load(mix.accumulators[query + q] + col + kLanes * v);
    }
    const float* weights = mix.weights + query * mix.weight_stride;
    const float* row = mix.rows + col;
    for (std::int64_t j = 0; j < mix.count; ++j, row += mix.row_stride) {
#pragma GCC unroll 8
      for (int v = 0; v < V; ++v) {
        const Floats value = L::load(row + kLanes * v);
#pragma GCC unroll 4
        for (int q = 0; q < Q; ++q)
          sum[q][v] = L::fma(L::set(weights[q * mix.weight_stride + j]), value, sum[q][v]);
      }
    }
    for (int q = 0; q < Q; ++q) {
      for (int v = 0; v < V; ++v) L::store(mix.accumulators[query + q] + col + kLanes * v, sum[q][v]);
    }
  }

  static void mix_rest(const Mix& mix, std::int64_t query, std::int64_t col) {
    const std::int64_t n = mix.cols - col;
    Floats sum = L::load_part(mix.accumulators[query] + col, n);
    for (std::int64_t j = 0; j < mix.count; ++j) {
      const Floats weight = L::set(mix.weights[query * mix.weight_stride + j]);
      sum = L::fma(weight, L::load_part(mix.rows + j * mix.row_stride + col, n), sum);
    }
    L::store_part(mix.accumulators[query] + col, n, sum);
  }

  /// Eight sums at a time, however they are split between queries and columns.
  template <int Q>
  static void mix_queries(const Mix& mix, std::int64_t query) {
    constexpr int V = 8 / Q;
    std::int64_t col = 0;
    for (; col + V * kLanes <= mix.cols; col += V * kLanes) mix_tile<Q, V>(mix, query, col);
    for (; col + kLanes <= mix.cols; col += kLanes) mix_tile<Q, 1>(mix, query, col);
    if (col == mix.cols) return;
    for (int q = 0; q < Q; ++q) mix_rest(mix, query + q, col);
  }

  static void mix(const Mix& mix) {
    std::int64_t query = 0;
    for (; query + 4 <= mix.queries; query += 4) mix_queries<4>(mix, query);
    for (; query + 2 <= mix.queries; query += 2) mix_queries<2>(mix, query);
    for (; query < mix.queries; ++query) mix_queries<1>(mix, query);
  }

  static float exponentials(float* scores, float largest) {
    constexpr int kScores = 64;
    const Floats offset = L::set(-largest);
    Floats sum = L::zero();
    for (int i = 0; i < kScores; i += kLanes) {
      const Floats value = L::exp(L::add(L::load(scores + i), offset));
      L::store(scores + i, value);
      sum = L::add(sum, value);
    }
    return L::sum(sum);
  }

  static void rms_norm(const float* x, const float* gain, std::int64_t count, float eps, float* out) {
    constexpr std::int64_t kRun = 64;  // short runs in float, their sum in double
    double squares = 0;
    for (std::int64_t first = 0; first < count; first += kRun) {
      const std::int64_t end = first + kRun < count ? first + kRun : count;
      Floats sum = L::zero();
      for (std::int64_t i = first; i < end; i += kLanes) {
        const Floats value = end - i < kLanes ? L::load_part(x + i, end - i) : L::load(x + i);
        sum = L::fma(value, value, sum);
      }
      squares += static_cast<double>(L::sum(sum));
    }
    const double mean = squares / static_cast<double>(count) + static_cast<double>(eps);
    const Floats scale = L::set(static_cast<float>(1 / __builtin_sqrt(mean)));
    for_each_vector(count, [&](std::int64_t i, auto load, auto store) {
      store(out + i, L::mul(L::mul(load(x + i), scale), load(gain + i)));
    });
  }

  static void gate(const float* gate, const float* up, std::int64_t count, float* out) {
    const Floats one = L::set(1), minus = L::set(-1);
    for_each_vector(count, [&](std::int64_t i, auto load, auto store) {
      const Floats z = load(gate + i);
      const Floats silu = L::div(z, L::add(one, L::exp(L::mul(minus, z))));
      store(out + i, L::mul(silu, load(up + i)));
    });
  }

  static void add(const float* x, float factor, std::int64_t count, float* out) {
    const Floats by = L::set(factor);
    for_each_vector(count, [&](std::int64_t i, auto load, auto store) {
      store(out + i, L::fma(by, load(x + i), load(out + i)));
    });
  }

  /// use(i, load, store) for every vector of an array; the last one may be partly filled.
  template <class Use>
  [[gnu::always_inline]] static void for_each_vector(std::int64_t count, Use use) {
    std::int64_t i = 0;
    for (; i + kLanes <= count; i += kLanes) {
      use(
          i, [](const float* p) { return L::load(p); }, [](float* p, Floats v) { L::store(p, v); });
    }
    if (i == count) return;
    const std::int64_t n = count - i;
    use(
        i, [n](const float* p) { return L::load_part(p, n); },
        [n](float* p, Floats v) { L::store_part(p, n, v); });
  }

  template <QuantType type>
  static constexpr FormatKernels format() {
    if constexpr (kHasBlocks<type>) {
      return {decode<type>, KernelsBody::template multiply<type>, nullptr};
    } else if constexpr (kIsRotated<type>) {
      return {decode<type>, nullptr, decode_rotated<type>};
    } else {
      return {decode<type>, nullptr, nullptr};
    }
  }

  static constexpr Kernels table(std::string_view name) {
    return {.name = name,
            .formats =
                {
#define QUANT(id, code, values, bytes) format<QuantType::id>(),
#include "engine/quant/quant_types.def"
#undef QUANT
                },
            .products = KernelsBody::products,
            .mix = mix,
            .exponentials = exponentials,
            .rms_norm = rms_norm,
            .gate = gate,
            .add = add};
  }
};

}  // namespace glim::cpu
