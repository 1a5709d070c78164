#pragma once

#include "engine/quantize/encoders.h"

namespace glim {

/// The rows of the table of lattice formats.
void encode_iq2_xxs(const EncodeRow& row, std::byte* out);
void encode_iq2_xs(const EncodeRow& row, std::byte* out);
void encode_iq2_s(const EncodeRow& row, std::byte* out);
void encode_iq3_xxs(const EncodeRow& row, std::byte* out);
void encode_iq3_s(const EncodeRow& row, std::byte* out);
void encode_iq1_s(const EncodeRow& row, std::byte* out);
void encode_iq1_m(const EncodeRow& row, std::byte* out);

}  // namespace glim
