// normed = rms_norm(x); chooses experts by the logits router . normed as engine/reference/router.h says. One
// workgroup per row.
#version 460
#extension GL_GOOGLE_include_directive : require
#include "shaders/language.glsl"
#include "shaders/route.args.h"
layout(push_constant, scalar) uniform Push { RouteArgs args; };
#include "shaders/memory.glsl"
#include "shaders/reduce.glsl"

const uint kMostExperts = 1024u;  // kMaxExperts of engine/tensor/ops.h
const uint kSoftmax = 0u, kSigmoid = 1u, kSoftmaxOfSelected = 2u;
const float kSmallestSum = 1.0 / 16384.0;
// In the place of minus infinity, which a compiler may take for impossible; below every rank.
#define NEVER uintBitsToFloat(0xff7fffffu)

shared float score[kMostExperts], rank[kMostExperts], group_rank[kMostExperts];
shared uint taken[kMostExperts / 32u];
shared float best_rank[kMostSubgroups];
shared uint best_index[kMostSubgroups];

bool is_taken(uint i) { return (taken[i / 32u] >> (i % 32u) & 1u) != 0u; }

// Index of the largest rank that is not taken, the first of several; takes it.
uint take_best() {
  float value = NEVER;
  uint index = kMostExperts;
  for (uint i = gl_LocalInvocationID.x; i < args.experts; i += gl_WorkGroupSize.x) {
    if (!is_taken(i) && (index == kMostExperts || rank[i] > value)) value = rank[i], index = i;
  }
  const float top = subgroupMax(value);
  const uint first = subgroupMin(value == top ? index : kMostExperts);
  if (subgroupElect()) best_rank[gl_SubgroupID] = top, best_index[gl_SubgroupID] = first;
  barrier();
  value = NEVER;
  index = kMostExperts;
  for (uint i = 0u; i < gl_NumSubgroups; ++i) {
    if (best_index[i] == kMostExperts) continue;
    const bool better = index == kMostExperts || best_rank[i] > value ||
                        (best_rank[i] == value && best_index[i] < index);
    if (better) value = best_rank[i], index = best_index[i];
  }
  if (gl_LocalInvocationID.x == 0u) taken[index / 32u] |= 1u << (index % 32u);
  barrier();
  return index;
}

// Only experts of the groups whose two largest ranks have the largest sums stay. One thread.
void limit_groups() {
  const uint size = args.experts / args.groups;
  for (uint g = 0u; g < args.groups; ++g) {
    float first = NEVER, second = NEVER;
    for (uint i = g * size; i < (g + 1u) * size; ++i) {
      second = max(second, min(first, rank[i]));
      first = max(first, rank[i]);
    }
    const bool none = first == NEVER;
    group_rank[g] = none ? NEVER : size == 1u ? first : second == NEVER ? NEVER : first + second;
  }
  for (uint g = 0u; g < args.groups; ++g) {
    uint better = 0u;
    const float own = group_rank[g];
    for (uint o = 0u; o < args.groups; ++o) {
      const float other = group_rank[o];
      if (other > own || (other == own && o < g)) ++better;
    }
    for (uint i = g * size; better >= args.groups_used && i < (g + 1u) * size; ++i) rank[i] = NEVER;
  }
}

void main() {
  const uint t = gl_WorkGroupID.x, lane = gl_LocalInvocationID.x;
  const uint64_t row = uint64_t(t) * args.width * 4u;
  Floats x = Floats(args.x + row), normed = Floats(args.normed + row);
  const float inverse = inverse_rms(args.x + row, args.width, args.eps);
  for (uint i = lane; i < args.width; i += gl_WorkGroupSize.x) {
    normed.v[i] = x.v[i] * inverse * Floats(args.gain).v[i];
  }
  for (uint i = lane; i < kMostExperts / 32u; i += gl_WorkGroupSize.x) taken[i] = 0u;
  // Each subgroup makes logits of its own.
  for (uint e = gl_SubgroupID; e < args.experts; e += gl_NumSubgroups) {
    const uint64_t weights = args.router + uint64_t(e) * args.width * 4u;
    float sum = 0.0;
    for (uint i = gl_SubgroupInvocationID; i < args.width; i += gl_SubgroupSize) {
      sum += Floats(weights).v[i] * (x.v[i] * inverse * Floats(args.gain).v[i]);
    }
    sum = subgroupAdd(sum);
    if (subgroupElect()) score[e] = sum;
  }
  barrier();
  if (args.gating == kSoftmax) {
    float largest = score[0];
    for (uint e = 1u; e < args.experts; ++e) largest = max(largest, score[e]);
    barrier();
    float sum = 0.0;
    for (uint e = lane; e < args.experts; e += gl_WorkGroupSize.x) sum += score[e] = exp(score[e] - largest);
    sum = workgroup_sum(sum);
    for (uint e = lane; e < args.experts; e += gl_WorkGroupSize.x) score[e] /= sum;
  } else if (args.gating == kSigmoid) {
    for (uint e = lane; e < args.experts; e += gl_WorkGroupSize.x) score[e] = 1.0 / (1.0 + exp(-score[e]));
  }
  barrier();
  for (uint e = lane; e < args.experts; e += gl_WorkGroupSize.x) {
    const float value = score[e] + (args.bias == 0ul ? 0.0 : Floats(address_or(args.bias, args.router)).v[e]);
    const bool nan = (floatBitsToUint(value) & 0x7fffffffu) > 0x7f800000u;
    rank[e] = nan ? NEVER : value;
  }
  barrier();
  if (args.groups > 1u && lane == 0u) limit_groups();
  barrier();
  Ints chosen = Ints(args.chosen + uint64_t(t) * args.choices * 4u);
  Floats weight = Floats(args.weight + uint64_t(t) * args.choices * 4u);
  float sum = 0.0, largest = 0.0;
  for (uint a = 0u; a < args.choices; ++a) {
    const uint expert = take_best();
    const float value = score[expert];
    largest = a == 0u ? value : max(largest, value);
    sum += value;
    if (lane == 0u) chosen.v[a] = int(expert), weight.v[a] = value;
  }
  if (lane != 0u) return;
  if (args.gating == kSoftmaxOfSelected) {
    float total = 0.0;
    for (uint a = 0u; a < args.choices; ++a) total += weight.v[a] = exp(weight.v[a] - largest);
    for (uint a = 0u; a < args.choices; ++a) weight.v[a] /= total;
    sum = 1.0;
  }
  const float divisor = args.normalise != 0u ? max(sum, kSmallestSum) : 1.0;
  const float factor = args.scale == 0.0 ? 1.0 : args.scale;
  for (uint a = 0u; a < args.choices; ++a) weight.v[a] = weight.v[a] / divisor * factor;
}
