#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace glim {

/// Storage formats of weights and of the KV cache, one per row of quant_types.def. The value is the GGUF type
/// code, or above all of those.
enum class QuantType : std::uint32_t {
#define QUANT(id, code, values, bytes) id = code,
#include "engine/quant/quant_types.def"
#undef QUANT
};

struct QuantInfo {
  QuantType type;
  std::string_view name;       ///< lower case, as in profiles and file names: "q4_k"
  std::uint32_t block_values;  ///< values that share one block
  std::uint32_t block_bytes;
  double bits_per_value() const { return 8.0 * block_bytes / block_values; }
};

inline constexpr std::array kQuants = {
#define QUANT(id, code, values, bytes) QuantInfo{QuantType::id, #id, values, bytes},
#include "engine/quant/quant_types.def"
#undef QUANT
};

const QuantInfo& quant(QuantType type);
/// The format of weights with this code; nothing for other formats.
std::optional<QuantType> quant_from_code(std::uint32_t gguf_code);
std::optional<QuantType> quant_from_name(std::string_view name);

/// Whether files hold weights of this format, as opposed to formats of activations and of the KV cache.
bool holds_weights(QuantType type);

/// Name of any type code that has ever been given out, known to this program or not ("Q4_0_4_4"), for
/// messages; empty for codes nobody has defined.
std::string_view gguf_type_name(std::uint32_t gguf_code);

/// What a type code was given out for.
enum class GgufUse : std::uint8_t { unknown, weights, activations, cache, plain, retired };
GgufUse gguf_type_use(std::uint32_t gguf_code);

/// Type codes from here on are those of the ROCmFP fork, which the makers of GGUF may give out again for
/// something else.
inline constexpr std::uint32_t kFirstForkCode = 100;

/// Codes from here on are our own and stand in no file: formats of the KV cache alone.
inline constexpr std::uint32_t kFirstOwnCode = 0x10000;

/// Bytes of one row of `values` values. `values` is a multiple of the block length.
std::size_t row_bytes(QuantType type, std::int64_t values);

/// Decodes out.size() values (a multiple of the block length) from `row`, which needs no alignment.
void decode_row(QuantType type, const std::byte* row, std::span<float> out);

/// Rounds in.size() values to the format; only for the formats that the KV cache may have (cache_types.h). A
/// row with a value that is not finite decodes to values that are not, unless the format cannot say so.
bool can_encode(QuantType type);
void encode_row(QuantType type, std::span<const float> in, std::byte* row);

}  // namespace glim
