#include "engine/hybrid/hybrid_backend.h"

#include <utility>

#include "engine/hybrid/hybrid_ops.h"

namespace glim {
namespace {

/// The processor, which says what it was given.
class Processor final : public WrappingBackend {
 public:
  Processor(std::unique_ptr<Backend> backend, std::unordered_set<const Buffer*>& weights)
      : WrappingBackend(std::move(backend)), weights_(weights) {}
  std::unique_ptr<Buffer> prepare(std::span<const std::byte> file_bytes, Tensor& tensor) override {
    std::unique_ptr<Buffer> buffer = wrapped().prepare(file_bytes, tensor);
    weights_.insert(buffer.get());
    return buffer;
  }

 private:
  std::unordered_set<const Buffer*>& weights_;
};

/// Memory of the device that the processor sees.
class Shared final : public WrappingBackend {
 public:
  using WrappingBackend::WrappingBackend;
  std::unique_ptr<Buffer> allocate(std::uint64_t bytes, std::string_view what) override {
    return wrapped().allocate_shared(bytes, what);
  }
  MemoryBytes memory() const override { return Backend::memory(); }
};

class HybridBackend final : public WrappingBackend {
 public:
  HybridBackend(std::unique_ptr<Backend> device, std::unique_ptr<Backend> processor,
                const Placement& placement, WeightRule is_beside)
      : WrappingBackend(std::move(device)),
        placement_(placement),
        is_beside_(std::move(is_beside)),
        shared_(wrapped()),
        ops_(wrapped(), *processor, placement.cache),
        processor_(std::move(processor), ops_.beside) {}

  std::string description() const override {
    return wrapped().description() + " and " + processor_.description();
  }
  std::unique_ptr<Buffer> allocate(std::uint64_t bytes, std::string_view what) override {
    std::unique_ptr<Buffer> buffer = wrapped().allocate(bytes, what);
    mirrored_ += ops_.mirrors.add(*buffer);
    return buffer;
  }
  std::uint64_t reserve(const StepSizes& sizes) override {
    return wrapped().reserve(sizes) + processor_.reserve(sizes) + mirrored_;
  }
  Ops& ops() override { return ops_; }
  Backend& holder(std::string_view weight) override {
    return is_beside_(weight) ? static_cast<Backend&>(processor_) : *this;
  }
  Backend& cache_holder(std::int32_t layer) override {
    if (layer < placement_.layers) return processor_;
    return placement_.cache ? shared_ : wrapped();
  }
  MemoryBytes memory() const override {
    return WrappingBackend::memory() + processor_.memory() + shared_.memory();
  }

 private:
  Placement placement_;
  WeightRule is_beside_;
  Shared shared_;
  HybridOps ops_;
  Processor processor_;
  std::uint64_t mirrored_ = 0;  ///< bytes of activations that both sides have
};

}  // namespace

std::unique_ptr<Backend> make_hybrid_backend(std::unique_ptr<Backend> device,
                                             std::unique_ptr<Backend> processor, const Placement& placement,
                                             WeightRule is_beside) {
  return std::make_unique<HybridBackend>(std::move(device), std::move(processor), placement,
                                         std::move(is_beside));
}

}  // namespace glim
