#include "engine/quantize/iq2_scale_search.h"

#include <algorithm>

#include "engine/base/error.h"
#include "engine/quantize/eight_lanes.h"

namespace glim {
namespace {

struct Values {
  const float *x, *weight;
  int count, top;
};

/// Where the search stands: the sums of w x code and w code^2 over the codes.
struct Sums {
  float wxl = 0, wll = 0;
};

float first_error(const Values& v, float inverse, float scale) {
  float error = 0;
  for (int i = 0; i < v.count; ++i) {
    const auto code = static_cast<std::uint8_t>(round_to_int(inverse * v.x[i]));
    const float off = v.x[i] - scale * static_cast<float>(code);
    error += v.weight[i] * off * off;
  }
  return error;
}

/// The inverse scale with the smallest error: (top + k / 10) / largest for k = 0, then -4..4.
[[gnu::always_inline]] inline float best_inverse(const Values& v, float largest) {
  const float top = static_cast<float>(v.top);
  float best = top / largest, smallest = first_error(v, best, 1.0f / best);
  const Floats offsets = {-4, -3, -2, -1, 1, 2, 3, 4};
  const Floats inverse = (0.1f * offsets + top) / largest, scale = 1.0f / inverse;
  Floats error{};
  for (int i = 0; i < v.count; ++i) {
    Ints code = round_to_int(inverse * v.x[i]);
    code = code > v.top ? splat(v.top) : code;
    const Floats off = v.x[i] - scale * to_floats(code);
    error += v.weight[i] * off * off;
  }
  for (int k = 0; k < kLanes; ++k) {
    if (!(error[k] < smallest)) continue;
    smallest = error[k];
    best = inverse[k];
  }
  return best;
}

/// One pass over the codes: whether any has changed. Most do not, so eight are looked at together, and those
/// behind a change once more.
[[gnu::always_inline]] inline bool improve(const Values& v, std::int32_t* codes, Sums& sums) {
  bool changed = false;
  for (int first = 0; first < v.count; first += kLanes) {
    const Floats x = load_floats(v.x + first), w = load_floats(v.weight + first);
    const Floats old = to_floats(load_ints(codes + first));
    for (int from = 0; from < kLanes;) {
      const Floats wxl = sums.wxl - w * x * old, wll = sums.wll - w * old * old;
      Ints code = round_to_int(x * wll / wxl);
      code = code > v.top ? splat(v.top) : code;
      const Floats next = to_floats(code);
      const Floats next_wxl = wxl + w * x * next, next_wll = wll + w * next * next;
      const Ints better = (wxl > 0) & (wll > 0) & (next != old) & (kLaneNumbers >= from) &
                          (next_wxl * next_wxl * sums.wll > sums.wxl * sums.wxl * next_wll);
      if (!any(better)) break;
      int lane = from;
      while (better[lane] == 0) ++lane;
      codes[first + lane] = static_cast<std::uint8_t>(code[lane]);
      sums = {next_wxl[lane], next_wll[lane]};
      changed = true;
      from = lane + 1;
    }
  }
  return changed;
}

}  // namespace

GLIM_CLONES float search_block_scale(std::span<const float> x, std::span<const float> weights, int top) {
  const Values v{x.data(), weights.data(), static_cast<int>(x.size()), top};
  GLIM_ASSERT(v.count % kLanes == 0 && v.count <= 32 && weights.size() == x.size());
  float largest = 0;
  for (const float value : x) largest = std::max(largest, value);
  if (largest < 1e-15f) return 0;
  const float inverse = best_inverse(v, largest);
  Sums sums;
  std::int32_t codes[32];
  for (int i = 0; i < v.count; ++i) {
    const int code = std::min(round_to_int(inverse * v.x[i]), top);
    codes[i] = static_cast<std::uint8_t>(code);
    sums.wxl += v.weight[i] * v.x[i] * static_cast<float>(code);
    sums.wll += v.weight[i] * static_cast<float>(code) * static_cast<float>(code);
  }
  for (int pass = 0; pass < 5 && improve(v, codes, sums); ++pass) {
  }
  return sums.wll > 0 ? sums.wxl / sums.wll : 0.0f;
}

}  // namespace glim
