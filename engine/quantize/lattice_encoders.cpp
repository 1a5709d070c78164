#include "engine/quantize/lattice_encoders.h"

namespace glim {
namespace {

constexpr Encoder kEncoders[] = {
    {QuantType::iq2_xxs, true, encode_iq2_xxs}, {QuantType::iq2_xs, true, encode_iq2_xs},
    {QuantType::iq2_s, false, encode_iq2_s},    {QuantType::iq3_xxs, false, encode_iq3_xxs},
    {QuantType::iq3_s, false, encode_iq3_s},    {QuantType::iq1_s, true, encode_iq1_s},
    {QuantType::iq1_m, false, encode_iq1_m},
};

}  // namespace

std::span<const Encoder> lattice_encoders() {
  return kEncoders;
}

}  // namespace glim
