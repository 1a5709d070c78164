#pragma once

#include <algorithm>
#include <memory>
#include <span>
#include <vector>

#include "engine/base/thread_pool.h"
#include "engine/cpu/multiplier.h"
#include "engine/tensor/backend.h"

namespace glim {

/// One file per stage, named like it. Within a stage every thread takes a share of the weight rows, or of the
/// step's rows where there are no weights. See cpu_backend.h for what the results depend on.
class CpuOps final : public Ops {
 public:
  CpuOps(const cpu::Kernels& kernels, int threads, bool eight_bits);

  /// Takes the memory that steps of these sizes need; returns the bytes held. Throws E201.
  std::uint64_t reserve(const StepSizes& sizes);
  static std::uint64_t reserved_bytes(const cpu::Kernels& kernels, int threads, const StepSizes& sizes);

  /// Tells of a weight before the first step, so that its stages need no memory later.
  void expect(const Tensor& weight) { widest_ = std::max(widest_, weight.cols); }

  /// Whether copy_weight() interleaves the rows of a weight.
  bool interleaves(const Tensor& weight) const;
  /// Copies a weight from file layout into its tensor's buffer; sets Tensor::interleaved.
  void copy_weight(std::span<const std::byte> file_bytes, Tensor& weight);

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
  void flush() override {}

  int threads() const { return pool_.size(); }

 private:
  /// Where products go: row i of an f32 matrix is base + stride * i.
  struct OutputRows {
    float* base;
    std::int64_t stride;
    float* row(std::int64_t i) const { return base + stride * i; }
  };
  /// The (row, choice) pairs of a step that chose the same expert: entries [first, last) of pairs_ and
  /// tokens_.
  struct ExpertGroup {
    std::int32_t expert;
    Range entries;
  };
  /// Work of one thread in attend(): neighbouring rows of one sequence times some heads.
  struct AttendUnit {
    Range rows, heads;
  };
  class Attention;
  static constexpr std::int64_t kQueries = 32;  ///< (row, head) pairs that share one pass over the cache

  std::int64_t rows() const { return static_cast<std::int64_t>(step_.rows.size()); }  ///< T
  const Row& row(std::int64_t t) const { return step_.rows[static_cast<std::size_t>(t)]; }
  std::int64_t cache_row(const Row& row, std::int32_t position) const;

  cpu::Multiplier multiplier(int thread) {
    return {kernels_, workspaces_[static_cast<std::size_t>(thread)], eight_bits_};
  }
  Range own(std::int64_t weight_rows, int thread) const {
    return share(weight_rows, thread, threads(), kernels_.encode != nullptr ? cpu::kPanelRows : 4);
  }
  Range own_rows(int thread) const { return share(rows(), thread, threads()); }

  /// Rows of activations as codes beside their floats. Two matrices can be coded at a time.
  enum class Slot : std::uint8_t { first, second };
  /// The first `count` rows of an f32 matrix.
  struct Activations {
    const Tensor& matrix;
    std::int64_t count;
    Slot slot = Slot::first;
    /// Whether every thread codes all rows for itself, which is quicker than waiting for another's share.
    bool is_private() const { return count == 1 || count * matrix.cols <= kPrivateValues; }
  };
  static constexpr std::int64_t kPrivateValues = 4096;
  static std::int64_t private_values(std::int64_t cols);

  /// Takes the memory that encode() and norm_inputs() need. Before the threads start.
  void reserve_codes(const Activations& x);
  /// Codes this thread's share of the rows, if they can be coded. Returns whether all threads have to pass a
  /// barrier before inputs() is read.
  bool encode(int thread, const Activations& x);
  /// Rows that have been encoded.
  cpu::Inputs inputs(int thread, const Activations& x);
  /// Both, with the barrier.
  cpu::Inputs encoded_inputs(int thread, const Activations& x) {
    if (encode(thread, x)) pool_.barrier();
    return inputs(thread, x);
  }

  /// rms_norm(x) * gain of the rows that `index` names, or of the first ones.
  struct Norm {
    const Tensor& x;
    const Tensor& gain;
    float eps;
    std::span<const std::int32_t> index = {};
    bool keeps = false;  ///< also stored where the activations are
    const float* row(std::int64_t i) const {
      return x.floats(index.empty() ? i : index[static_cast<std::size_t>(i)]);
    }
  };
  /// encoded_inputs() of normed rows; they are written to the matrix of `normed` where that is kept or where
  /// threads share the work.
  cpu::Inputs norm_inputs(int thread, const Norm& norm, const Activations& normed);
  cpu::Inputs norm_inputs_alone(cpu::Workspace& own, Range kept, const Norm& norm, const Activations& normed);

  bool can_encode(const Tensor& matrix) const {
    return kernels_.encode != nullptr && matrix.cols % cpu::kGroup == 0;
  }
  cpu::CodedRows coded(int thread, const Activations& x);

  // What the stages are made of; each is one thread's share.
  void multiply(int thread, const Tensor& matrix, const cpu::Inputs& in, OutputRows out);
  void multiply_add(int thread, const Tensor& matrix, const cpu::Inputs& in, const Tensor& x);
  void gate(int thread, const Tensor& gate, const Tensor& up, const cpu::Inputs& in, OutputRows out);

  void rotate_queries(int thread, const Tensor& queries, const Tensor& rotated);

  /// Room for rows() x cols floats, overwritten by the next stage that asks.
  Tensor scratch(std::int64_t cols);
  void group_experts(const Tensor& chosen, std::int64_t experts);
  void plan_attention(std::int64_t heads);

  const cpu::Kernels& kernels_;
  const bool eight_bits_;
  ThreadPool pool_;
  StepRows step_;
  std::vector<cpu::Workspace> workspaces_;  ///< one per thread
  std::int64_t widest_ = 0;                 ///< longest row of a weight
  std::unique_ptr<Buffer> scratch_;
  std::unique_ptr<Buffer> codes_[2];          ///< one per slot, of rows whose work is shared
  std::vector<float> router_logits_;          ///< [T, E]
  std::vector<ExpertGroup> groups_;           ///< ascending by expert
  std::vector<std::int32_t> pairs_, tokens_;  ///< t * A + a, and t
  std::vector<std::int32_t> counts_;          ///< per expert
  std::vector<AttendUnit> units_;
};

}  // namespace glim
