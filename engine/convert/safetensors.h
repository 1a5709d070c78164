#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/base/file_map.h"

namespace glim {

/// Element types of safetensors files.
enum class SafeType : std::uint8_t {
  boolean,
  u8,
  i8,
  f8_e4m3,
  f8_e5m2,
  f8_e8m0,
  u16,
  i16,
  f16,
  bf16,
  u32,
  i32,
  f32,
  u64,
  i64,
  f64,
};

struct SafeTypeInfo {
  SafeType type;
  std::string_view name;  ///< as in the file
  std::uint32_t bytes;
};

inline constexpr std::array kSafeTypes = {
    SafeTypeInfo{SafeType::boolean, "BOOL", 1},    SafeTypeInfo{SafeType::u8, "U8", 1},
    SafeTypeInfo{SafeType::i8, "I8", 1},           SafeTypeInfo{SafeType::f8_e4m3, "F8_E4M3", 1},
    SafeTypeInfo{SafeType::f8_e5m2, "F8_E5M2", 1}, SafeTypeInfo{SafeType::f8_e8m0, "F8_E8M0", 1},
    SafeTypeInfo{SafeType::u16, "U16", 2},         SafeTypeInfo{SafeType::i16, "I16", 2},
    SafeTypeInfo{SafeType::f16, "F16", 2},         SafeTypeInfo{SafeType::bf16, "BF16", 2},
    SafeTypeInfo{SafeType::u32, "U32", 4},         SafeTypeInfo{SafeType::i32, "I32", 4},
    SafeTypeInfo{SafeType::f32, "F32", 4},         SafeTypeInfo{SafeType::u64, "U64", 8},
    SafeTypeInfo{SafeType::i64, "I64", 8},         SafeTypeInfo{SafeType::f64, "F64", 8},
};

const SafeTypeInfo& safe_type(SafeType type);
std::optional<SafeType> safe_type_from_name(std::string_view name);

/// Hard limits on what a header may state. Source: the format's reference reader for the header's size.
struct SafetensorsLimits {
  static constexpr std::uint64_t header_bytes = 100'000'000;
  static constexpr std::size_t tensors = std::size_t{1} << 20;
  static constexpr std::size_t name_bytes = 1024;
  static constexpr std::size_t dimensions = 8;
  static constexpr std::uint64_t values = 1ull << 48;
};

/// One tensor; every field has been checked against the file. Row-major: the last size varies fastest.
struct SafeTensor {
  std::string name;
  SafeType type;
  std::vector<std::int64_t> shape;  ///< empty for a scalar; sizes may be 0
  std::span<const std::byte> data;  ///< in the mapping, at any alignment
  std::int64_t values() const;
};

/// A memory-mapped safetensors file. The constructor reads and checks the header: the tensors lie in the data
/// area without gap or overlap and each is as large as its shape says. After it, all views are safe to use
/// from any thread. Layout: safetensors format. Throws Error E101, E104, E111, E120 naming file and tensor.
class SafetensorsFile {
 public:
  explicit SafetensorsFile(const std::filesystem::path& path);

  const std::filesystem::path& path() const { return map_.path(); }
  const std::vector<SafeTensor>& tensors() const { return tensors_; }  ///< in the order of their data
  const SafeTensor* tensor(std::string_view name) const;
  bool damaged() const { return map_.damaged(); }  ///< it has become shorter since

 private:
  FileMap map_;
  std::vector<SafeTensor> tensors_;
  std::unordered_map<std::string_view, std::size_t> index_;
};

}  // namespace glim
