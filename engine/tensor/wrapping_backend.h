#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include "engine/tensor/backend.h"

namespace glim {

/// Everything is what another backend does. A class of its own adds ops(), and changes what it must.
class WrappingBackend : public Backend {
 public:
  explicit WrappingBackend(std::unique_ptr<Backend> backend)
      : owned_(std::move(backend)), backend_(*owned_) {}
  explicit WrappingBackend(Backend& backend) : backend_(backend) {}  ///< which outlives this

  std::string_view name() const override { return backend_.name(); }
  std::string description() const override { return backend_.description(); }
  std::unique_ptr<Buffer> allocate(std::uint64_t bytes, std::string_view what) override {
    return backend_.allocate(bytes, what);
  }
  std::unique_ptr<Buffer> allocate_shared(std::uint64_t bytes, std::string_view what) override {
    return backend_.allocate_shared(bytes, what);
  }
  std::unique_ptr<Buffer> prepare(std::span<const std::byte> file_bytes, Tensor& tensor) override {
    return backend_.prepare(file_bytes, tensor);
  }
  bool reads_weights() const override { return backend_.reads_weights(); }
  bool copies_weights() const override { return backend_.copies_weights(); }
  void copy(const Buffer& buffer, std::uint64_t from, std::uint64_t to, std::uint64_t bytes) override {
    backend_.copy(buffer, from, to, bytes);
  }
  std::uint64_t reserve(const StepSizes& sizes) override { return backend_.reserve(sizes); }
  Ops& ops() override { return backend_.ops(); }
  Backend& holder(std::string_view weight) override { return own(backend_.holder(weight)); }
  Backend& cache_holder(std::int32_t layer) override { return own(backend_.cache_holder(layer)); }
  MemoryBytes memory() const override { return Backend::memory() + backend_.memory(); }

 protected:
  Backend& wrapped() const { return backend_; }

 private:
  /// What the other backend would take itself comes through this one.
  Backend& own(Backend& holder) { return &holder == &backend_ ? *this : holder; }

  std::unique_ptr<Backend> owned_;
  Backend& backend_;
};

}  // namespace glim
