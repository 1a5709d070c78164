#pragma once

#include <span>

#include "engine/quant/bf16.h"
#include "engine/quant/f16.h"
#include "engine/quant/f32.h"
#include "engine/quant/q1_0.h"
#include "engine/quant/q8_0.h"
#include "engine/quant/tq1_0.h"
#include "engine/quant/tq2_0.h"
#include "engine/quantize/block_rows.h"

/// Formats that only round: floats, Q8_0, one bit and ternary.
namespace glim::encoding {
namespace {

inline void encode_f32_row(const EncodeRow& row, std::byte* out) {
  if (!row.in.empty()) std::memcpy(out, row.in.data(), row.in.size_bytes());
}

/// As f32_to_bf16.
inline Ints to_bf16_bits(Floats v) {
  const Ints bits = reinterpret_cast<Ints>(v);
  const Ints high = (bits >> 16) & 0xffff;
  // The sum may pass the sign bit, as unsigned numbers may.
  using Words = std::uint32_t __attribute__((vector_size(4 * kLanes)));
  const Words words = reinterpret_cast<Words>(bits);
  const Words rounded = (words + 0x7fffu + ((words >> 16) & 1u)) >> 16;
  return select((bits & 0x7fffffff) > 0x7f800000, high | 0x40, reinterpret_cast<Ints>(rounded));
}

/// Two bytes per value.
template <class ToBits>
void encode_halves(const EncodeRow& row, std::byte* out, ToBits to_bits) {
  const float* in = row.in.data();
  const std::size_t size = row.in.size(), whole = size - size % kLanes;
  for (std::size_t at = 0; at < whole; at += kLanes) store_halves(to_bits(load(in + at)), out + 2 * at);
  if (whole == size) return;
  float rest[kLanes] = {};
  std::memcpy(rest, in + whole, (size - whole) * sizeof(float));
  std::uint16_t halves[kLanes];
  store_halves(to_bits(load(rest)), halves);
  std::memcpy(out + 2 * whole, halves, 2 * (size - whole));
}
inline void encode_f16_row(const EncodeRow& row, std::byte* out) {
  encode_halves(row, out, [](Floats v) { return to_f16_bits(v); });
}
inline void encode_bf16_row(const EncodeRow& row, std::byte* out) {
  encode_halves(row, out, [](Floats v) { return to_bf16_bits(v); });
}

/// As Quant<q8_0>::encode: a block with a value that is not finite gets a scale that is not finite.
inline void encode_q8_0_block(const float* x, Quant<QuantType::q8_0>::Block& block) {
  Ints largest{};
  for (int i = 0; i < 32; i += kLanes) {
    const Ints size =
        reinterpret_cast<Ints>(magnitude(load(x + i)));  // as whole numbers NaNs are the largest
    largest = select(size > largest, size, largest);
  }
  std::int32_t top = 0;
  for (int lane = 0; lane < kLanes; ++lane) top = largest[lane] > top ? largest[lane] : top;
  const Floats d = reinterpret_cast<Floats>(splat(top)) / 127.0f, reciprocal = 1.0f / d;
  block.d = half_of(to_f16_bits(d), 0);
  const bool finite = top < 0x7f800000;
  const Floats inverse = select(magnitude(reciprocal) <= 0x1.fffffep127f, reciprocal, Floats{});
  for (int i = 0; i < 32; i += kLanes) {
    const Ints codes = nearest_away(load(x + i) * inverse, -127, 127);
    for (int lane = 0; lane < kLanes; ++lane)
      block.q[i + lane] = finite ? static_cast<std::int8_t>(codes[lane]) : std::int8_t{1};
  }
}

inline void encode_q8_0_row(const EncodeRow& row, std::byte* out) {
  using Block = Quant<QuantType::q8_0>::Block;
  for (std::size_t at = 0; at < row.in.size(); at += 32, out += sizeof(Block)) {
    Block block;
    encode_q8_0_block(row.in.data() + at, block);
    std::memcpy(out, &block, sizeof block);
  }
}

/// Signs and their mean magnitude.
struct Q1Blocks {
  using Block = Quant<QuantType::q1_0>::Block;
  static constexpr int kValues = 128;

  static void encode(const BlockTile& in, Block* blocks) {
    Floats x[kValues], sum{};
    in.load<kValues>(x);
    for (const Floats& value : x) sum += magnitude(value);
    const Ints d = to_f16_bits(sum / static_cast<float>(kValues));
    for (int lane = 0; lane < in.live; ++lane) blocks[lane].d = half_of(d, lane);
    for (int byte = 0; byte < kValues / 8; ++byte) {
      Ints bits{};
      for (int i = 0; i < 8; ++i) bits |= (x[8 * byte + i] >= 0.0f) & (1 << i);
      for (int lane = 0; lane < in.live; ++lane)
        blocks[lane].qs[byte] = static_cast<std::uint8_t>(bits[lane]);
    }
  }
};

/// -1, 0 or 1 times the largest magnitude, as codes 0 to 2.
struct Trits {
  Ints codes[256];
  Ints d;  ///< f16

  explicit Trits(const BlockTile& in) {
    Floats x[256], largest{};
    in.load<256>(x);
    for (const Floats& value : x) largest = larger(magnitude(value), largest);
    const Floats inverse = select(largest > 0.0f, 1.0f / largest, Floats{});
    for (int i = 0; i < 256; ++i) codes[i] = nearest_away(x[i] * inverse, -1, 1) + 1;
    d = to_f16_bits(largest);
  }
};

struct TQ1 {
  using Block = Quant<QuantType::tq1_0>::Block;
  static constexpr int kValues = 256;

  static void encode(const BlockTile& in, Block* blocks) {
    const Trits trits(in);
    for (int lane = 0; lane < in.live; ++lane) {
      Block& block = blocks[lane];
      block.d = half_of(trits.d, lane);
      pack(trits.codes, lane, {block.qs, 32, 5});
      pack(trits.codes + 160, lane, {block.qs + 32, 16, 5});
      pack(trits.codes + 240, lane, {block.qh, 4, 4});
    }
  }

 private:
  struct Run {
    std::uint8_t* bytes;
    int count, trits;
  };
  /// A byte is the fraction whose digits in base 3 are the trits, rounded up to a multiple of 1/256.
  static void pack(const Ints* codes, int lane, const Run& run) {
    for (int i = 0; i < run.count; ++i) {
      int digits = 0;
      for (int n = 0; n < 5; ++n) digits = 3 * digits + (n < run.trits ? codes[n * run.count + i][lane] : 0);
      run.bytes[i] = static_cast<std::uint8_t>((digits * 256 + 242) / 243);
    }
  }
};

struct TQ2 {
  using Block = Quant<QuantType::tq2_0>::Block;
  static constexpr int kValues = 256;

  static void encode(const BlockTile& in, Block* blocks) {
    const Trits trits(in);
    for (int i = 0; i < 64; ++i) {
      const Ints* run = trits.codes + 128 * (i / 32) + i % 32;
      const Ints byte = run[0] | run[32] << 2 | run[64] << 4 | run[96] << 6;
      for (int lane = 0; lane < in.live; ++lane) blocks[lane].qs[i] = static_cast<std::uint8_t>(byte[lane]);
    }
    for (int lane = 0; lane < in.live; ++lane) blocks[lane].d = half_of(trits.d, lane);
  }
};

}  // namespace
}  // namespace glim::encoding
