#include <algorithm>
#include <cmath>

#include "engine/base/half.h"
#include "engine/quant/iq1_m.h"
#include "engine/quant/iq1_s.h"
#include "engine/quantize/iq1_search.h"
#include "engine/quantize/lattice_blocks.h"
#include "engine/quantize/lattice_encoders.h"

namespace glim {
namespace {

constexpr int kTopScale = 7;

/// False where every value is below `zero`: such a group keeps index 0 and scale 0.
bool take_group(const SuperBlock& super, int first, float zero, Iq1Group& group) {
  std::copy_n(super.values + first, group.count, group.x);
  error_weights(super, PlainWeight::square, first, group.count, group.weight);
  float largest = 0;
  for (int i = 0; i < group.count; ++i) largest = std::max(largest, std::fabs(group.x[i]));
  return !(largest < zero);
}

void encode_iq1_s_block(const SuperBlock& super, Quant<QuantType::iq1_s>::Block& block) {
  float scales[8] = {};
  bool negative[8] = {};
  for (int g = 0; g < 8; ++g) {
    Iq1Group group{.x = {}, .weight = {}, .count = 32};
    if (!take_group(super, 32 * g, 1e-12f, group)) continue;
    const Iq1Fit fit = fit_iq1_s(group);
    for (int k = 0; k < 4; ++k) {
      block.qs[4 * g + k] = static_cast<std::uint8_t>(fit.index[k]);
      block.qh[g] = static_cast<std::uint16_t>(block.qh[g] | fit.index[k] >> 8 << (3 * k));
    }
    scales[g] = fit.scale;
    negative[g] = (fit.negative & 1) != 0;
  }
  const ScaleCodes codes = code_scales(scales, kTopScale);
  if (!(codes.d > 0)) {
    block = {};
    return;
  }
  block.d = f32_to_f16(codes.d * 1.125f);
  for (int g = 0; g < 8; ++g)
    block.qh[g] = static_cast<std::uint16_t>(block.qh[g] | codes.codes[g] << 12 | (negative[g] ? 0x8000 : 0));
}

/// The least squares scale of a super-block whose codes are all chosen.
struct SuperScale {
  float wxq = 0, wqq = 0;

  void add(const Iq1Group& group, const Iq1Fit& fit, int scale) {
    for (int i = 0; i < group.count; ++i) {
      const float level = kIq1Levels[fit.negative >> (i / 8) & 1][fit.codes[i / 8] >> (2 * (i % 8)) & 3];
      const float q = level * static_cast<float>(2 * scale + 1);
      wxq += group.weight[i] * q * group.x[i];
      wqq += group.weight[i] * q * q;
    }
  }
};

void encode_iq1_m_block(const SuperBlock& super, Quant<QuantType::iq1_m>::Block& block) {
  Iq1Group groups[16];
  Iq1Fit fits[16] = {};
  float scales[16] = {};
  for (int g = 0; g < 16; ++g) {
    groups[g] = {.x = {}, .weight = {}, .count = 16};
    if (!take_group(super, 16 * g, 1e-7f, groups[g])) continue;
    fits[g] = fit_iq1_m(groups[g]);
    scales[g] = fits[g].scale;
  }
  const ScaleCodes codes = code_scales(scales, kTopScale);
  if (!(codes.d > 0)) return;
  SuperScale fitted;
  unsigned words[4] = {};
  for (int g = 0; g < 16; ++g) {
    const Iq1Fit& fit = fits[g];
    for (int k = 0; k < 2; ++k) {
      block.qs[2 * g + k] = static_cast<std::uint8_t>(fit.index[k]);
      const unsigned high = fit.index[k] >> 8 | (fit.negative >> k & 1) << 3;
      block.qh[g] = static_cast<std::uint8_t>(block.qh[g] | high << (4 * k));
    }
    words[g / 4] |= static_cast<unsigned>(codes.codes[g]) << (3 * (g % 4));
    fitted.add(groups[g], fit, codes.codes[g]);
  }
  const float d = fitted.wqq > 0 ? fitted.wxq / fitted.wqq : codes.d;
  const unsigned bits = f32_to_f16(d * 1.1125f);
  for (int i = 0; i < 4; ++i) {
    words[i] |= (bits >> (4 * i) & 15) << 12;
    block.scales[2 * i] = static_cast<std::uint8_t>(words[i]);
    block.scales[2 * i + 1] = static_cast<std::uint8_t>(words[i] >> 8);
  }
}

}  // namespace

void encode_iq1_s(const EncodeRow& row, std::byte* out) {
  encode_super_blocks<QuantType::iq1_s>(row, 2.0f, out, encode_iq1_s_block);
}

void encode_iq1_m(const EncodeRow& row, std::byte* out) {
  encode_super_blocks<QuantType::iq1_m>(row, 2.0f, out, encode_iq1_m_block);
}

}  // namespace glim
