#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string_view>

#include "engine/tensor/wrapping_backend.h"

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
class TracingBackend final : public WrappingBackend {
 public:
  using Sink = std::function<void(const StageResult&)>;

  TracingBackend(std::unique_ptr<Backend> backend, Sink sink);
  ~TracingBackend() override;

  /// The host reads all results.
  std::unique_ptr<Buffer> allocate(std::uint64_t bytes, std::string_view what) override {
    return wrapped().allocate_shared(bytes, what);
  }
  Ops& ops() override;

 private:
  class Tracer;

  std::unique_ptr<Tracer> tracer_;
};

}  // namespace glim
