#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "engine/tensor/ops.h"

namespace glim {

/// The largest step there will be, for what a backend needs besides the buffers that it is asked for.
struct StepSizes {
  std::int64_t rows = 1;        ///< T
  std::int64_t activation = 0;  ///< values of the longest row that a stage keeps for itself
  std::int64_t weight = 0;      ///< values of the longest row of a weight
  std::int64_t shared = 0;      ///< values of a row that it keeps beside that one
  std::int64_t cache = 0;       ///< R+P
};

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

  /// False where prepare() only looks at the size of weights, so that nobody need read them before.
  virtual bool reads_weights() const { return true; }

  /// Whether what prepare() took is no longer read from the bytes that it was given. A buffer whose host() is
  /// those bytes was not taken.
  virtual bool copies_weights() const { return false; }

  /// Copies bytes from offset `from` of a buffer to offset `to`; the ranges do not overlap. Between steps.
  virtual void copy(const Buffer& buffer, std::uint64_t from, std::uint64_t to, std::uint64_t bytes) {
    std::memcpy(buffer.host() + to, buffer.host() + from, bytes);
  }

  /// Takes what the stages need for themselves in steps of these sizes. Returns its bytes. Throws E201.
  virtual std::uint64_t reserve(const StepSizes&) { return 0; }

  virtual Ops& ops() = 0;

  /// Who takes the weight of this name and the cache of this layer, where several share a model.
  virtual Backend& holder(std::string_view /*weight*/) { return *this; }
  virtual Backend& cache_holder(std::int32_t /*layer*/) { return *this; }

  // The same, counted: what a model takes for its weights, its cache and its steps. A prepared weight counts
  // with its bytes, wherever they lie.
  std::unique_ptr<Buffer> take(std::uint64_t bytes, MemoryUse use) {
    return counted(allocate(bytes, use == MemoryUse::cache ? "KV cache" : "activations"), use);
  }
  std::unique_ptr<Buffer> take_shared(std::uint64_t bytes, MemoryUse use) {
    return counted(allocate_shared(bytes, "activations"), use);
  }
  std::unique_ptr<Buffer> take_weight(std::span<const std::byte> file_bytes, Tensor& tensor) {
    return counted(prepare(file_bytes, tensor), MemoryUse::weights);
  }
  void take_reserve(const StepSizes& sizes) { meter_.add(MemoryUse::scratch, reserve(sizes)); }
  virtual MemoryBytes memory() const { return meter_.bytes(); }

 private:
  std::unique_ptr<Buffer> counted(std::unique_ptr<Buffer> buffer, MemoryUse use) {
    buffer->count(meter_, use);
    return buffer;
  }

  MemoryMeter meter_;
};

}  // namespace glim
