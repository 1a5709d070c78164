#include <array>

#include "engine/quantize/recipe_rules.h"

namespace glim {
namespace {

using enum QuantType;
constexpr Places kLatent = place::attn_q_a | place::attn_k_b | place::attn_v_b;

constexpr std::array kRules = {
    // The two ends.
    Rule{"Q8_0", place::output, blocks::all, needs::nothing, q8_0},
    Rule{"", place::output, blocks::all, needs::uneven, q8_0},
    Rule{"IQ2_M IQ2_S IQ2_XS IQ2_XXS IQ3_XXS", place::output, blocks::all, needs::nothing, q5_k},
    Rule{"", place::output, blocks::all, needs::nothing, q6_k},
    Rule{"IQ2_M IQ2_S IQ3_XXS", place::token_embd, blocks::all, needs::nothing, iq3_s},
    Rule{"IQ2_XS IQ2_XXS", place::token_embd, blocks::all, needs::nothing, q2_k},

    // The smallest files.
    Rule{"IQ2_M", place::routed, blocks::outer_of_name, needs::nothing, iq3_xxs},
    Rule{"IQ2_S IQ2_XS", place::routed, blocks::outer_of_name, needs::nothing, iq2_s},
    Rule{"IQ2_XXS", place::routed, blocks::outer_of_name, needs::nothing, iq2_xs},
    Rule{"IQ2_M", place::routed, blocks::all, needs::nothing, iq2_xs},
    Rule{"IQ2_S IQ2_XS", place::routed, blocks::all, needs::nothing, iq2_xxs},
    Rule{"IQ2_XXS", place::routed, blocks::all, needs::nothing, iq1_m},
    Rule{"IQ2_M IQ2_S IQ2_XS IQ2_XXS", place::shared, blocks::more_of_name, needs::nothing, q6_k},
    Rule{"IQ2_M IQ2_S IQ2_XS IQ2_XXS", place::attn_kv_a | place::attn_q_a, blocks::all, needs::nothing, q4_k},
    Rule{"IQ2_M IQ2_S", place::attn_q_b, blocks::all, needs::nothing, iq3_s},
    Rule{"IQ2_XS IQ2_XXS", place::attn_q_b, blocks::all, needs::nothing, q2_k},
    Rule{"IQ2_M IQ2_S", place::attn_output, blocks::all, needs::nothing, q5_k},
    Rule{"IQ2_XS IQ2_XXS", place::attn_output, blocks::all, needs::nothing, q4_k},
    Rule{"IQ2_M IQ2_S IQ2_XS IQ2_XXS", place::down, blocks::first_16th, needs::nothing, q6_k},
    Rule{"IQ2_M IQ2_S IQ2_XS IQ2_XXS", place::gate | place::up, blocks::all, needs::nothing, q4_k},
    Rule{"IQ2_M", place::everywhere, blocks::all, needs::nothing, iq2_s},
    Rule{"IQ2_S IQ2_XS", place::everywhere, blocks::all, needs::nothing, iq2_xs},
    Rule{"IQ2_XXS", place::everywhere, blocks::all, needs::nothing, iq2_xxs},

    // Attention.
    Rule{"", place::attn_kv_a, blocks::all, needs::nothing, q8_0},
    Rule{"Q2_K Q3_K_S Q3_K_M Q3_K_L Q4_K_S", kLatent, blocks::all, needs::nothing, q5_k},
    Rule{"Q2_K Q3_K_S Q3_K_M Q3_K_L Q4_K_S", place::attn_q_b, blocks::all, needs::nothing, q4_k},
    Rule{"IQ3_XXS IQ3_XS IQ3_S IQ3_M", kLatent | place::attn_q_b, blocks::all, needs::nothing, iq4_xs},
    Rule{"Q4_K_M Q5_K_S", kLatent, blocks::all, needs::nothing, q6_k},
    Rule{"Q4_K_M Q5_K_S", place::attn_q_b, blocks::all, needs::nothing, q5_k},
    Rule{"Q5_K_M", kLatent, blocks::all, needs::nothing, q8_0},
    Rule{"Q5_K_M", place::attn_q_b, blocks::all, needs::nothing, q6_k},
    Rule{"Q6_K", kLatent | place::attn_q_b, blocks::all, needs::nothing, q8_0},
    Rule{"Q2_K IQ3_XXS IQ3_XS IQ3_S IQ3_M Q3_K_S Q3_K_M IQ4_NL IQ4_XS Q4_K_S Q4_K_M", place::attn_output,
         blocks::all, needs::nothing, q5_k},

    // The shared expert.
    Rule{"", place::shared, blocks::more_of_name, needs::nothing, q8_0},
    Rule{"IQ3_XXS IQ3_XS IQ3_S IQ3_M", place::shared, blocks::all, needs::nothing, iq4_xs},
    Rule{"Q2_K", place::shared, blocks::all, needs::nothing, q4_k},
    Rule{"Q3_K_S Q3_K_M Q3_K_L Q4_K_S", place::shared, blocks::all, needs::nothing, q5_k},
    Rule{"Q4_0", place::shared, blocks::all, needs::nothing, q5_0},
    Rule{"Q4_1", place::shared, blocks::all, needs::nothing, q5_1},
    Rule{"Q4_K_M Q5_K_S", place::shared, blocks::all, needs::nothing, q6_k},
    Rule{"Q5_K_M Q6_K Q8_0", place::shared, blocks::all, needs::nothing, q8_0},

    // Routed experts.
    Rule{"IQ3_XS", place::gate_exps | place::up_exps, blocks::middle, needs::nothing, iq3_xxs},
    Rule{"Q2_K", place::down_exps, blocks::more_of_name, needs::nothing, q3_k},
    Rule{"Q3_K_M IQ3_M", place::down_exps, blocks::more_of_name, needs::nothing, q4_k},
    Rule{"Q3_K_L Q4_K_S", place::down_exps, blocks::more_of_name, needs::nothing, q5_k},
    Rule{"Q4_K_M Q5_K_M", place::down_exps, blocks::more_of_name, needs::nothing, q6_k},
    Rule{"IQ3_XS IQ3_XXS", place::down_exps, blocks::more_of_name, needs::nothing, iq3_s},
    Rule{"Q4_0", place::down_exps, blocks::more_of_name, needs::nothing, q4_1},
};

constexpr std::array kFallbacks = {
    Fallback{iq1_s, iq4_nl}, Fallback{iq1_m, iq4_nl},   Fallback{iq2_xxs, iq4_nl}, Fallback{iq2_xs, iq4_nl},
    Fallback{iq2_s, iq4_nl}, Fallback{iq3_xxs, iq4_nl}, Fallback{iq3_s, iq4_nl},   Fallback{iq4_xs, iq4_nl},
    Fallback{q2_k, iq4_nl},  Fallback{q3_k, iq4_nl},    Fallback{q4_k, q5_0},      Fallback{q5_k, q5_1},
    Fallback{q6_k, q8_0},
};

}  // namespace

std::span<const Rule> bartowski_rules() {
  return kRules;
}
std::span<const Fallback> bartowski_fallbacks() {
  return kFallbacks;
}
std::string_view bartowski_file_types() {
  return "F32 F16 BF16 Q8_0 Q6_K Q5_K_M Q5_K_S Q4_1 Q4_K_M Q4_K_S Q4_0 IQ4_NL IQ4_XS Q3_K_L Q3_K_M IQ3_M "
         "Q3_K_S IQ3_S "
         "IQ3_XS IQ3_XXS Q2_K IQ2_M IQ2_S IQ2_XS IQ2_XXS";
}

}  // namespace glim
