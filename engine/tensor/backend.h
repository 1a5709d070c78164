#pragma once

#include <cstdint>
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
  virtual std::string_view name() const = 0;    ///< "reference", "cpu"
  virtual std::string description() const = 0;  ///< for people: processor, instruction set, threads

  /// Zero-filled memory. Throws E201 naming `what` when there is not enough.
  virtual std::unique_ptr<Buffer> allocate(std::uint64_t bytes, std::string_view what) = 0;

  /// Takes a weight in file layout; the bytes outlive the returned buffer. A backend that reads the file
  /// layout returns a view of them; one with a layout of its own copies. `tensor` has its buffer and offset
  /// set on return.
  virtual std::unique_ptr<Buffer> prepare(std::span<const std::byte> file_bytes, Tensor& tensor) = 0;

  virtual Ops& ops() = 0;
};

}  // namespace glim
