#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "engine/gguf/gguf_file.h"

namespace glim {

/// A metadata value to be written; the alternative is the kind in the file.
using GgufOut =
    std::variant<std::uint8_t, std::int8_t, std::uint16_t, std::int16_t, std::uint32_t, std::int32_t, float,
                 bool, std::string, std::uint64_t, std::int64_t, double, std::vector<std::int32_t>,
                 std::vector<std::uint32_t>, std::vector<float>, std::vector<bool>, std::vector<std::string>>;

/// Bytes of a file's header in the making; numbers go low byte first.
class HeaderBytes {
 public:
  template <typename T>
  void number(T value) {
    raw(std::as_bytes(std::span(&value, 1)));
  }
  void text(std::string_view text) {
    number(std::uint64_t{text.size()});
    raw(std::as_bytes(std::span(text)));
  }
  void raw(std::span<const std::byte> bytes) { bytes_.insert(bytes_.end(), bytes.begin(), bytes.end()); }
  void pad(std::size_t alignment) { bytes_.resize((bytes_.size() + alignment - 1) / alignment * alignment); }

  const std::vector<std::byte>& bytes() const { return bytes_; }

 private:
  std::vector<std::byte> bytes_;
};

/// A value as it stands behind its key: kind and content.
std::vector<std::byte> encode_value(const GgufOut& value);
std::vector<std::byte> encode_value(const GgufValue& value);

}  // namespace glim
