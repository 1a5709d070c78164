#include <cfloat>

#include "engine/quant/iq3_s.h"
#include "engine/quant/iq3_xxs.h"
#include "engine/quantize/lattice_encoders.h"
#include "engine/quantize/lattice_magnitudes.h"

namespace glim {

void encode_iq3_xxs(const EncodeRow& row, std::byte* out) {
  const MagnitudeScheme scheme{.lattice = iq3_xxs_lattice(),
                               .scaled = 32,
                               .trials = {.largest = 0, .reach = 15, .step = 0.2f},
                               .plain_weight = PlainWeight::square,
                               .zero = 1e-8f,
                               .even_signs = true,
                               .refit_largest = false,
                               .again = MagnitudeScheme::Again::moved,
                               .stored_factor = 1.0125f};
  encode_super_blocks<QuantType::iq3_xxs>(row, 2.0f, out, [&](const SuperBlock& super, auto& block) {
    const MagnitudeCodes codes = encode_magnitudes(scheme, super);
    block.d = codes.d;
    for (int k = 0; k < 64; ++k) block.qs[k] = static_cast<std::uint8_t>(codes.index[k]);
    for (int group = 0; group < 8; ++group) {
      std::uint32_t word = static_cast<std::uint32_t>(codes.scales[group]) << 28;
      for (int k = 0; k < 4; ++k) word |= static_cast<std::uint32_t>(codes.signs[4 * group + k]) << (7 * k);
      std::memcpy(block.signs + 4 * group, &word, sizeof word);
    }
  });
}

void encode_iq3_s(const EncodeRow& row, std::byte* out) {
  const MagnitudeScheme scheme{.lattice = iq3_s_lattice(),
                               .scaled = 32,
                               .trials = {.largest = 0, .reach = 9, .step = 0.2f},
                               .plain_weight = PlainWeight::square,
                               .zero = FLT_TRUE_MIN,
                               .even_signs = false,
                               .refit_largest = false,
                               .again = MagnitudeScheme::Again::all_if_moved,
                               .stored_factor = 1.033f};
  encode_super_blocks<QuantType::iq3_s>(row, 2.0f, out, [&](const SuperBlock& super, auto& block) {
    const MagnitudeCodes codes = encode_magnitudes(scheme, super);
    block.d = codes.d;
    for (int k = 0; k < 64; ++k) {
      block.qs[k] = static_cast<std::uint8_t>(codes.index[k]);
      block.qh[k / 8] = static_cast<std::uint8_t>(block.qh[k / 8] | codes.index[k] >> 8 << (k % 8));
    }
    for (int k = 0; k < 32; ++k) block.signs[k] = codes.signs[k];
    for (int g = 0; g < 4; ++g)
      block.scales[g] = static_cast<std::uint8_t>(codes.scales[2 * g] | codes.scales[2 * g + 1] << 4);
  });
}

}  // namespace glim
