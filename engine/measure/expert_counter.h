#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "engine/tensor/backend.h"

namespace glim {

/// Computes with another backend and, while it is told to, counts the different experts that each layer of a
/// step needs, since a step reads each of those once. Counting waits for every layer's router; without it
/// the stages pass through untouched. The results of routers must be visible to the host.
class ExpertCounter final : public Backend {
 public:
  explicit ExpertCounter(std::unique_ptr<Backend> backend);
  ~ExpertCounter() override;

  std::string_view name() const override { return backend_->name(); }
  std::string description() const override { return backend_->description(); }
  std::unique_ptr<Buffer> allocate(std::uint64_t bytes, std::string_view what) override {
    return backend_->allocate(bytes, what);
  }
  std::unique_ptr<Buffer> prepare(std::span<const std::byte> file_bytes, Tensor& tensor) override {
    return backend_->prepare(file_bytes, tensor);
  }
  bool reads_weights() const override { return backend_->reads_weights(); }
  bool copies_weights() const override { return backend_->copies_weights(); }
  std::uint64_t reserve(const StepSizes& sizes) override { return backend_->reserve(sizes); }
  Ops& ops() override;

  void count(bool on);
  /// Different experts of all layers and steps since the last call, a layer's share of each step added up.
  std::uint64_t take();

 private:
  class Counter;

  std::unique_ptr<Backend> backend_;
  std::unique_ptr<Counter> counter_;
};

}  // namespace glim
