#pragma once

#include <memory>
#include <unordered_set>
#include <vector>

#include "engine/tensor/backend.h"

namespace glim {

enum class Side : std::uint8_t { device, processor };

/// Activations that lie in memory of the device alone, and where the processor sees them: which of the two is
/// up to date, and the copies that bring one up to date. Tensors of one buffer do not overlap unless they
/// begin at the same place.
class Mirrors {
 public:
  explicit Mirrors(Backend& device) : device_(device) {}

  /// Makes room for a buffer of the device; returns the bytes that takes.
  std::uint64_t add(const Buffer& buffer);

  /// The tensor as that side sees it, to be read, to be overwritten, or both. What is read may have to be
  /// copied first, which is queued on the device.
  Tensor read(Side side, const Tensor& tensor);
  Tensor write(Side side, const Tensor& tensor);
  Tensor update(Side side, const Tensor& tensor) {
    read(side, tensor);
    return write(side, tensor);
  }

 private:
  struct Twin {
    const Buffer* own;
    std::unique_ptr<Buffer> shared;
  };
  struct State {
    const Buffer* buffer;
    std::uint64_t offset;
    bool fresh[2];  ///< by side
  };
  const Twin* twin_of(const Tensor& tensor) const;
  State& state_of(const Tensor& tensor);

  Backend& device_;
  std::vector<Twin> twins_;
  std::vector<State> states_;
};

/// The stages of make_hybrid_backend().
class HybridOps final : public Ops {
 public:
  /// `attends` says that the processor attends to the cache of every layer.
  HybridOps(Backend& device, Backend& processor, bool attends)
      : mirrors(device), device_(device.ops()), processor_(processor.ops()), attends_(attends) {}

  void begin(const StepRows& step) override;
  void embed(const Embed& stage) override;
  void latent_down(const LatentDown& stage) override;
  void query_store(const QueryStore& stage) override;
  void absorb(const Absorb& stage) override;
  void attend(const Attend& stage) override;
  void value(const Value& stage) override;
  void output(const Output& stage) override;
  void route(const Route& stage) override;
  void expert_up(const ExpertUp& stage) override;
  void expert_down(const ExpertDown& stage) override;
  void dense_up(const DenseUp& stage) override;
  void dense_down(const DenseDown& stage) override;
  void copy(const Copy& stage) override;
  void head(const Head& stage) override;
  void flush() override;

  Mirrors mirrors;
  std::unordered_set<const Buffer*> beside;  ///< weights of the processor

 private:
  Side side_of(const Tensor& weight) const {
    return beside.contains(weight.buffer) ? Side::processor : Side::device;
  }
  /// For the next stage, whose tensors have been brought to this side.
  Ops& at(Side side);
  void add_shared_part(const Route& stage);

  Ops &device_, &processor_;
  bool attends_;
  StepRows step_;
  Side attention_ = Side::device;  ///< of the layer at hand
  bool shared_added_ = false;      ///< of the layer at hand: its shared expert's part is in x
  DenseWeights shared_;
  ExpertWeights routed_;
};

}  // namespace glim
