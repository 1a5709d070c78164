#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

#include "engine/quant/quant_format.h"
#include "engine/quantize/encoders.h"

namespace glim {

/// The 256 values that share a block of a lattice format.
struct SuperBlock {
  static constexpr int kValues = 256;
  const float* values;
  const float* importance;  ///< null where there is none
  float variance;           ///< the mean square of the values, times a factor of the format
};

/// How an error weighs where no importance is given.
enum class PlainWeight : std::uint8_t { square, square_and_quarter_variance };

/// The weights of the squared errors of `count` values from `first` on: importance * sqrt(variance + x^2), or
/// those of `plain`.
void error_weights(const SuperBlock& block, PlainWeight plain, int first, int count, float* weights);

/// d so that the scales are about d * (2 code + 1) with codes up to `top`; 0 where no scale is above zero.
struct ScaleCodes {
  float d;
  std::uint8_t codes[16];
};
ScaleCodes code_scales(std::span<const float> scales, int top);

/// Encodes a row block by block; encode_block(const SuperBlock&, Block&) gets a block of zero bytes.
template <QuantType type, class EncodeBlock>
void encode_super_blocks(const EncodeRow& row, float variance_factor, std::byte* out,
                         const EncodeBlock& encode_block) {
  using Block = typename Quant<type>::Block;
  static_assert(Quant<type>::kValues == SuperBlock::kValues);
  for (std::size_t at = 0; at < row.in.size(); at += SuperBlock::kValues, out += sizeof(Block)) {
    SuperBlock super{.values = row.in.data() + at,
                     .importance = row.importance.empty() ? nullptr : row.importance.data() + at,
                     .variance = 0};
    for (int i = 0; i < SuperBlock::kValues; ++i) super.variance += super.values[i] * super.values[i];
    super.variance = variance_factor * super.variance / SuperBlock::kValues;
    Block block{};
    encode_block(super, block);
    std::memcpy(out, &block, sizeof block);
  }
}

}  // namespace glim
