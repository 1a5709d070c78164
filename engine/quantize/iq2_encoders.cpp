#include "engine/quant/iq2_s.h"
#include "engine/quant/iq2_xs.h"
#include "engine/quant/iq2_xxs.h"
#include "engine/quantize/lattice_encoders.h"
#include "engine/quantize/lattice_magnitudes.h"

namespace glim {
namespace {

/// Sixteen codes of four bits, two to a byte.
void pack_nibbles(const std::uint8_t (&codes)[16], std::uint8_t (&out)[8]) {
  for (int i = 0; i < 8; ++i) out[i] = static_cast<std::uint8_t>(codes[2 * i] | codes[2 * i + 1] << 4);
}

}  // namespace

void encode_iq2_xxs(const EncodeRow& row, std::byte* out) {
  const MagnitudeScheme scheme{.lattice = iq2_xxs_lattice(),
                               .scaled = 32,
                               .trials = {.largest = 0, .reach = 6, .step = 0.1f},
                               .plain_weight = PlainWeight::square,
                               .zero = 1e-15f,
                               .even_signs = true,
                               .refit_largest = true,
                               .again = MagnitudeScheme::Again::all,
                               .stored_factor = 1.0f};
  encode_super_blocks<QuantType::iq2_xxs>(row, 1.0f, out, [&](const SuperBlock& super, auto& block) {
    const MagnitudeCodes codes = encode_magnitudes(scheme, super);
    block.d = codes.d;
    for (int group = 0; group < 8; ++group) {
      std::uint8_t* qs = block.qs + 8 * group;
      std::uint32_t word = static_cast<std::uint32_t>(codes.scales[group]) << 28;
      for (int k = 0; k < 4; ++k) {
        qs[k] = static_cast<std::uint8_t>(codes.index[4 * group + k]);
        word |= static_cast<std::uint32_t>(codes.signs[4 * group + k]) << (7 * k);
      }
      std::memcpy(qs + 4, &word, sizeof word);
    }
  });
}

void encode_iq2_xs(const EncodeRow& row, std::byte* out) {
  const MagnitudeScheme scheme{.lattice = iq2_xs_lattice(),
                               .scaled = 16,
                               .trials = {.largest = 0, .reach = 9, .step = 0.1f},
                               .plain_weight = PlainWeight::square,
                               .zero = 1e-15f,
                               .even_signs = true,
                               .refit_largest = false,
                               .again = MagnitudeScheme::Again::moved,
                               .stored_factor = 1.0f};
  encode_super_blocks<QuantType::iq2_xs>(row, 1.0f, out, [&](const SuperBlock& super, auto& block) {
    const MagnitudeCodes codes = encode_magnitudes(scheme, super);
    block.d = codes.d;
    for (int k = 0; k < 32; ++k)
      block.qs[k] = static_cast<std::uint16_t>(codes.index[k] | codes.signs[k] << 9);
    pack_nibbles(codes.scales, block.scales);
  });
}

void encode_iq2_s(const EncodeRow& row, std::byte* out) {
  const MagnitudeScheme scheme{.lattice = iq2_s_lattice(),
                               .scaled = 16,
                               .trials = {.largest = 0, .reach = 9, .step = 0.1f},
                               .plain_weight = PlainWeight::square_and_quarter_variance,
                               .zero = 1e-8f,
                               .even_signs = false,
                               .refit_largest = false,
                               .again = MagnitudeScheme::Again::moved,
                               .stored_factor = 0.9875f};
  encode_super_blocks<QuantType::iq2_s>(row, 2.0f, out, [&](const SuperBlock& super, auto& block) {
    const MagnitudeCodes codes = encode_magnitudes(scheme, super);
    block.d = codes.d;
    for (int k = 0; k < 32; ++k) {
      block.qs[k] = static_cast<std::uint8_t>(codes.index[k]);
      block.qh[k / 4] = static_cast<std::uint8_t>(block.qh[k / 4] | codes.index[k] >> 8 << (2 * (k % 4)));
      block.signs[k] = codes.signs[k];
    }
    pack_nibbles(codes.scales, block.scales);
  });
}

}  // namespace glim
