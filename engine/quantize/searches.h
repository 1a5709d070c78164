#pragma once

#include "engine/quantize/wide.h"

/// The searches for scales and codes that the formats share. x are the values of as many groups as a Vector
/// (Floats or Wide) has lanes, w the weights of their squared errors. Sums run in index order, so that files
/// are the same as those of the quantiser whose formats these are.
namespace glim::encoding {
namespace {

/// Groups whose largest magnitude is below this are zero.
constexpr float kZeroGroup = 1e-15f;

/// The value of largest magnitude with its sign, the first one on ties.
template <int kCount, class Vector>
Vector signed_largest(const Vector* x) {
  Vector value{}, size{};
  for (int i = 0; i < kCount; ++i) {
    const Vector candidate = magnitude(x[i]);
    const auto better = candidate > size;
    size = select(better, candidate, size);
    value = select(better, x[i], value);
  }
  return value;
}

/// The sums that a scale for given codes depends on: it is product / square, and the error falls with
/// product^2 / square.
template <class Vector>
struct Fit {
  Vector product{}, square{};

  void add(const Vector& weighted, const Vector& w, const Vector& code) {
    product += weighted * code;
    square += w * code * code;
  }
  Vector scale() const { return select(square > 0.0f, product / square, Vector{}); }
  auto better_than(const Fit& other) const {
    return product * product * other.square > other.product * other.product * square;
  }
};

/// Codes from -limit to limit - 1, returned as 0 to 2 limit - 1; y = scale * code. The scale may be negative:
/// the largest value gets the code that only one sign has.
template <int kCount, class Vector>
Vector fit_signed(const Vector* x, const Vector* w, int limit, Vector* codes) {
  const auto top = static_cast<float>(limit);
  const Vector largest = signed_largest<kCount>(x);
  Vector weighted[kCount];
  for (int i = 0; i < kCount; ++i) weighted[i] = w[i] * x[i];
  const auto fit_with = [&](const Vector& inverse) {
    Fit<Vector> fit;
    for (int i = 0; i < kCount; ++i) fit.add(weighted[i], w[i], nearest(inverse * x[i], -top, top - 1));
    return fit;
  };
  Vector inverse = -top / largest;
  const Fit<Vector> first = fit_with(inverse);
  Vector scale = first.scale(), best = scale * first.product;
  for (int step = -9; step <= 9; ++step) {
    if (step == 0) continue;
    const Vector candidate = -(top + 0.1f * static_cast<float>(step)) / largest;
    const Fit<Vector> fit = fit_with(candidate);
    const auto better = (fit.square > 0.0f) & (fit.product * fit.product > best * fit.square);
    const Vector fitted = fit.scale();
    scale = select(better, fitted, scale);
    best = select(better, fitted * fit.product, best);
    inverse = select(better, candidate, inverse);
  }
  const auto used = magnitude(largest) >= kZeroGroup;
  for (int i = 0; i < kCount; ++i)
    codes[i] = select(used, nearest(inverse * x[i], -top, top - 1) + top, Vector{});
  return select(used, scale, Vector{});
}

/// One round over the codes from `low` to `high`: each moves to where the others want it if that fits better.
/// True when one moved.
template <int kCount, class Vector>
bool descend(const Vector* x, const Vector* w, float low, float high, Fit<Vector>& fit, Vector* codes) {
  auto changed = Vector{} != Vector{};
  for (int i = 0; i < kCount; ++i) {
    const Vector weighted = w[i] * x[i];
    Fit<Vector> other{fit.product - weighted * codes[i], fit.square - w[i] * codes[i] * codes[i]};
    const Vector code = nearest(x[i] * other.square / other.product, low, high);
    auto better = (other.product > 0.0f) & (other.square > 0.0f) & (code != codes[i]);
    other.add(weighted, w[i], code);
    better &= other.better_than(fit);
    fit.product = select(better, other.product, fit.product);
    fit.square = select(better, other.square, fit.square);
    codes[i] = select(better, code, codes[i]);
    changed |= better;
  }
  return any(changed);
}

constexpr int kDescents = 5;

/// As fit_signed with weights x^2, by another way: the first scale, then descent.
template <int kCount, class Vector>
Vector fit_signed_by_descent(const Vector* x, int limit, Vector* codes) {
  const auto top = static_cast<float>(limit);
  const Vector largest = signed_largest<kCount>(x), inverse = -top / largest;
  Vector w[kCount];
  Fit<Vector> fit;
  for (int i = 0; i < kCount; ++i) {
    w[i] = x[i] * x[i];
    codes[i] = nearest(inverse * x[i], -top, top - 1);
    fit.add(w[i] * x[i], w[i], codes[i]);
  }
  for (int round = 0; round < kDescents; ++round) {
    if (!descend<kCount>(x, w, -top, top - 1, fit, codes)) break;
  }
  const auto used = magnitude(largest) >= kZeroGroup;
  for (int i = 0; i < kCount; ++i) codes[i] = select(used, codes[i] + top, Vector{});
  return select(used, fit.scale(), Vector{});
}

/// y = scale * code for values that are not negative, codes from 0 to `limit`.
template <int kCount, class Vector>
Vector fit_positive(const Vector* x, const Vector* w, int limit, Vector* codes) {
  const auto top = static_cast<float>(limit);
  Vector largest{};
  for (int i = 0; i < kCount; ++i) largest = larger(x[i], largest);
  const auto error_with = [&](const Vector& inverse) {
    const Vector scale = 1.0f / inverse;
    Vector error{};
    for (int i = 0; i < kCount; ++i) {
      const Vector difference = x[i] - scale * nearest(inverse * x[i], 0, top);
      error += w[i] * difference * difference;
    }
    return error;
  };
  Vector inverse = top / largest, best = error_with(inverse);
  for (int step = -4; step <= 4; ++step) {
    if (step == 0) continue;
    const Vector candidate = (top + 0.1f * static_cast<float>(step)) / largest, error = error_with(candidate);
    const auto better = error < best;
    best = select(better, error, best);
    inverse = select(better, candidate, inverse);
  }
  Fit<Vector> fit;
  for (int i = 0; i < kCount; ++i) {
    codes[i] = nearest(inverse * x[i], 0, top);
    fit.add(w[i] * x[i], w[i], codes[i]);
  }
  for (int round = 0; round < kDescents; ++round) {
    if (!descend<kCount>(x, w, 0, top, fit, codes)) break;
  }
  const auto used = largest >= kZeroGroup;
  for (int i = 0; i < kCount; ++i) codes[i] = select(used, codes[i], Vector{});
  return select(used, fit.scale(), Vector{});
}

/// y = scale * code - minimum with codes from 0 to `limit`. Trial k divides limit + first + k * step by the
/// span.
struct RangeSearch {
  int limit;
  float first, step;
  int trials;
};

template <class Vector>
struct RangeFit {
  Vector scale, minimum;
};

/// The weighted least squares line x = scale * code + offset whose offset is not positive.
template <class Vector>
struct LineFit {
  Vector w{}, x{};         ///< sums that do not depend on the codes
  Vector l{}, ll{}, xl{};  ///< those that do
  Vector scale, offset;

  void clear_codes() { l = ll = xl = Vector{}; }
  void add_code(const Vector& weight, const Vector& value, const Vector& code) {
    const Vector weighted = weight * code;
    l += weighted;
    ll += weighted * code;
    xl += weighted * value;
  }
  /// Where the codes determine a line.
  auto solve() {
    const Vector determinant = w * ll - l * l;
    scale = (w * xl - x * l) / determinant;
    offset = (ll * x - l * xl) / determinant;
    const auto positive = offset > 0.0f;
    scale = select(positive, xl / ll, scale);
    offset = select(positive, Vector{}, offset);
    return determinant > 0.0f;
  }
};

/// kAbsolute: errors are absolute differences, not squares.
template <bool kAbsolute, class Vector>
Vector error_of(const Vector& y, const Vector& x) {
  const Vector difference = y - x;
  if constexpr (kAbsolute) return magnitude(difference);
  return difference * difference;
}

template <int kCount, bool kAbsolute, class Vector>
RangeFit<Vector> fit_range(const Vector* x, const Vector* w, const RangeSearch& search, Vector* codes) {
  const auto limit = static_cast<float>(search.limit);
  LineFit<Vector> line;
  Vector low = x[0], high = x[0];
  for (int i = 0; i < kCount; ++i) {
    low = smaller(x[i], low);
    high = larger(x[i], high);
    line.w += w[i];
    line.x += w[i] * x[i];
  }
  low = smaller(low, Vector{});
  Vector inverse = limit / (high - low), base = low, scale = 1.0f / inverse, offset = low, best{};
  for (int i = 0; i < kCount; ++i)
    best += w[i] * error_of<kAbsolute>(scale * nearest(inverse * (x[i] - low), 0, limit) + low, x[i]);
  for (int k = 0; k <= search.trials; ++k) {
    const Vector candidate = (search.first + search.step * static_cast<float>(k) + limit) / (high - offset);
    line.clear_codes();
    for (int i = 0; i < kCount; ++i) {
      codes[i] = nearest(candidate * (x[i] - offset), 0, limit);
      line.add_code(w[i], x[i], codes[i]);
    }
    auto better = line.solve();
    Vector error{};
    for (int i = 0; i < kCount; ++i)
      error += w[i] * error_of<kAbsolute>(line.scale * codes[i] + line.offset, x[i]);
    better &= error < best;
    inverse = select(better, candidate, inverse);
    base = select(better, offset, base);
    best = select(better, error, best);
    scale = select(better, line.scale, scale);
    offset = select(better, line.offset, offset);
  }
  const auto used = high > low;
  for (int i = 0; i < kCount; ++i)
    codes[i] = select(used, nearest(inverse * (x[i] - base), 0, limit), Vector{});
  return {select(used, scale, Vector{}), -select(used, offset, low)};
}

}  // namespace
}  // namespace glim::encoding
