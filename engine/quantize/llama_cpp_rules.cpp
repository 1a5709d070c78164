#include <array>

#include "engine/quantize/recipe_rules.h"

namespace glim {
namespace {

using enum QuantType;
constexpr Places kPlainKv = place::attn_v | place::attn_k;

constexpr std::array kRules = {
    // The head.
    Rule{"", place::output, blocks::all, needs::uneven, q8_0},
    Rule{"Q8_0 MXFP4_MOE Q8_0_ROCMFPX_AGENT", place::output, blocks::all, needs::nothing, q8_0},
    Rule{"IQ3_XXS IQ2_M IQ2_S IQ2_XS IQ2_XXS IQ1_M IQ1_S", place::output, blocks::all, needs::nothing, q5_k},
    Rule{"Q4_0_ROCMFP4_LEAN Q4_0_ROCMFP4_COHERENT", place::output, blocks::all, needs::nothing, q4_0_rocmfp4},
    Rule{"Q4_0_ROCMFP4_FAST Q4_0_ROCMFP4_FAST_COHERENT Q4_0_ROCMFP4_STRIX Q4_0_ROCMFP4_STRIX_LEAN "
         "Q3_0_ROCMFPX",
         place::output, blocks::all, needs::nothing, q4_0_rocmfp4_fast},
    Rule{"Q6_0_ROCMFPX Q3_0_ROCMFPX_AGENT Q6_0_ROCMFPX_STRIX_LEAN Q6_0_ROCMFPX_STRIX_SPEED", place::output,
         blocks::all, needs::nothing, q6_0_rocmfpx},
    Rule{"Q8_0_ROCMFPX Q6_0_ROCMFPX_AGENT Q6_0_ROCMFPX_STRIX_QUALITY", place::output, blocks::all,
         needs::nothing, q8_0_rocmfpx},
    Rule{"", place::output, blocks::all, needs::nothing, q6_k},

    // The embedding.
    Rule{"IQ3_XXS IQ2_M IQ2_S", place::token_embd, blocks::all, needs::nothing, iq3_s},
    Rule{"IQ2_XS IQ2_XXS IQ1_M IQ1_S", place::token_embd, blocks::all, needs::nothing, q2_k},
    Rule{"TQ1_0 TQ2_0", place::token_embd, blocks::all, needs::nothing, q4_k},
    Rule{"Q4_0_ROCMFP4_LEAN Q4_0_ROCMFP4_STRIX_LEAN", place::token_embd, blocks::all, needs::nothing, q5_k},
    Rule{"Q4_0_ROCMFP4_COHERENT Q4_0_ROCMFP4_FAST_COHERENT Q4_0_ROCMFP4_STRIX", place::token_embd,
         blocks::all, needs::nothing, q6_k},
    Rule{"Q3_0_ROCMFPX", place::token_embd, blocks::all, needs::nothing, q4_0_rocmfp4_fast},
    Rule{"Q3_0_ROCMFPX_AGENT Q6_0_ROCMFPX_STRIX_LEAN Q6_0_ROCMFPX_STRIX_SPEED", place::token_embd,
         blocks::all, needs::nothing, q6_0_rocmfpx},
    Rule{"Q6_0_ROCMFPX_AGENT Q6_0_ROCMFPX_STRIX_QUALITY", place::token_embd, blocks::all, needs::nothing,
         q8_0_rocmfpx},
    Rule{"Q8_0_ROCMFPX_AGENT", place::token_embd, blocks::all, needs::nothing, q8_0},

    // Every stack of matrices, whatever it is for.
    Rule{"MXFP4_MOE", place::everywhere, blocks::all, needs::stacked, mxfp4},

    // Attention of the smallest files.
    Rule{"IQ2_M IQ2_S IQ2_XS IQ2_XXS IQ1_M IQ1_S", place::attn_v, blocks::all, needs::grouped, q4_k},
    Rule{"IQ2_M IQ2_S IQ2_XS IQ2_XXS IQ1_M IQ1_S", place::attn_v, blocks::all, needs::four_experts, q4_k},
    Rule{"IQ2_M IQ2_S", place::attn_v, blocks::all, needs::nothing, iq3_s},
    Rule{"IQ2_XS IQ2_XXS IQ1_M IQ1_S", place::attn_v, blocks::all, needs::nothing, q2_k},
    Rule{"IQ2_M IQ2_S IQ2_XS IQ2_XXS IQ1_M IQ1_S", place::attn_k, blocks::all, needs::eight_experts, q4_k},
    Rule{"IQ2_M IQ2_S IQ2_XS IQ2_XXS IQ1_M IQ1_S", place::attn_output, blocks::all, needs::eight_experts,
         q5_k},
    Rule{"IQ1_M IQ1_S", place::attn_output, blocks::all, needs::nothing, iq2_xxs},
    Rule{"IQ2_M IQ2_S", place::attn_output, blocks::all, needs::nothing, iq3_s},

    // Presets for Strix Halo.
    Rule{"Q4_0_ROCMFP4", place::attn_v, blocks::all, needs::nothing, q5_k},
    Rule{"Q4_0_ROCMFP4_STRIX Q4_0_ROCMFP4_STRIX_LEAN", kPlainKv, blocks::all, needs::nothing, q4_0_rocmfp4},
    Rule{"Q3_0_ROCMFPX", kPlainKv, blocks::first_half, needs::nothing, q5_k},
    Rule{"Q3_0_ROCMFPX", kPlainKv, blocks::all, needs::nothing, q4_k},
    Rule{"Q3_0_ROCMFPX", place::attn_q | place::attn_output, blocks::all, needs::nothing, q5_k},
    Rule{"Q3_0_ROCMFPX_AGENT", kPlainKv, blocks::first_half, needs::nothing, q6_k},
    Rule{"Q3_0_ROCMFPX_AGENT", kPlainKv, blocks::all, needs::nothing, q5_k},
    Rule{"Q3_0_ROCMFPX_AGENT", place::attn_q | place::attn_output, blocks::all, needs::nothing, q6_k},
    Rule{"Q6_0_ROCMFPX", kPlainKv | place::attn_output, blocks::first_16th, needs::nothing, q8_0_rocmfpx},
    Rule{"Q6_0_ROCMFPX_AGENT", kPlainKv | place::attn_output, blocks::first_8th | blocks::more,
         needs::nothing, q8_0_rocmfpx},
    Rule{"Q8_0_ROCMFPX_AGENT", kPlainKv | place::attn_output,
         blocks::first_8th | blocks::more | blocks::second_half, needs::nothing, q8_0},
    Rule{"Q6_0_ROCMFPX_STRIX_LEAN Q6_0_ROCMFPX_STRIX_SPEED", kPlainKv | place::attn_output, blocks::all,
         needs::nothing, q6_0_rocmfpx},
    Rule{"Q6_0_ROCMFPX_STRIX_QUALITY", kPlainKv | place::attn_output, blocks::all, needs::nothing,
         q8_0_rocmfpx},
    Rule{"Q4_0_ROCMFP4", place::attn_output, blocks::all, needs::nothing, q5_k},

    // Attention of the rest.
    Rule{"Q2_K Q2_K_S Q3_K_S Q3_K_M Q3_K_L IQ3_XXS IQ3_XS IQ3_S IQ3_M IQ4_NL IQ4_XS Q4_0 Q4_1 Q4_K_S Q4_K_M "
         "Q5_0 Q5_1 Q5_K_S Q5_K_M Q6_K TQ1_0 TQ2_0",
         kPlainKv, blocks::all, needs::eight_experts, q8_0},
    Rule{"Q2_K Q2_K_S IQ3_XXS IQ3_XS IQ3_S", place::attn_v, blocks::all, needs::grouped, q4_k},
    Rule{"Q2_K", place::attn_v, blocks::all, needs::nothing, q3_k},
    Rule{"IQ3_XXS", place::attn_v, blocks::all, needs::no_importance, iq3_s},
    Rule{"IQ3_M", place::attn_v, blocks::all, needs::nothing, q4_k},
    Rule{"Q3_K_M", place::attn_v, blocks::first_two_of_name, needs::nothing, q5_k},
    Rule{"Q3_K_M", place::attn_v, blocks::all, needs::nothing, q4_k},
    Rule{"Q3_K_L", place::attn_v, blocks::all, needs::nothing, q5_k},
    Rule{"IQ4_NL IQ4_XS", place::attn_v, blocks::all, needs::grouped, q5_k},
    Rule{"Q4_K_M Q5_K_M", place::attn_v, blocks::more_of_name, needs::nothing, q6_k},
    Rule{"Q4_K_S", place::attn_v, blocks::first_four_of_name, needs::nothing, q5_k},
    Rule{"IQ3_XS", place::attn_k | place::attn_q, blocks::all, needs::nothing, iq3_xxs},
    Rule{"IQ3_XXS", place::attn_k | place::attn_q, blocks::all, needs::nothing, iq2_s},
    Rule{"Q2_K Q3_K_S Q3_K_M IQ3_XXS IQ3_XS IQ3_S IQ3_M IQ4_NL IQ4_XS Q4_K_S Q4_K_M", place::attn_output,
         blocks::all, needs::eight_experts, q5_k},
    Rule{"Q2_K", place::attn_output, blocks::all, needs::nothing, q3_k},
    Rule{"IQ3_XXS", place::attn_output, blocks::all, needs::nothing, iq3_s},
    Rule{"Q3_K_M IQ3_M", place::attn_output, blocks::all, needs::nothing, q4_k},
    Rule{"Q3_K_L", place::attn_output, blocks::all, needs::not_eight_experts, q5_k},
    Rule{"Q3_K_M Q3_K_L IQ3_M", place::attn_qkv, blocks::all, needs::nothing, q4_k},
    Rule{"Q4_K_M", place::attn_qkv, blocks::all, needs::nothing, q5_k},
    Rule{"Q5_K_M", place::attn_qkv, blocks::all, needs::nothing, q6_k},

    // Down projections.
    Rule{"IQ2_M IQ2_S", place::any_down, blocks::first_downs, needs::nothing, iq3_s},
    Rule{"IQ2_XS IQ2_XXS IQ1_M IQ1_S", place::any_down, blocks::first_downs, needs::nothing, q2_k},
    Rule{"Q2_K", place::any_down, blocks::all, needs::nothing, q3_k},
    Rule{"Q2_K_S", place::any_down, blocks::first_8th, needs::nothing, q4_k},
    Rule{"IQ3_XXS", place::any_down, blocks::first_8th, needs::no_importance, q4_k},
    Rule{"IQ3_XXS", place::any_down, blocks::all, needs::no_importance, q3_k},
    Rule{"Q3_K_M", place::any_down, blocks::first_16th, needs::nothing, q5_k},
    Rule{"Q3_K_M", place::any_down, blocks::all, needs::nothing, q4_k},
    Rule{"Q3_K_L", place::any_down, blocks::all, needs::nothing, q5_k},
    Rule{"IQ3_M", place::any_down, blocks::first_8th, needs::nothing, q4_k},
    Rule{"IQ3_M", place::any_down, blocks::more, needs::eight_experts, q4_k},
    Rule{"Q4_K_M Q5_K_M", place::any_down, blocks::more, needs::nothing, q6_k},
    Rule{"Q4_K_S", place::any_down, blocks::first_8th, needs::nothing, q5_k},
    Rule{"IQ4_NL IQ4_XS", place::any_down, blocks::first_8th, needs::no_importance, q5_k},
    Rule{"Q4_0", place::any_down, blocks::first_8th, needs::importance, q4_1},
    Rule{"Q5_0", place::any_down, blocks::first_8th, needs::importance, q5_1},
    Rule{"Q4_0_ROCMFP4", place::any_down, blocks::last_third, needs::nothing, q5_k},
    Rule{"Q4_0_ROCMFP4", place::any_down, blocks::all, needs::nothing, q6_k},
    Rule{"Q3_0_ROCMFPX", place::any_down, blocks::first_16th | blocks::more | blocks::last_third,
         needs::nothing, q5_k},
    Rule{"Q6_0_ROCMFPX", place::any_down, blocks::first_16th | blocks::last_8th, needs::nothing,
         q8_0_rocmfpx},
    Rule{"Q3_0_ROCMFPX_AGENT", place::any_down, blocks::first_8th | blocks::more | blocks::second_half,
         needs::nothing, q6_k},
    Rule{"Q6_0_ROCMFPX_AGENT Q6_0_ROCMFPX_STRIX_QUALITY", place::any_down,
         blocks::first_8th | blocks::last_quarter | blocks::more, needs::nothing, q8_0_rocmfpx},
    Rule{"Q8_0_ROCMFPX_AGENT", place::any_down, blocks::first_8th | blocks::last_quarter | blocks::more,
         needs::nothing, q8_0},
    Rule{"Q6_0_ROCMFPX_STRIX_LEAN", place::any_down | place::any_gate, blocks::more, needs::nothing,
         q6_0_rocmfpx},

    // Gate and up.
    Rule{"IQ3_XS", place::any_gate | place::any_up, blocks::middle, needs::nothing, iq3_xxs},
    Rule{"Q4_0_ROCMFP4", place::any_gate, blocks::more, needs::nothing, q5_k},
    Rule{"Q3_0_ROCMFPX", place::any_gate, blocks::first_16th | blocks::more, needs::nothing, q6_0_rocmfpx},
    Rule{"Q3_0_ROCMFPX_AGENT", place::any_gate, blocks::all, needs::nothing, q6_0_rocmfpx},
    Rule{"Q3_0_ROCMFPX_AGENT", place::any_up, blocks::first_8th | blocks::last_quarter | blocks::more,
         needs::nothing, q6_0_rocmfpx},
    Rule{"Q6_0_ROCMFPX_AGENT", place::any_gate | place::any_up, blocks::more, needs::nothing, q8_0_rocmfpx},
    Rule{"Q8_0_ROCMFPX_AGENT", place::any_gate | place::any_up, blocks::first_8th | blocks::more,
         needs::nothing, q8_0},
    Rule{"Q6_0_ROCMFPX_STRIX_QUALITY", place::any_gate,
         blocks::first_8th | blocks::last_quarter | blocks::more, needs::nothing, q8_0_rocmfpx},
};

constexpr std::array kFallbacks = {
    Fallback{iq1_s, iq4_nl},
    Fallback{iq1_m, iq4_nl},
    Fallback{iq2_xxs, iq4_nl},
    Fallback{iq2_xs, iq4_nl},
    Fallback{iq2_s, iq4_nl},
    Fallback{iq3_xxs, iq4_nl},
    Fallback{iq3_s, iq4_nl},
    Fallback{iq4_xs, iq4_nl},
    Fallback{q2_k, q4_0},
    Fallback{q3_k, q4_0},
    Fallback{tq1_0, q4_0},
    Fallback{tq2_0, q4_0},
    Fallback{q4_k, q5_0},
    Fallback{q5_k, q5_1},
    Fallback{q6_k, q8_0},
    Fallback{q4_0_rocmfp4, q4_0},
    Fallback{q4_0_rocmfp4_fast, q4_0},
    Fallback{q3_0_rocmfpx, q8_0},
    Fallback{q6_0_rocmfpx, q8_0},
    Fallback{q8_0_rocmfpx, q8_0},
};

}  // namespace

std::span<const Rule> llama_cpp_rules() {
  return kRules;
}
std::span<const Fallback> llama_cpp_fallbacks() {
  return kFallbacks;
}

}  // namespace glim
