#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string_view>

#include "engine/tensor/backend.h"

namespace glim {

/// What a stage has computed. The values are in memory that the host may change.
struct StageResult {
  std::string_view stage, result;  ///< names of tensor/ops.h
  std::int32_t layer;              ///< -1 outside of layers
  Tensor tensor;
  std::int64_t rows;

  std::span<float> values() const { return {tensor.floats(), static_cast<std::size_t>(rows * tensor.cols)}; }
};

/// Computes with another backend, waits for every stage and hands what it has computed to a function; results
/// that a backend may leave unfinished (of `attend`) are not handed out.
class TracingBackend final : public Backend {
 public:
  using Sink = std::function<void(const StageResult&)>;

  TracingBackend(std::unique_ptr<Backend> backend, Sink sink);
  ~TracingBackend() override;

  std::string_view name() const override { return backend_->name(); }
  std::string description() const override { return backend_->description(); }
  std::unique_ptr<Buffer> allocate(std::uint64_t bytes, std::string_view what) override {
    return backend_->allocate_shared(bytes, what);
  }
  std::unique_ptr<Buffer> allocate_shared(std::uint64_t bytes, std::string_view what) override {
    return backend_->allocate_shared(bytes, what);
  }
  std::unique_ptr<Buffer> prepare(std::span<const std::byte> file_bytes, Tensor& tensor) override {
    return backend_->prepare(file_bytes, tensor);
  }
  bool copies_weights() const override { return backend_->copies_weights(); }
  void copy(const Buffer& buffer, std::uint64_t from, std::uint64_t to, std::uint64_t bytes) override {
    backend_->copy(buffer, from, to, bytes);
  }
  std::uint64_t reserve(const StepSizes& sizes) override { return backend_->reserve(sizes); }
  Ops& ops() override;

 private:
  class Tracer;

  std::unique_ptr<Backend> backend_;
  std::unique_ptr<Tracer> tracer_;
};

}  // namespace glim
