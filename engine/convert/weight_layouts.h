#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "engine/convert/weight_matrix.h"

namespace glim {

/// The tensors that make up one matrix, while it is being opened.
struct MatrixParts {
  const Checkpoint& checkpoint;
  std::string base;
  std::set<std::string_view>& used;

  const SafeTensor* find(std::string_view suffix) const;         ///< marks it as used; null when absent
  const SafeTensor& require(std::string_view suffix) const;      ///< throws E112
  [[noreturn]] void unsupported(const std::string& what) const;  ///< E111
  [[noreturn]] void misshapen(const SafeTensor& tensor) const;   ///< E112
  [[noreturn]] void unusable(const SafeTensor& tensor, const std::string& what) const;  ///< E113
};

/// One opener per way of storing a matrix.
std::unique_ptr<WeightMatrix> open_float(const MatrixParts& parts);         ///< X.weight, FP8 with its scales
std::unique_ptr<WeightMatrix> open_packed_int4(const MatrixParts& parts);   ///< compressed-tensors
std::unique_ptr<WeightMatrix> open_awq(const MatrixParts& parts);           ///< AutoAWQ, "gemm" version
std::unique_ptr<WeightMatrix> open_packed_nvfp4(const MatrixParts& parts);  ///< compressed-tensors
std::unique_ptr<WeightMatrix> open_modelopt_nvfp4(const MatrixParts& parts);  ///< ModelOpt
std::unique_ptr<WeightMatrix> open_float_tensor(const MatrixParts& parts, const SafeTensor& tensor);

template <typename T>
T load_at(const SafeTensor& tensor, std::int64_t index) {
  T value;
  std::memcpy(&value, tensor.data.data() + index * static_cast<std::int64_t>(sizeof(T)), sizeof(T));
  return value;
}

/// Floating-point element types of 16 and 32 bits.
bool is_float(SafeType type);
/// Element `index` of a tensor of such a type.
float load_float(const SafeTensor& tensor, std::int64_t index);
/// The number of E4M3: no infinities, NaN for 0x7f and 0xff. Source: OCP 8-bit Floating Point 1.0.
float e4m3_to_f32(std::uint8_t bits);

}  // namespace glim
