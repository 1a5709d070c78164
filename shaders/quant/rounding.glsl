// See engine/quant/rounding.h.

// The value of largest magnitude, the first of several; not a number when any value is not finite.
float signed_largest(float v[32]) {
  float largest = 0.0;
  for (uint i = 0u; i < 32u; ++i) {
    if (not_finite(v[i])) return NOT_A_NUMBER;
    if (abs(v[i]) > abs(largest)) largest = v[i];
  }
  return largest;
}

// 1 / d where values can be multiplied with it, else 0.
float usable_inverse(float d) {
  const float inverse = 1.0 / d;
  return not_finite(d) || not_finite(inverse) ? 0.0 : inverse;
}

// Codes of v[i] = (code - half) * d. Returns d.
float round_symmetric(float v[32], int middle, out uint codes[32]) {
  const float d = signed_largest(v) / float(-middle), inverse = usable_inverse(d);
  const bool lost = inverse == 0.0 && d != 0.0;
  for (uint i = 0u; i < 32u; ++i) {
    codes[i] = lost ? 0u : uint(min(2 * middle - 1, int(v[i] * inverse + (float(middle) + 0.5))));
  }
  return d;
}

// Codes of v[i] = code * d + m from 0 to `top`. Returns d and m.
vec2 round_between(float v[32], int top, out uint codes[32]) {
  float low = v[0], high = v[0];
  for (uint i = 1u; i < 32u; ++i) {
    low = min(low, v[i]);
    high = max(high, v[i]);
  }
  if (not_finite(signed_largest(v))) low = high = NOT_A_NUMBER;
  const float d = (high - low) / float(top), inverse = usable_inverse(d);
  for (uint i = 0u; i < 32u; ++i) {
    codes[i] = inverse == 0.0 ? 0u : uint(min(top, int((v[i] - low) * inverse + 0.5)));
  }
  return vec2(d, low);
}
