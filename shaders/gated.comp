// formats: weights
// y = silu(gate . x) * (up . x), of one matrix each or of chosen experts, optionally with x rms-normed first.
// Workgroups in x and y: groups of kRows rows; in z: kTokens tokens, or one choice of one token, or tiles of
// tokens that chose the same.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "shaders/language.glsl"
#include "shaders/gated.args.h"
layout(push_constant, scalar) uniform Push { GatedArgs args; };
#include "quant.glsl"
#include "shaders/memory.glsl"
#include "shaders/reduce.glsl"
#include "shaders/products.glsl"
#include "shaders/tiles.glsl"

void main() {
  const uint first = (gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x) * kRows;
  if (first >= args.rows) return;
  const uint blocks = args.cols / QUANT_VALUES, token = gl_WorkGroupID.z * kTokens;
  uint matrix = 0u, first_input = token, inputs = args.tokens * args.choices - token;
  if (args.order != 0ul) {
    const Tile tile = Tiles(address_or(args.chosen, args.x)).tile[gl_WorkGroupID.z];
    matrix = tile.matrix, first_input = tile.first, inputs = tile.count;
    if (inputs == 0u) return;
  } else if (args.chosen != 0ul) {
    matrix = uint(Ints(address_or(args.chosen, args.x)).v[token]);
  }
  uint64_t gate[kRows], up[kRows], x[kTokens];
  uint result[kTokens];
  float inverse[kTokens], g[kRows * kTokens];
  for (uint r = 0u; r < kRows; ++r) {
    const uint row = min(first + r, args.rows - 1u);
    gate[r] = args.gate + (uint64_t(matrix) * args.gate_pitch + row) * blocks * QUANT_BYTES;
    up[r] = args.up + (uint64_t(matrix) * args.up_pitch + row) * blocks * QUANT_BYTES;
  }
  for (uint t = 0u; t < kTokens; ++t) {
    const uint place = first_input + min(t, inputs - 1u);
    result[t] = args.order != 0ul ? uint(Ints(address_or(args.order, args.x)).v[place]) : place;
    x[t] = args.x + uint64_t(result[t] / args.choices) * args.cols * 4u;
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
    if (row >= args.rows || t >= inputs) continue;
    Floats(args.y + uint64_t(result[t]) * args.rows * 4u).v[row] = g[i] * product[i] * inverse[t];
  }
}
