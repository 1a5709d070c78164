#include "engine/quantize/lattice_magnitudes.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "engine/base/half.h"
#include "engine/quantize/iq2_scale_search.h"

namespace glim {
namespace {

/// Splits eight values into magnitudes and signs.
unsigned take_signs(const float* x, float* magnitudes) {
  unsigned signs = 0;
  for (int i = 0; i < 8; ++i) {
    const bool negative = !(x[i] >= 0);
    signs |= (negative ? 1u : 0u) << i;
    magnitudes[i] = negative ? -x[i] : x[i];
  }
  return signs;
}

/// Makes the number of minus signs even where changing one costs least. Its magnitude becomes negative, so
/// that the search wants it small.
unsigned make_even(unsigned signs, const float* weights, float* magnitudes) {
  if (std::popcount(signs) % 2 == 0) return signs;
  int cheapest = 0;
  float least = weights[0] * magnitudes[0] * magnitudes[0];
  for (int i = 1; i < 8; ++i) {
    const float cost = weights[i] * magnitudes[i] * magnitudes[i];
    if (!(cost < least)) continue;
    least = cost;
    cheapest = i;
  }
  magnitudes[cheapest] = -magnitudes[cheapest];
  return signs ^ (1u << cheapest);
}

unsigned groups_to_round_again(MagnitudeScheme::Again again, unsigned moved) {
  switch (again) {
    case MagnitudeScheme::Again::moved:
      return moved;
    case MagnitudeScheme::Again::all_if_moved:
      return moved != 0 ? ~0u : 0u;
    case MagnitudeScheme::Again::all:
      break;
  }
  return ~0u;
}

/// Encodes the values that share scale `number`; returns the scale, 0 for a block of zeros.
float encode_scaled(const MagnitudeScheme& scheme, const SuperBlock& super, int number, MagnitudeCodes& out) {
  const int first = number * scheme.scaled;
  Magnitudes block;
  block.count = scheme.scaled;
  error_weights(super, scheme.plain_weight, first, block.count, block.weight);
  unsigned signs[4] = {};
  for (int k = 0; k < block.count / 8; ++k) {
    float* magnitudes = block.target + 8 * k;
    signs[k] = take_signs(super.values + first + 8 * k, magnitudes);
    if (scheme.even_signs) signs[k] = make_even(signs[k], block.weight + 8 * k, magnitudes);
  }
  ScaleTrials trials = scheme.trials;
  trials.largest = *std::max_element(block.target, block.target + block.count);
  if (trials.largest < scheme.zero) return 0;
  const auto count = static_cast<std::size_t>(block.count);
  if (scheme.refit_largest) {
    trials.largest = 3 * search_block_scale({block.target, count}, {block.weight, count}, 4);
    if (trials.largest <= 0) return 0;
  }
  for (std::size_t i = 0; i < count; ++i) block.root_weight[i] = std::sqrt(block.weight[i]);
  ScaleFit fit = search_scale(scheme.lattice, block, trials);
  const unsigned again = groups_to_round_again(scheme.again, fit.moved);
  if (again != 0 && fit.scale > 0) refine_scale(scheme.lattice, block, again, fit);
  const unsigned flip = fit.scale < 0 ? 255 : 0;
  for (int k = 0; k < block.count / 8; ++k)
    out.signs[first / 8 + k] = static_cast<std::uint8_t>((signs[k] ^ flip) & (scheme.even_signs ? 127 : 255));
  const int values = scheme.lattice.values();
  for (int k = 0; k < block.count / values; ++k)
    out.index[first / values + k] = static_cast<std::uint16_t>(scheme.lattice.index(fit.codes[k]));
  return std::fabs(fit.scale);
}

}  // namespace

MagnitudeCodes encode_magnitudes(const MagnitudeScheme& scheme, const SuperBlock& block) {
  MagnitudeCodes out{};
  float scales[16];
  const int count = SuperBlock::kValues / scheme.scaled;
  for (int number = 0; number < count; ++number) scales[number] = encode_scaled(scheme, block, number, out);
  const ScaleCodes codes = code_scales({scales, static_cast<std::size_t>(count)}, 15);
  if (!(codes.d > 0)) return {};
  out.d = f32_to_f16(codes.d * scheme.stored_factor);
  std::copy(std::begin(codes.codes), std::end(codes.codes), out.scales);
  return out;
}

}  // namespace glim
