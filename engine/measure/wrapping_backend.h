#pragma once

#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include "engine/tensor/backend.h"

namespace glim {

/// Everything but the stages is what another backend does, which it owns. A class of its own adds ops(), and
/// changes what it must.
class WrappingBackend : public Backend {
 public:
  explicit WrappingBackend(std::unique_ptr<Backend> backend) : backend_(std::move(backend)) {}

  std::string_view name() const override { return backend_->name(); }
  std::string description() const override { return backend_->description(); }
  std::unique_ptr<Buffer> allocate(std::uint64_t bytes, std::string_view what) override {
    return backend_->allocate(bytes, what);
  }
  std::unique_ptr<Buffer> allocate_shared(std::uint64_t bytes, std::string_view what) override {
    return backend_->allocate_shared(bytes, what);
  }
  std::unique_ptr<Buffer> prepare(std::span<const std::byte> file_bytes, Tensor& tensor) override {
    return backend_->prepare(file_bytes, tensor);
  }
  bool reads_weights() const override { return backend_->reads_weights(); }
  bool copies_weights() const override { return backend_->copies_weights(); }
  void copy(const Buffer& buffer, std::uint64_t from, std::uint64_t to, std::uint64_t bytes) override {
    backend_->copy(buffer, from, to, bytes);
  }
  std::uint64_t reserve(const StepSizes& sizes) override { return backend_->reserve(sizes); }

 protected:
  Backend& wrapped() const { return *backend_; }

 private:
  std::unique_ptr<Backend> backend_;
};

}  // namespace glim
