#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "engine/base/error.h"

namespace glim {

/// Reads little-endian values one after another from bytes that cannot be trusted. Every read is checked
/// against what remains; running out throws E104, a count beyond its limit E105. Messages name the file, what
/// was being read (see enter) and the byte offset. Views point into the bytes.
class ByteCursor {
 public:
  /// `file` is the name for messages, already safe to print.
  ByteCursor(std::span<const std::byte> bytes, std::string file) : bytes_(bytes), file_(std::move(file)) {}

  /// States what is read next: "value of" and the name it belongs to. `what` outlives the cursor.
  void enter(const char* what, std::string_view name = {}) { what_ = what, name_ = name; }

  template <typename T>
  T number() {
    T value;
    std::memcpy(&value, take(sizeof value).data(), sizeof value);
    return value;
  }

  std::span<const std::byte> take(std::uint64_t count);

  /// A u64 that says how many items follow, each at least `bytes_each` long; at most `limit`. Checked against
  /// what remains, so that the caller may allocate for it.
  std::uint64_t count(std::uint64_t limit, std::uint64_t bytes_each);

  /// A u64 length and as many bytes.
  std::string_view text(std::uint64_t limit);

  std::uint64_t position() const { return position_; }
  std::uint64_t remaining() const { return bytes_.size() - position_; }
  std::uint64_t size() const { return bytes_.size(); }
  const std::string& file() const { return file_; }

  /// "FILE: PLACE at byte N: SENTENCE"
  [[noreturn]] void fail(ErrorCode code, const std::string& sentence) const;

 private:
  std::span<const std::byte> bytes_;
  std::string file_;
  std::uint64_t position_ = 0;
  const char* what_ = "header";
  std::string_view name_;
};

}  // namespace glim
