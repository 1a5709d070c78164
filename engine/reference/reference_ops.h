#pragma once

#include "engine/tensor/ops.h"

namespace glim {

/// One file per stage, named like it. See reference_backend.h.
class ReferenceOps final : public Ops {
 public:
  void begin(const StepRows& step) override { step_ = step; }
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
  void flush() override {}

 private:
  std::int64_t rows() const { return static_cast<std::int64_t>(step_.rows.size()); }  ///< T
  /// Row of the cache that holds `position` of the sequence that step row `t` belongs to.
  std::int64_t cache_row(std::int64_t t, std::int32_t position) const {
    const std::int32_t sequence = step_.rows[static_cast<std::size_t>(t)].sequence;
    const std::span<const std::int32_t> blocks = step_.blocks[static_cast<std::size_t>(sequence)];
    return std::int64_t{blocks[static_cast<std::size_t>(position / kBlockTokens)]} * kBlockTokens +
           position % kBlockTokens;
  }

  StepRows step_;
};

}  // namespace glim
