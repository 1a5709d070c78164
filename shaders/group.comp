// Sorts pairs of a token and a choice by the chosen matrix and cuts them into tiles. One workgroup; a thread has
// matrices of its own.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "shaders/language.glsl"
#include "shaders/group.args.h"
layout(push_constant, scalar) uniform Push { GroupArgs args; };
#include "shaders/memory.glsl"
#include "shaders/tiles.glsl"

const uint kMostExperts = 1024u;  // kMaxExperts of engine/tensor/ops.h
shared uint count[kMostExperts], first[kMostExperts], first_tile[kMostExperts];
shared uint tiles_used;

void main() {
  const uint lane = gl_LocalInvocationID.x, threads = gl_WorkGroupSize.x;
  Ints chosen = Ints(args.chosen), order = Ints(args.order);
  for (uint e = lane; e < args.experts; e += threads) {
    uint own = 0u;
    for (uint p = 0u; p < args.pairs; ++p) own += uint(chosen.v[p]) == e ? 1u : 0u;
    count[e] = own;
  }
  barrier();
  if (lane == 0u) {
    uint at = 0u, tile = 0u;
    for (uint e = 0u; e < args.experts; ++e) {
      first[e] = at;
      first_tile[e] = tile;
      at += count[e];
      tile += (count[e] + args.tile - 1u) / args.tile;
    }
    tiles_used = tile;
  }
  barrier();
  for (uint e = lane; e < args.experts; e += threads) {
    uint at = first[e];
    for (uint p = 0u; p < args.pairs; ++p) {
      if (uint(chosen.v[p]) == e) order.v[at++] = int(p);
    }
    for (uint done = 0u, tile = first_tile[e]; done < count[e]; done += args.tile, ++tile) {
      Tiles(args.tiles).tile[tile] = Tile(e, first[e] + done, min(args.tile, count[e] - done));
    }
  }
  for (uint i = tiles_used + lane; i < args.most_tiles; i += threads) Tiles(args.tiles).tile[i] = Tile(0u, 0u, 0u);
}
