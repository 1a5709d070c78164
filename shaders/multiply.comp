// formats: weights
// y[t] = W . x[t] for the matrices of a stack, with what multiply.args.h lists before and after. Workgroups in x
// and y: groups of kRows rows; in z: kTokens tokens times the matrices of the stack, or one entry of the list.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "shaders/language.glsl"
#include "shaders/multiply.args.h"
layout(push_constant, scalar) uniform Push { MultiplyArgs args; };
#include "quant.glsl"
#include "shaders/memory.glsl"
#include "shaders/reduce.glsl"
#include "shaders/products.glsl"
#include "shaders/tiles.glsl"
layout(constant_id = 3) const uint kMode = 0u;

bool mode(uint bit) { return (kMode & bit) != 0u; }

// Row r of the group. Rows that rotate come in pairs, which a group does not tear apart: a head is its unrotated
// rows in groups, then the others.
uint row_of(uint group, uint r) {
  if (!mode(kMultiplyRope)) return group * kRows + r;
  const uint plain = args.head - args.tail, plain_groups = (plain + kRows - 1u) / kRows;
  const uint groups = plain_groups + (args.tail + kRows - 1u) / kRows, h = group / groups, g = group % groups;
  const uint at = (g < plain_groups ? g : g - plain_groups) * kRows + r;
  const bool inside = at < (g < plain_groups ? plain : args.tail);
  return !inside ? args.rows : h * args.head + (g < plain_groups ? at : plain + at);
}

void main() {
  const uint group = gl_WorkGroupID.y * gl_NumWorkGroups.x + gl_WorkGroupID.x;
  if (row_of(group, 0u) >= args.rows) return;
  const uint tiles = (args.tokens + kTokens - 1u) / kTokens, blocks = args.cols / QUANT_VALUES;
  uint token = gl_WorkGroupID.z % tiles * kTokens, batch = gl_WorkGroupID.z / tiles, inputs = args.tokens - token;
  uint matrix = mode(kMultiplyExperts) ? uint(Ints(args.list).v[token]) : batch;
  if (mode(kMultiplyTiles)) {
    const Tile tile = Tiles(args.list).tile[gl_WorkGroupID.z];
    token = tile.first, batch = 0u, inputs = tile.count, matrix = tile.matrix;
    if (inputs == 0u) return;
  }
  const uint64_t weights = args.weights + uint64_t(matrix) * args.pitch * blocks * QUANT_BYTES;

  uint64_t rows[kRows], x[kTokens];
  uint result[kTokens];
  float inverse[kTokens];
  for (uint r = 0u; r < kRows; ++r) {
    rows[r] = weights + uint64_t(min(row_of(group, r), args.rows - 1u)) * blocks * QUANT_BYTES;
  }
  for (uint t = 0u; t < kTokens; ++t) {
    const uint place = token + min(t, inputs - 1u);
    const uint own = mode(kMultiplyTiles) ? uint(Ints(args.order).v[place]) : place;
    uint from = own;
    result[t] = own;
    if (mode(kMultiplyExperts) || mode(kMultiplyTiles)) from = own / args.head;
    else if (args.list != 0ul) from = uint(Ints(address_or(args.list, args.x)).v[own]);
    x[t] = args.x + (uint64_t(from) * args.x_stride + batch * args.x_batch) * 4u;
    inverse[t] = mode(kMultiplyNorm) ? inverse_rms(x[t], args.cols, args.eps) : 1.0;
  }
  clear_products();
  add_products(rows, x, mode(kMultiplyNorm) ? args.gain : 0ul, args.cols, scale_of(args.scales, matrix));
  finish_products();

  for (uint i = gl_LocalInvocationID.x; i < kRows * kTokens; i += gl_WorkGroupSize.x) {
    const uint r = i / kTokens, t = i % kTokens, row = row_of(group, r);
    if (row >= args.rows || t >= inputs) continue;
    Floats y = Floats(args.y + (uint64_t(result[t]) * args.y_stride + batch * args.y_batch) * 4u);
    float value = product[i] * inverse[t];
    if (mode(kMultiplyRope) && row % args.head >= args.head - args.tail) {
      const uint place = row % args.head - (args.head - args.tail);
      const uint other = (r ^ 1u) * kTokens + t;
      const uint64_t rope = args.rope + (uint64_t(token + t) * args.tail + (place & ~1u)) * 4u;
      const float turned = product[other] * inverse[t], c = Floats(rope).v[0], s = Floats(rope).v[1];
      value = (place & 1u) == 0u ? value * c - turned * s : turned * s + value * c;
    }
    if (mode(kMultiplyAdd)) value += y.v[row];
    if (mode(kMultiplyGate)) value *= silu(y.v[row]);
    y.v[row] = value;
  }
  if (!mode(kMultiplyTail) || group != 0u) return;
  for (uint i = gl_LocalInvocationID.x; i < args.tail * kTokens; i += gl_WorkGroupSize.x) {
    const uint t = i / args.tail, k = i % args.tail;
    if (t >= inputs) continue;
    Floats y = Floats(args.y + (uint64_t(token + t) * args.y_stride + batch * args.y_batch) * 4u);
    y.v[args.rows + k] = Floats(x[t]).v[args.cols + k];
  }
}
