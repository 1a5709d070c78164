#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "engine/tensor/ops.h"

namespace glim {

/// Where memory lives and who computes. One owner thread.
class Backend {
 public:
  virtual ~Backend() = default;
  virtual std::string_view name() const = 0;    ///< "reference", "cpu", "vulkan"
  virtual std::string description() const = 0;  ///< for people: processor, instruction set, threads

  /// Zero-filled memory. Throws E201 naming `what` when there is not enough.
  virtual std::unique_ptr<Buffer> allocate(std::uint64_t bytes, std::string_view what) = 0;

  /// The same, but memory that the host reads and writes too: Buffer::host() is not null.
  virtual std::unique_ptr<Buffer> allocate_shared(std::uint64_t bytes, std::string_view what) {
    return allocate(bytes, what);
  }

  /// Takes a weight in file layout; the bytes outlive the returned buffer. A backend that reads the file
  /// layout returns a view of them; one with a layout of its own copies. `tensor` has its buffer and offset
  /// set on return. Factors (Tensor::scales) belong to the weight and are taken with it.
  virtual std::unique_ptr<Buffer> prepare(std::span<const std::byte> file_bytes, Tensor& tensor) = 0;

  /// Copies bytes from offset `from` of a buffer to offset `to`; the ranges do not overlap. Between steps.
  virtual void copy(const Buffer& buffer, std::uint64_t from, std::uint64_t to, std::uint64_t bytes) {
    std::memcpy(buffer.host() + to, buffer.host() + from, bytes);
  }

  virtual Ops& ops() = 0;
};

}  // namespace glim
