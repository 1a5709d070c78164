// formats: weights
// x[t] += sum over the chosen experts, in their order, of weight * down[e] . hidden, and the shared expert where
// its matrix has the same format. Workgroups in x and y: groups of kRows rows; in z: tokens.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "shaders/language.glsl"
#include "shaders/expert_down.args.h"
layout(push_constant, scalar) uniform Push { ExpertDownArgs args; };
#include "quant.glsl"
#include "shaders/memory.glsl"
#include "shaders/reduce.glsl"
#include "shaders/products.glsl"  // with kTokens 1

void add_matrix(uint64_t matrix, uint first, uint64_t input_row, uint cols, float factor) {
  uint64_t rows[kRows], x[kTokens];
  for (uint r = 0u; r < kRows; ++r) {
    rows[r] = matrix + uint64_t(min(first + r, args.width - 1u)) * (cols / QUANT_VALUES) * QUANT_BYTES;
  }
  for (uint t = 0u; t < kTokens; ++t) x[t] = input_row;
  add_products(rows, x, 0ul, cols, factor);
}

void main() {
  const uint first = (gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x) * kRows, t = gl_WorkGroupID.z;
  if (first >= args.width) return;
  clear_products();
  for (uint a = 0u; a < args.choices; ++a) {
    const uint pair = t * args.choices + a, expert = uint(Ints(args.chosen).v[pair]);
    const uint64_t matrix =
        args.down + uint64_t(expert) * args.pitch * (args.hidden_width / QUANT_VALUES) * QUANT_BYTES;
    const float factor = Floats(args.weight).v[pair] * scale_of(args.scales, expert);
    add_matrix(matrix, first, args.hidden + uint64_t(pair) * args.hidden_width * 4u, args.hidden_width, factor);
  }
  if (args.shared_down != 0ul) {
    add_matrix(args.shared_down, first, args.shared_hidden + uint64_t(t) * args.shared_width * 4u, args.shared_width,
               scale_of(args.shared_scales, 0u));
  }
  finish_products();
  for (uint r = gl_LocalInvocationID.x; r < kRows; r += gl_WorkGroupSize.x) {
    if (first + r < args.width) {
      Floats(args.x + uint64_t(t) * args.width * 4u).v[first + r] += product[r * kTokens];
    }
  }
}
