#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "engine/tensor/wrapping_backend.h"

namespace glim {

/// Computes with another backend and, while it is told to, counts the different experts that each layer of a
/// step needs, since a step reads each of those once. Counting waits for every layer's router; without it
/// the stages pass through untouched. Where the host does not see the results of routers nothing is counted.
class ExpertCounter final : public WrappingBackend {
 public:
  explicit ExpertCounter(std::unique_ptr<Backend> backend);
  ~ExpertCounter() override;

  Ops& ops() override;

  void count(bool on);
  /// Different experts of all layers and steps since the last call, a layer's share of each step added up; 0
  /// where they could not be counted.
  std::uint64_t take();

 private:
  class Counter;

  std::unique_ptr<Counter> counter_;
};

}  // namespace glim
