// See engine/quant/rotation.h: a block is 64 values in a rotated basis.
void hadamard_transform(inout float v[64]) {
  for (uint width = 32u; width >= 1u; width /= 2u) {
    for (uint k = 0u; k < 32u; ++k) {
      const uint i = k / width * 2u * width + k % width;
      const float a = v[i], b = v[i + width];
      v[i] = a + b;
      v[i + width] = a - b;
    }
  }
}

void rotate_back(inout float v[64]) {
  hadamard_transform(v);
  for (uint i = 0u; i < 64u; ++i) v[i] *= TABLES.rotation[i];
}

#ifdef QUANT_ENCODE
void rotate_values(inout float v[64]) {
  for (uint i = 0u; i < 64u; ++i) v[i] *= TABLES.rotation[i];
  hadamard_transform(v);
}

uint nearest_level(float value, float d) {
  uint code = 0u;
  for (uint k = 1u; k < ROTATED_LEVELS; ++k) {
    code += value > (ROTATED_LEVEL(k - 1u) + ROTATED_LEVEL(k)) * (0.5 * d) ? 1u : 0u;
  }
  return code;
}

// Codes of v[i] = level[code] * d, of eight d around the one that the mean square suggests the best; returns its
// value by least squares. See engine/quant/normal_levels.h.
float round_to_levels(float v[64], out uint codes[64]) {
  float squares = 0.0;
  for (uint i = 0u; i < 64u; ++i) squares += v[i] * v[i];
  const float typical = sqrt(squares / 64.0);
  for (uint i = 0u; i < 64u; ++i) codes[i] = ROTATED_LEVELS / 2u;
  if (typical == 0.0) return 0.0;
  if (not_finite(typical)) return NOT_A_NUMBER;
  float best_along = 0.0, best_size = 1.0, best_factor = 0.0;
  for (uint f = 0u; f < 8u; ++f) {
    const float factor = 0.8 + 0.05 * float(f);
    float along = 0.0, size = 0.0;
    for (uint i = 0u; i < 64u; ++i) {
      const float level = ROTATED_LEVEL(nearest_level(v[i], factor * typical));
      along += v[i] * level;
      size += level * level;
    }
    if (along * along * best_size > best_along * best_along * size) {
      best_along = along, best_size = size, best_factor = factor;
    }
  }
  for (uint i = 0u; i < 64u; ++i) codes[i] = nearest_level(v[i], best_factor * typical);
  return best_along / best_size;
}
#endif
