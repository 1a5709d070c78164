// formats: weights
// y = silu(gate . x) * (up . x), of one matrix each or of chosen experts, optionally with x rms-normed first.
// Workgroups in x and y: groups of kRows rows; in z: kTokens tokens, or one choice of one token.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "shaders/language.glsl"
#include "shaders/gated.args.h"
layout(push_constant, scalar) uniform Push { GatedArgs args; };
#include "quant.glsl"
#include "shaders/memory.glsl"
#include "shaders/reduce.glsl"
#include "shaders/products.glsl"

void main() {
  const uint first = (gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x) * kRows;
  if (first >= args.rows) return;
  const uint blocks = args.cols / QUANT_VALUES, token = gl_WorkGroupID.z * kTokens;
  const uint matrix = args.chosen == 0ul ? 0u : uint(Ints(args.chosen).v[token]);
  const uint inputs = args.tokens * args.choices;
  uint64_t gate[kRows], up[kRows], x[kTokens];
  float inverse[kTokens], g[kRows * kTokens];
  for (uint r = 0u; r < kRows; ++r) {
    const uint row = min(first + r, args.rows - 1u);
    gate[r] = args.gate + (uint64_t(matrix) * args.gate_pitch + row) * blocks * QUANT_BYTES;
    up[r] = args.up + (uint64_t(matrix) * args.up_pitch + row) * blocks * QUANT_BYTES;
  }
  for (uint t = 0u; t < kTokens; ++t) {
    x[t] = args.x + uint64_t(min(token + t, inputs - 1u) / args.choices) * args.cols * 4u;
    inverse[t] = args.gain == 0ul ? 1.0 : inverse_rms(x[t], args.cols, args.eps);
  }
  clear_products();
  add_products(gate, x, args.gain, args.cols, scale_of(args.gate_scales, matrix));
  finish_products();
  for (uint i = 0u; i < kRows * kTokens; ++i) g[i] = silu(product[i] * inverse[i % kTokens]);
  clear_products();
  add_products(up, x, args.gain, args.cols, scale_of(args.up_scales, matrix));
  finish_products();
  for (uint i = gl_LocalInvocationID.x; i < kRows * kTokens; i += gl_WorkGroupSize.x) {
    const uint row = first + i / kTokens, t = i % kTokens;
    if (row >= args.rows || token + t >= inputs) continue;
    Floats(args.y + uint64_t(token + t) * args.rows * 4u).v[row] = g[i] * product[i] * inverse[t];
  }
}
