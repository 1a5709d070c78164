#pragma once

#include "engine/quantize/k_quants.h"
#include "engine/quantize/legacy_blocks.h"
#include "engine/quantize/rocm_blocks.h"
#include "engine/quantize/rounding.h"
#include "engine/quantize/small_floats.h"
#include "engine/quantize/uneven_levels.h"

namespace glim::encoding {
namespace {

/// The encoders for the instruction set that the including source is compiled for.
constexpr Encoder kScalarEncoders[] = {
    {QuantType::f32, false, encode_f32_row},
    {QuantType::f16, false, encode_f16_row},
    {QuantType::bf16, false, encode_bf16_row},
    {QuantType::q4_0, false, encode_block_row<SignedBlocks<QuantType::q4_0, 8>>},
    {QuantType::q4_1, false, encode_block_row<RangeBlocks<QuantType::q4_1, 15>>},
    {QuantType::q5_0, false, encode_block_row<SignedBlocks<QuantType::q5_0, 16>>},
    {QuantType::q5_1, false, encode_block_row<RangeBlocks<QuantType::q5_1, 31>>},
    {QuantType::q8_0, false, encode_q8_0_row},
    {QuantType::q2_k, false, encode_range_row<Q2K>},
    {QuantType::q3_k, false, encode_signed_row<Q3K>},
    {QuantType::q4_k, false, encode_range_row<Q4K>},
    {QuantType::q5_k, false, encode_range_row<Q5K>},
    {QuantType::q6_k, false, encode_signed_row<Q6K>},
    {QuantType::iq4_nl, false, encode_block_row<IQ4NL>},
    {QuantType::iq4_xs, false, encode_level_row},
    {QuantType::tq1_0, false, encode_block_row<TQ1>},
    {QuantType::tq2_0, false, encode_block_row<TQ2>},
    {QuantType::mxfp4, false, encode_block_row<MXFP4>},
    {QuantType::nvfp4, false, encode_block_row<NVFP4>},
    {QuantType::q1_0, false, encode_block_row<Q1Blocks>},
    {QuantType::q4_0_rocmfp4, false, encode_block_row<RocmFp4<QuantType::q4_0_rocmfp4, 16>>},
    {QuantType::q4_0_rocmfp4_fast, false, encode_block_row<RocmFp4<QuantType::q4_0_rocmfp4_fast, 32>>},
    {QuantType::q6_0_rocmfpx, false, encode_block_row<RocmFp6>},
    {QuantType::q8_0_rocmfpx, false, encode_block_row<RocmFp8>},
    {QuantType::q3_0_rocmfpx, false, encode_block_row<RocmFp3>},
};

}  // namespace
}  // namespace glim::encoding
