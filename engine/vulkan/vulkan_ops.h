#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "engine/tensor/backend.h"
#include "engine/vulkan/memory.h"
#include "engine/vulkan/recorder.h"
#include "shaders/multiply.args.h"

namespace glim::vulkan {

/// One file per stage, named like it, and the families of stages that share a shader beside them. Stages
/// queue; flush() runs them.
class VulkanOps final : public Ops {
 public:
  /// What the schedule depends on.
  struct Setup {
    bool gpu;                ///< and not software
    std::uint32_t subgroup;  ///< threads
    Address tables;          ///< QuantTables
  };
  VulkanOps(const Setup& setup, MemorySource& memory, Queue& queue);

  /// Takes what stages need for themselves in steps of these sizes. Returns its bytes. Throws E201.
  std::uint64_t reserve(const StepSizes& sizes);
  static std::uint64_t scratch_bytes(const StepSizes& sizes);

  static constexpr std::int64_t kInputs = 8;  ///< of a workgroup at most

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

 private:
  /// A product of the rows of the step with all matrices of a stack.
  struct Product {
    const Tensor& weight;
    Address x, y;
    std::int64_t x_stride, y_stride;        ///< floats from one row to the next
    std::int64_t x_batch = 0, y_batch = 0;  ///< floats from one matrix's to the next
    std::uint32_t mode = 0;                 ///< of multiply.args.h
    Address gain = 0, list = 0, rope = 0, order = 0;
    std::int64_t head = 1, tail = 0;
    float eps = 0;
  };
  /// silu(gate . x) * (up . x), of the matrices that `chosen` names or of single ones.
  struct Gate {
    const Tensor &gate, &up;
    Address x, y;
    Address gain = 0, chosen = 0, order = 0;  ///< with an order: `chosen` are tiles
    std::int64_t choices = 1, tiles = 0;
    float eps = 0;
  };

  /// The rows of a step by the experts that they chose, for steps of many rows.
  struct ExpertTiles {
    Address chosen = 0, order = 0, tiles = 0;
    std::int64_t count = 0;  ///< tiles, used or not
  };

  std::int64_t rows() const { return std::ssize(step_.rows); }  ///< T
  std::int64_t weight_rows(std::int64_t inputs) const;
  void multiply(const Product& product, std::int64_t results);
  void multiply_rows(const Product& product) { multiply(product, rows()); }
  void gate(const Gate& stage);
  void gate_apart(const Gate& stage);
  bool groups_experts() const;
  const ExpertTiles& group(const Tensor& chosen, std::int64_t experts);
  void down_grouped(const ExpertDown& stage);
  void add_shared_down(const ExpertDown& stage);
  /// Attention that has been left in parts, to be joined by who reads it.
  struct Parts {
    uint count = 0, positions = 0, heads = 0, rank = 0;
    Address partial = 0, mixed = 0;
  };

  void enter(std::string_view stage) { recorder_.begin_stage(stage, layer_); }
  void settle();
  void join(const Value& stage);
  static std::uint64_t parts_bytes(std::int64_t rows, std::int64_t row_values);
  /// Memory between two dispatches of one stage, at least `bytes` long.
  Address scratch(std::uint64_t bytes);

  const Setup setup_;
  MemorySource& memory_;
  Recorder recorder_;
  StepRows step_;
  std::unique_ptr<DeviceBuffer> step_memory_, scratch_, tiles_memory_;
  Address step_rows_ = 0, block_tables_ = 0, head_rows_ = 0;
  std::uint32_t threads_;           ///< of a workgroup that makes products
  std::int32_t last_position_ = 0;  ///< the largest of the step
  std::int32_t layer_ = -1;
  Parts parts_;
  ExpertTiles tiles_;
};

}  // namespace glim::vulkan
