#pragma once

#include "engine/quantize/lanes.h"

/// The searches for scales and codes that the formats share, for kLanes groups at once. x are the values of
/// the groups, w the weights of their squared errors. Sums run in index order, so that files are the same as
/// those of the quantiser whose formats these are.
namespace glim::encoding {
namespace {

/// Groups whose largest magnitude is below this are zero.
constexpr float kZeroGroup = 1e-15f;

/// The value of largest magnitude with its sign, the first one on ties.
template <int kCount>
Floats signed_largest(const Floats* x) {
  Floats value{}, size{};
  for (int i = 0; i < kCount; ++i) {
    const Floats candidate = magnitude(x[i]);
    const Ints better = candidate > size;
    size = select(better, candidate, size);
    value = select(better, x[i], value);
  }
  return value;
}

/// The sums that a scale for given codes depends on: it is product / square, and the error falls with
/// product^2 / square.
struct Fit {
  Floats product{}, square{};

  void add(Floats weighted, Floats w, Floats code) {
    product += weighted * code;
    square += w * code * code;
  }
};

template <int kCount>
Fit fit_codes(const Floats* x, const Floats* w, const Floats* codes) {
  Fit fit;
  for (int i = 0; i < kCount; ++i) fit.add(w[i] * x[i], w[i], codes[i]);
  return fit;
}

/// Codes from -limit to limit - 1, returned as 0 to 2 limit - 1; y = scale * code. The scale may be negative:
/// the largest value gets the code that only one sign has.
template <int kCount>
Floats fit_signed(const Floats* x, const Floats* w, int limit, Floats* codes) {
  const auto top = static_cast<float>(limit);
  const Floats largest = signed_largest<kCount>(x);
  Floats weighted[kCount];
  for (int i = 0; i < kCount; ++i) weighted[i] = w[i] * x[i];
  Floats scale{}, best{}, inverse{};
  for (int trial = 0; trial <= 18; ++trial) {
    // The first trial is the undistorted one: it wins over equals.
    const int step = trial == 0 ? 0 : trial <= 9 ? trial - 10 : trial - 9;
    const Floats candidate = -(top + 0.1f * static_cast<float>(step)) / largest;
    Fit fit;
    for (int i = 0; i < kCount; ++i) fit.add(weighted[i], w[i], nearest(candidate * x[i], -top, top - 1));
    Ints better = (fit.square > 0.0f) & (fit.product * fit.product > best * fit.square);
    if (trial == 0) better = splat(-1);
    const Floats fitted = select(fit.square != 0.0f, fit.product / fit.square, Floats{});
    scale = select(better, fitted, scale);
    best = select(better, fitted * fit.product, best);
    inverse = select(better, candidate, inverse);
  }
  const Ints used = magnitude(largest) >= kZeroGroup;
  for (int i = 0; i < kCount; ++i)
    codes[i] = select(used, nearest(inverse * x[i], -top, top - 1) + top, Floats{});
  return select(used, scale, Floats{});
}

/// As fit_signed with weights x^2, by another way: the first scale, then up to five rounds in which every
/// code moves to where the other codes want it.
template <int kCount>
Floats fit_signed_by_descent(const Floats* x, int limit, Floats* codes) {
  const auto top = static_cast<float>(limit);
  const Floats largest = signed_largest<kCount>(x), inverse = -top / largest;
  Floats w[kCount];
  for (int i = 0; i < kCount; ++i) {
    w[i] = x[i] * x[i];
    codes[i] = nearest(inverse * x[i], -top, top - 1);
  }
  Fit fit = fit_codes<kCount>(x, w, codes);
  for (int round = 0; round < 5; ++round) {
    Ints changed{};
    for (int i = 0; i < kCount; ++i) {
      const Floats weighted = w[i] * x[i];
      Fit other{fit.product - weighted * codes[i], fit.square - w[i] * codes[i] * codes[i]};
      const Floats code = nearest(x[i] * other.square / other.product, -top, top - 1);
      Ints better = (other.product > 0.0f) & (code != codes[i]);
      other.add(weighted, w[i], code);
      better &= (other.square > 0.0f) &
                (other.product * other.product * fit.square > fit.product * fit.product * other.square);
      fit.product = select(better, other.product, fit.product);
      fit.square = select(better, other.square, fit.square);
      codes[i] = select(better, code, codes[i]);
      changed |= better;
    }
    if (!any(changed)) break;
  }
  const Ints used = magnitude(largest) >= kZeroGroup;
  for (int i = 0; i < kCount; ++i) codes[i] = select(used, codes[i] + top, Floats{});
  return select(used & (fit.square != 0.0f), fit.product / fit.square, Floats{});
}

/// y = scale * code - minimum with codes from 0 to `limit`. Trial k divides limit + first + k * step by the
/// span.
struct RangeSearch {
  int limit;
  float first, step;
  int trials;
};
struct RangeFit {
  Floats scale, minimum;
};

/// What the least squares for scale and offset need beside the codes.
struct RangeSums {
  Floats w{}, x{};
};

template <bool kAbsolute>
Floats error_of(Floats y, Floats x) {
  const Floats difference = y - x;
  return kAbsolute ? magnitude(difference) : difference * difference;
}

struct Line {
  Floats scale, offset;
  Ints valid;
};

/// The weighted least squares line through (code, x) whose offset is not positive.
template <int kCount>
Line fit_line(const Floats* x, const Floats* w, const Floats* codes, const RangeSums& sums) {
  Floats l{}, ll{}, xl{};
  for (int i = 0; i < kCount; ++i) {
    const Floats weighted = w[i] * codes[i];
    l += weighted;
    ll += weighted * codes[i];
    xl += weighted * x[i];
  }
  const Floats determinant = sums.w * ll - l * l;
  Floats scale = (sums.w * xl - sums.x * l) / determinant;
  Floats offset = (ll * sums.x - l * xl) / determinant;
  const Ints positive = offset > 0.0f;
  scale = select(positive, xl / ll, scale);
  offset = select(positive, Floats{}, offset);
  return {scale, offset, determinant > 0.0f};
}

/// kAbsolute: errors are absolute differences, not squares.
template <int kCount, bool kAbsolute>
RangeFit fit_range(const Floats* x, const Floats* w, const RangeSearch& search, Floats* codes) {
  const auto limit = static_cast<float>(search.limit);
  Floats low = x[0], high = x[0];
  RangeSums sums{w[0], w[0] * x[0]};
  for (int i = 1; i < kCount; ++i) {
    low = smaller(x[i], low);
    high = larger(x[i], high);
    sums.w += w[i];
    sums.x += w[i] * x[i];
  }
  low = smaller(low, Floats{});
  Floats inverse = limit / (high - low), base = low, scale = 1.0f / inverse, offset = low, best{};
  for (int i = 0; i < kCount; ++i) {
    const Floats code = nearest(inverse * (x[i] - low), 0, limit);
    best += w[i] * error_of<kAbsolute>(scale * code + low, x[i]);
  }
  Floats trial_codes[kCount];
  for (int k = 0; k <= search.trials; ++k) {
    const Floats candidate = (search.first + search.step * static_cast<float>(k) + limit) / (high - offset);
    for (int i = 0; i < kCount; ++i) trial_codes[i] = nearest(candidate * (x[i] - offset), 0, limit);
    const Line line = fit_line<kCount>(x, w, trial_codes, sums);
    Floats error{};
    for (int i = 0; i < kCount; ++i)
      error += w[i] * error_of<kAbsolute>(line.scale * trial_codes[i] + line.offset, x[i]);
    const Ints better = line.valid & (error < best);
    inverse = select(better, candidate, inverse);
    base = select(better, offset, base);
    best = select(better, error, best);
    scale = select(better, line.scale, scale);
    offset = select(better, line.offset, offset);
  }
  const Ints used = high > low;
  for (int i = 0; i < kCount; ++i)
    codes[i] = select(used, nearest(inverse * (x[i] - base), 0, limit), Floats{});
  return {select(used, scale, Floats{}), -select(used, offset, low)};
}

/// One round of coordinate descent over codes from 0 to `limit`; true when a code moved.
template <int kCount>
bool descend_positive(const Floats* x, const Floats* w, float limit, Floats* codes, Fit& fit) {
  Ints changed{};
  for (int i = 0; i < kCount; ++i) {
    const Floats weighted = w[i] * x[i];
    Fit other{fit.product - weighted * codes[i], fit.square - w[i] * codes[i] * codes[i]};
    const Floats code = nearest(x[i] * other.square / other.product, 0, limit);
    Ints better = (other.product > 0.0f) & (other.square > 0.0f) & (code != codes[i]);
    other.add(weighted, w[i], code);
    better &= other.product * other.product * fit.square > fit.product * fit.product * other.square;
    fit.product = select(better, other.product, fit.product);
    fit.square = select(better, other.square, fit.square);
    codes[i] = select(better, code, codes[i]);
    changed |= better;
  }
  return any(changed);
}

/// y = scale * code for values that are not negative, codes from 0 to `limit`.
template <int kCount>
Floats fit_positive(const Floats* x, const Floats* w, int limit, Floats* codes) {
  const auto top = static_cast<float>(limit);
  Floats largest{};
  for (int i = 0; i < kCount; ++i) largest = larger(x[i], largest);
  Floats inverse{}, best{};
  for (int trial = 0; trial <= 8; ++trial) {
    const int step = trial == 0 ? 0 : trial <= 4 ? trial - 5 : trial - 4;
    const Floats candidate = (top + 0.1f * static_cast<float>(step)) / largest, scale = 1.0f / candidate;
    Floats error{};
    for (int i = 0; i < kCount; ++i) {
      const Floats difference = x[i] - scale * nearest(candidate * x[i], 0, top);
      error += w[i] * difference * difference;
    }
    const Ints better = trial == 0 ? splat(-1) : error < best;
    best = select(better, error, best);
    inverse = select(better, candidate, inverse);
  }
  for (int i = 0; i < kCount; ++i) codes[i] = nearest(inverse * x[i], 0, top);
  Fit fit = fit_codes<kCount>(x, w, codes);
  for (int round = 0; round < 5; ++round) {
    if (!descend_positive<kCount>(x, w, top, codes, fit)) break;
  }
  const Ints used = largest >= kZeroGroup;
  for (int i = 0; i < kCount; ++i) codes[i] = select(used, codes[i], Floats{});
  return select(used & (fit.square > 0.0f), fit.product / fit.square, Floats{});
}

}  // namespace
}  // namespace glim::encoding
