#pragma once

#include <cstddef>
#include <cstdint>

#include "engine/base/memory_bytes.h"
#include "engine/quant/quant_type.h"

namespace glim {

/// Memory of one backend. Freed by its destructor, before its Backend goes.
class Buffer {
 public:
  virtual ~Buffer() {
    if (meter_ != nullptr) meter_->remove(use_, size_);
  }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  std::uint64_t size() const { return size_; }
  /// Address as the host sees it, or null when the host cannot.
  std::byte* host() const { return host_; }
  /// From now on its bytes count in `meter`, which outlives it.
  void count(MemoryMeter& meter, MemoryUse use) {
    meter_ = &meter;
    use_ = use;
    meter.add(use, size_);
  }

 protected:
  Buffer(std::byte* host, std::uint64_t size) : host_(host), size_(size) {}

 private:
  std::byte* host_;
  std::uint64_t size_;
  MemoryMeter* meter_ = nullptr;
  MemoryUse use_ = MemoryUse::scratch;
};

/// A view of `batch` matrices of `rows` rows with `cols` values each; the rows of a matrix are packed one
/// after the other. Owns nothing; copying is free. A weight [in, out] of a file has cols = in and rows = out.
struct Tensor {
  QuantType type = QuantType::f32;
  std::int64_t cols = 0, rows = 1, batch = 1;
  const Buffer* buffer = nullptr;
  std::uint64_t offset = 0;       ///< bytes into the buffer
  std::int64_t pitch = 0;         ///< rows from one matrix to the next; 0 where the matrices are packed too
  const float* scales = nullptr;  ///< one factor per matrix on its values; null where all are 1
  std::int64_t cut = 0;           ///< slice() is given multiples of it; 0 where it is not called
  bool interleaved = false;       ///< rows do not lie as in the file but as its backend reads them

  explicit operator bool() const { return buffer != nullptr; }
  std::uint64_t stride() const { return row_bytes(type, cols); }
  std::uint64_t bytes() const {
    return stride() * static_cast<std::uint64_t>(rows * batch);
  }  ///< of the values
  std::byte* host() const { return buffer->host() + offset; }
  std::byte* host_row(std::int64_t row) const { return host() + stride() * static_cast<std::uint64_t>(row); }
  float* floats(std::int64_t row = 0) const { return reinterpret_cast<float*>(host_row(row)); }
  std::int32_t* ints(std::int64_t row = 0) const { return reinterpret_cast<std::int32_t*>(host_row(row)); }

  float scale() const { return scales != nullptr ? *scales : 1.0f; }  ///< of a single matrix

  /// Matrix `index` of the stack.
  Tensor matrix(std::int64_t index) const {
    const std::int64_t step = pitch != 0 ? pitch : rows;
    const std::uint64_t first = offset + stride() * static_cast<std::uint64_t>(step * index);
    return {type, cols,       rows, 1, buffer, first, 0, scales != nullptr ? scales + index : nullptr,
            cut,  interleaved};
  }
  /// Rows [first, first + count) of every matrix.
  Tensor slice(std::int64_t first, std::int64_t count) const {
    const std::int64_t step = pitch != 0 ? pitch : rows;
    const std::uint64_t start = offset + stride() * static_cast<std::uint64_t>(first);
    return {type, cols, count, batch, buffer, start, step, scales, cut, interleaved};
  }
};

}  // namespace glim
