#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "engine/quant/quant_type.h"

namespace glim {

/// Where a tensor stands in a model, as bits so that a rule may name several places.
using Places = std::uint32_t;
namespace place {
inline constexpr Places output = 1u << 0, token_embd = 1u << 1, attn_qkv = 1u << 2, attn_kv_b = 1u << 3,
                        attn_v = 1u << 4, attn_k = 1u << 5, attn_q = 1u << 6, attn_output = 1u << 7,
                        attn_kv_a = 1u << 8, attn_q_a = 1u << 9, attn_q_b = 1u << 10, attn_k_b = 1u << 11,
                        attn_v_b = 1u << 12, up = 1u << 13, up_exps = 1u << 14, up_shexp = 1u << 15,
                        gate = 1u << 16, gate_exps = 1u << 17, gate_shexp = 1u << 18, down = 1u << 19,
                        down_exps = 1u << 20, down_shexp = 1u << 21, other = 1u << 22;
inline constexpr Places any_up = up | up_exps | up_shexp, any_gate = gate | gate_exps | gate_shexp,
                        any_down = down | down_exps | down_shexp, routed = up_exps | gate_exps | down_exps,
                        shared = up_shexp | gate_shexp | down_shexp, everywhere = ~Places{0};
}  // namespace place

/// Which blocks of a model, as bits of which one must hold; none set: all. With i the block, n the number of
/// blocks, k the tensor's place among those of the same name and m their number (divisions round down):
using Blocks = std::uint32_t;
namespace blocks {
inline constexpr Blocks all = 0,
                        first_16th = 1u << 0,  ///< i < n/16
    first_8th = 1u << 1,                       ///< i < n/8
    first_half = 1u << 2,                      ///< i < n/2
    second_half = 1u << 3,                     ///< i >= n/2
    last_third = 1u << 4,                      ///< i >= 2n/3
    last_quarter = 1u << 5,                    ///< i >= 3n/4
    last_8th = 1u << 6,                        ///< i >= 7n/8
    middle = 1u << 7,                          ///< n/8 <= i < 7n/8
    more = 1u << 8,                            ///< i < n/8, i >= 7n/8, or every third between
    more_of_name = 1u << 9,                    ///< the same for k and m
    outer_of_name = 1u << 10,                  ///< k < m/8 or k > 7m/8
    first_two_of_name = 1u << 11,              ///< k < 2
    first_four_of_name = 1u << 12,             ///< k < 4
    first_downs = 1u << 13;                    ///< fewer than n/8 down projections of any name before
}  // namespace blocks

/// What else must be true of model, tensor and run; all of the bits.
using Needs = std::uint32_t;
namespace needs {
inline constexpr Needs nothing = 0, importance = 1u << 0, no_importance = 1u << 1,
                       grouped = 1u << 2,            ///< at least four heads share keys and values
    four_experts = 1u << 3,                          ///< at least
    eight_experts = 1u << 4,                         ///< exactly
    not_eight_experts = 1u << 5, stacked = 1u << 6,  ///< several matrices in one tensor
    uneven = 1u << 7;  ///< rows are no whole number of the default type's blocks
}  // namespace needs

/// The first rule of a book that fits decides; without one it is the file type's default.
struct Rule {
  std::string_view file_types;  ///< names with blanks between them; empty: all
  Places places;
  Blocks blocks;
  Needs needs;
  QuantType type;
};

std::span<const Rule> llama_cpp_rules();
std::span<const Rule> bartowski_rules();
/// File types that the second book knows, with blanks between them.
std::string_view bartowski_file_types();

/// What a type becomes where rows are no whole number of its blocks.
struct Fallback {
  QuantType from, to;
};
std::span<const Fallback> llama_cpp_fallbacks();
std::span<const Fallback> bartowski_fallbacks();

}  // namespace glim
