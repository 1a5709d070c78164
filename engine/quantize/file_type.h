#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "engine/quant/quant_type.h"

namespace glim {

/// A name such as Q4_K_M: which formats the tensors of a file have. One per row of file_types.def.
struct FileType {
  std::string_view name;
  std::uint32_t code;  ///< the value of general.file_type; several names may share one
  QuantType type;      ///< of tensors that no rule names
  std::string_view rules;
  bool needs_importance;
  bool published;  ///< people can download GLM-4.7-Flash in it

  /// The names ending in _L and _XL: the rules of another name, the two ends of the model in q8_0.
  bool has_large_ends() const { return rules != name; }
};

inline constexpr std::array kFileTypes = {
#define FILE_TYPE(name, code, type, rules, importance, published) \
  FileType{#name, code, QuantType::type, #rules, importance, published},
#include "engine/quantize/file_types.def"
#undef FILE_TYPE
};

/// The row of a name in upper or lower case; Q3_K, Q4_K and Q5_K mean their _M. Throws E501 with the nearest
/// name. `place` begins the sentence: the flag or the model name in which it stands.
const FileType& file_type_named(std::string_view name, std::string_view place);

/// Same for the name of a single format that weights can be written in: "q6_k".
QuantType quant_type_named(std::string_view name, std::string_view place);

}  // namespace glim
