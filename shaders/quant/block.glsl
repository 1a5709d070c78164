// What the formats of this folder share. A format's file has the name of its header in engine/quant and defines
//   QUANT_VALUES   values per block
//   QUANT_RUN      values that decode_run() gives at once; divides QUANT_VALUES
//   QUANT_ALIGN    alignment of a block in bytes
//   struct Block   one block, bytes as in the file
//   QUANT_ROW      after the struct: the type BlockRow, a row of blocks in memory
//   decode_run(row, block, run, v)   values [run * QUANT_RUN, ...) of a block
//   encode_block(row, block, v)      where the KV cache may have the format, under QUANT_ENCODE
// Products are exact and sums round once, as in engine/quant, so that the values are the same bits.

#include "shaders/quant/tables.args.h"

layout(buffer_reference, scalar, buffer_reference_align = 4) readonly buffer Tables { QuantTables t; };
#define TABLES Tables(args.tables).t

#ifdef QUANT_ENCODE
#define QUANT_ROW \
  layout(buffer_reference, scalar, buffer_reference_align = QUANT_ALIGN) buffer BlockRow { Block blocks[]; };
#else
#define QUANT_ROW                                                                           \
  layout(buffer_reference, scalar, buffer_reference_align = QUANT_ALIGN) readonly buffer BlockRow { \
    Block blocks[];                                                                         \
  };
#endif

#define BLOCK row.blocks[block]

float from_f16(uint16_t bits) { return unpackHalf2x16(uint(bits)).x; }

// To nearest, ties to even; packHalf2x16 may round either way.
uint16_t to_f16(float value) {
  const uint bits = floatBitsToUint(value), sign = (bits >> 16) & 0x8000u, magnitude = bits & 0x7fffffffu;
  if (magnitude > 0x7f800000u) return uint16_t(sign | 0x7e00u);
  if (magnitude >= 0x47800000u) return uint16_t(sign | 0x7c00u);
  if (magnitude >= 0x38800000u) {
    const uint rebased = magnitude - 0x38000000u;
    return uint16_t(sign | ((rebased + 0xfffu + ((rebased >> 13) & 1u)) >> 13));
  }
  if (magnitude < 0x33000000u) return uint16_t(sign);
  const uint fraction = (magnitude & 0x7fffffu) | 0x800000u, shift = 126u - (magnitude >> 23);
  return uint16_t(sign | ((fraction + (1u << (shift - 1)) - 1u + ((fraction >> shift) & 1u)) >> shift));
}

// 2^(e - 128)
float half_power_of_two(uint e) { return uintBitsToFloat(e < 2u ? 0x00200000u << e : (e - 1u) << 23); }

// Half of the unsigned E4M3 number.
float half_e4m3(uint e) {
  if (e > 0x7eu) return 0.0;
  if (e < 8u) return float(e) * uintBitsToFloat(0x3a800000u);
  return float(8u + (e & 7u)) * uintBitsToFloat((e / 8u + 116u) << 23);
}

// Eight signs from seven bits: the eighth makes the number of negative ones even.
uint sign_mask(uint code) {
  const uint low = code & 127u;
  return low | (uint(bitCount(low)) & 1u) << 7;
}

// v[i] = step * value i of the point, negated where bit i of `signs` is set.
#define WRITE_POINT(low, high, signs, step)                                                  \
  for (uint i = 0u; i < 8u; ++i) {                                                           \
    const float value = (step) * float(((i < 4u ? (low) : (high)) >> (8u * (i & 3u))) & 255u); \
    v[i] = (((signs) >> i) & 1u) != 0u ? -value : value;                                     \
  }

// v[i] = step * (value i of the point + shift)
#define WRITE_SHIFTED_POINT(low, high, shift, step)                                                       \
  for (uint i = 0u; i < 8u; ++i) {                                                                        \
    v[i] = (step) * (float(bitfieldExtract(int(i < 4u ? (low) : (high)), 8 * int(i & 3u), 8)) + (shift)); \
  }

bool not_finite(float value) { return (floatBitsToUint(value) & 0x7f800000u) == 0x7f800000u; }
#define INFINITE uintBitsToFloat(0x7f800000u)
#define NOT_A_NUMBER uintBitsToFloat(0x7fc00000u)
