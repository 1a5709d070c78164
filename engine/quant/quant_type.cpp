#include "engine/quant/quant_type.h"

#include <algorithm>
#include <cstring>

#include "engine/base/error.h"
#include "engine/quant/cache_types.h"
#include "engine/quant/formats.h"

namespace glim {
namespace {

struct TypeName {
  std::uint32_t code;
  std::string_view name;
  GgufUse use = GgufUse::weights;
};

/// Every type code that GGUF or the ROCmFP fork has given out, retired ones included.
constexpr TypeName kTypeNames[] = {
    {0, "F32"},
    {1, "F16"},
    {2, "Q4_0"},
    {3, "Q4_1"},
    {4, "Q4_2", GgufUse::retired},
    {5, "Q4_3", GgufUse::retired},
    {6, "Q5_0"},
    {7, "Q5_1"},
    {8, "Q8_0"},
    {9, "Q8_1", GgufUse::activations},
    {10, "Q2_K"},
    {11, "Q3_K"},
    {12, "Q4_K"},
    {13, "Q5_K"},
    {14, "Q6_K"},
    {15, "Q8_K", GgufUse::activations},
    {16, "IQ2_XXS"},
    {17, "IQ2_XS"},
    {18, "IQ3_XXS"},
    {19, "IQ1_S"},
    {20, "IQ4_NL"},
    {21, "IQ3_S"},
    {22, "IQ2_S"},
    {23, "IQ4_XS"},
    {24, "I8", GgufUse::plain},
    {25, "I16", GgufUse::plain},
    {26, "I32", GgufUse::plain},
    {27, "I64", GgufUse::plain},
    {28, "F64", GgufUse::plain},
    {29, "IQ1_M"},
    {30, "BF16"},
    {31, "Q4_0_4_4", GgufUse::retired},
    {32, "Q4_0_4_8", GgufUse::retired},
    {33, "Q4_0_8_8", GgufUse::retired},
    {34, "TQ1_0"},
    {35, "TQ2_0"},
    {36, "IQ4_NL_4_4", GgufUse::retired},
    {37, "IQ4_NL_4_8", GgufUse::retired},
    {38, "IQ4_NL_8_8", GgufUse::retired},
    {39, "MXFP4"},
    {40, "NVFP4"},
    {41, "Q1_0"},
    {100, "Q4_0_ROCMFP4"},
    {101, "Q4_0_ROCMFP4_FAST"},
    {102, "Q6_0_ROCMFPX"},
    {103, "Q8_0_ROCMFPX"},
    {104, "Q3_0_ROCMFPX"},
    {105, "TURBO3_0", GgufUse::cache},
    {106, "TURBO4_0", GgufUse::cache},
};

const TypeName* find_code(std::uint32_t code) {
  for (const TypeName& row : kTypeNames) {
    if (row.code == code) return &row;
  }
  return nullptr;
}

template <QuantType type>
concept Encodable = requires(const float* in, typename Quant<type>::Block& block) {
  Quant<type>::encode(in, block);
};

#define QUANT(id, code, values, bytes) \
  static_assert(Encodable<QuantType::id> == is_cache_type(QuantType::id), #id);
#include "engine/quant/quant_types.def"
#undef QUANT

template <QuantType type>
void decode_blocks(const std::byte* row, std::span<float> out) {
  using Format = Quant<type>;
  GLIM_ASSERT(out.size() % Format::kValues == 0);
  typename Format::Block block;
  for (std::size_t i = 0; i < out.size(); i += Format::kValues) {
    std::memcpy(&block, row, sizeof block);
    Format::decode(block, out.data() + i);
    row += sizeof block;
  }
}

template <QuantType type>
void encode_blocks(std::span<const float> in, std::byte* row) {
  using Format = Quant<type>;
  GLIM_ASSERT(in.size() % Format::kValues == 0);
  if constexpr (Encodable<type>) {
    typename Format::Block block;
    for (std::size_t i = 0; i < in.size(); i += Format::kValues) {
      Format::encode(in.data() + i, block);
      std::memcpy(row, &block, sizeof block);
      row += sizeof block;
    }
  } else {
    GLIM_ASSERT(can_encode(type));
  }
}

/// What the rest of the file dispatches on, in the order of kQuants.
struct Codec {
  bool encodable;
  void (*decode)(const std::byte* row, std::span<float> out);
  void (*encode)(std::span<const float> in, std::byte* row);
};

constexpr Codec kCodecs[] = {
#define QUANT(id, code, values, bytes) \
  {Encodable<QuantType::id>, decode_blocks<QuantType::id>, encode_blocks<QuantType::id>},
#include "engine/quant/quant_types.def"
#undef QUANT
};

const Codec& codec(QuantType type) {
  return kCodecs[&quant(type) - kQuants.data()];
}

/// Places in kQuants of the formats that files have, by code; kQuants.size() is none.
constexpr auto kPlaces = [] {
  std::array<std::size_t, 128> places{};
  places.fill(kQuants.size());
  for (std::size_t i = 0; i < kQuants.size(); ++i) {
    const auto code = static_cast<std::size_t>(kQuants[i].type);
    if (code < places.size()) places[code] = i;
  }
  return places;
}();

}  // namespace

const QuantInfo& quant(QuantType type) {
  const auto code = static_cast<std::size_t>(type);
  if (code < kPlaces.size() && kPlaces[code] < kQuants.size()) return kQuants[kPlaces[code]];
  const auto* found =
      std::find_if(kQuants.begin(), kQuants.end(), [type](auto& q) { return q.type == type; });
  GLIM_ASSERT(found != kQuants.end());
  return *found;
}

bool holds_weights(QuantType type) {
  return gguf_type_use(static_cast<std::uint32_t>(type)) == GgufUse::weights;
}

std::optional<QuantType> quant_from_code(std::uint32_t gguf_code) {
  for (const QuantInfo& info : kQuants) {
    if (static_cast<std::uint32_t>(info.type) == gguf_code && holds_weights(info.type)) return info.type;
  }
  return std::nullopt;
}

std::optional<QuantType> quant_from_name(std::string_view name) {
  for (const QuantInfo& info : kQuants) {
    if (info.name == name) return info.type;
  }
  return std::nullopt;
}

std::string_view gguf_type_name(std::uint32_t gguf_code) {
  const TypeName* found = find_code(gguf_code);
  return found == nullptr ? std::string_view() : found->name;
}

GgufUse gguf_type_use(std::uint32_t gguf_code) {
  const TypeName* found = find_code(gguf_code);
  return found == nullptr ? GgufUse::unknown : found->use;
}

std::size_t row_bytes(QuantType type, std::int64_t values) {
  const QuantInfo& info = quant(type);
  GLIM_ASSERT(values >= 0 && values % info.block_values == 0);
  return static_cast<std::size_t>(values) / info.block_values * info.block_bytes;
}

void decode_row(QuantType type, const std::byte* row, std::span<float> out) {
  codec(type).decode(row, out);
}

bool can_encode(QuantType type) {
  return codec(type).encodable;
}

void encode_row(QuantType type, std::span<const float> in, std::byte* row) {
  codec(type).encode(in, row);
}

}  // namespace glim
