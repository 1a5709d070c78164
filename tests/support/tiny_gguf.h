#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "engine/quant/quant_type.h"

namespace glim {

/// Builds a GGUF file for a test: keys and tensors in the order given, offsets padded to `general.alignment`
/// (32 when the key is not set). Nothing is checked, so that broken files can be built too.
class TinyGguf {
 public:
  /// The type in the file is the type of the alternative: 1 is an i32, 1u a u32, 1.0f an f32, "x" a string.
  using Value = std::variant<std::uint8_t, std::int8_t, std::uint16_t, std::int16_t, std::uint32_t,
                             std::int32_t, float, bool, std::string, std::uint64_t, std::int64_t, double,
                             std::vector<std::uint8_t>, std::vector<std::uint32_t>, std::vector<std::int32_t>,
                             std::vector<float>, std::vector<std::string>, std::vector<double>>;

  explicit TinyGguf(std::uint32_t version = 3) : version_(version) {}

  TinyGguf& set(std::string_view key, Value value);        ///< adds the key or replaces its value
  TinyGguf& set_again(std::string_view key, Value value);  ///< adds it even when it exists
  TinyGguf& remove(std::string_view key);

  /// `shape` is fastest varying first. Empty `bytes` means zeros of the right size, written as a hole in the
  /// file.
  TinyGguf& tensor(std::string_view name, QuantType type, std::vector<std::int64_t> shape,
                   std::vector<std::byte> bytes = {});
  TinyGguf& tensor(std::string_view name, std::vector<std::int64_t> shape, std::span<const float> values);
  TinyGguf& remove_tensor(std::string_view name);

  /// Overrides what the directory says about the tensor added last.
  TinyGguf& type_code(std::uint32_t code);
  TinyGguf& offset(std::uint64_t offset);

  std::vector<std::byte> bytes() const;  ///< the whole file
  void write(const std::filesystem::path& path) const;

 private:
  struct Tensor {
    std::string name;
    std::uint32_t code = 0;
    std::vector<std::int64_t> shape;
    std::vector<std::byte> bytes;
    std::uint64_t size = 0;    ///< of the data in the file
    std::uint64_t offset = 0;  ///< that the directory states
    std::uint64_t place = 0;   ///< where the data is written
  };

  std::uint64_t alignment() const;
  std::uint64_t end_of_data() const;
  std::vector<std::byte> header() const;

  std::uint32_t version_;
  std::vector<std::pair<std::string, Value>> metadata_;
  std::vector<Tensor> tensors_;
};

}  // namespace glim
