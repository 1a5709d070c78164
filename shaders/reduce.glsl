// Sums over a workgroup of any size with subgroups of any size up to 64 lanes and down to 4.
const uint kMostSubgroups = 64u;
shared float reduce_parts[kMostSubgroups];

float workgroup_sum(float value) {
  value = subgroupAdd(value);
  if (gl_NumSubgroups == 1u) return value;
  if (subgroupElect()) reduce_parts[gl_SubgroupID] = value;
  barrier();
  float sum = 0.0;
  for (uint i = 0u; i < gl_NumSubgroups; ++i) sum += reduce_parts[i];
  barrier();
  return sum;
}

// 1 / the root mean square of `count` numbers.
float inverse_rms(uint64_t x, uint count, float eps) {
  float squares = 0.0;
  for (uint i = gl_LocalInvocationID.x; i < count; i += gl_WorkGroupSize.x) {
    const float value = Floats(x).v[i];
    squares += value * value;
  }
  return inversesqrt(workgroup_sum(squares) / float(count) + eps);
}
