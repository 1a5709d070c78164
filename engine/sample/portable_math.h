#pragma once

#include <span>

namespace glim {

// Functions made of IEEE operations in a fixed order, so that the same seed draws the same tokens on every
// machine; the C library's versions differ in the last bit between processors. Build without contraction to
// fused operations.

double portable_exp(double x);            ///< relative error below 1e-14
double portable_log(double x);            ///< x > 0 and finite; relative error below 1e-14
double portable_pow(double x, double y);  ///< x > 0

/// The highest finite value, -infinity when there is none.
float highest(std::span<const float> values);

/// out[i] = e^(values[i] - max) with a relative error below 3e-7, 0 where it is below e^-87 and for values
/// that are not finite; returns their sum. `max` is highest(values) and finite. `out` may be `values`, or
/// empty when only the sum is wanted.
double exponentials(std::span<const float> values, float max, std::span<float> out);

/// Natural logarithm of the sum of e^x over the finite values; -infinity when there is none.
/// The log-probability of token t is logits[t] - log_sum_exp(logits).
double log_sum_exp(std::span<const float> values);

}  // namespace glim
