#include "engine/measure/recording_backend.h"

#include <cmath>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/tensor/ops.h"

namespace glim {
namespace {

constexpr std::int32_t kNoLayer = -1;

std::span<const float> row_of(const Tensor& matrix, std::int64_t row) {
  return {matrix.floats(row), static_cast<std::size_t>(matrix.cols)};
}

/// Source: Zhang and Sennrich, "Root Mean Square Layer Normalization".
std::vector<float> rms_norm(std::span<const float> x, const Tensor& gain, double eps) {
  double sum = 0;
  for (const float value : x) sum += static_cast<double>(value) * static_cast<double>(value);
  const double inverse = 1 / std::sqrt(sum / static_cast<double>(x.size()) + eps);
  std::vector<float> out;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const auto factor = static_cast<double>(gain.floats()[i]);
    out.push_back(static_cast<float>(static_cast<double>(x[i]) * inverse * factor));
  }
  return out;
}

}  // namespace

class RecordingBackend::Recorder final : public Ops {
 public:
  Recorder(Ops& ops, const GgufFile& file, Options options) : ops_(ops), file_(file), options_(options) {}

  void begin(const StepRows& step) override;
  void embed(const Embed& stage) override { ops_.embed(stage); }
  void latent_down(const LatentDown& stage) override;
  void query_store(const QueryStore& stage) override;
  void absorb(const Absorb& stage) override;
  void attend(const Attend& stage) override { ops_.attend(stage); }
  void value(const Value& stage) override;
  void output(const Output& stage) override;
  void route(const Route& stage) override;
  void expert_up(const ExpertUp& stage) override;
  void expert_down(const ExpertDown& stage) override;
  void dense_up(const DenseUp& stage) override;
  void dense_down(const DenseDown& stage) override;
  void copy(const Copy& stage) override { ops_.copy(stage); }
  void head(const Head& stage) override;
  void flush() override { ops_.flush(); }

  ActivationSums sums;

 private:
  enum class Counts : std::uint8_t { one, per_matrix };

  std::int64_t rows() const { return std::ssize(step_.rows); }

  /// Makes the results of the stages so far readable.
  void settle() {
    ops_.flush();
    ops_.begin(step_);
  }

  /// Null when the model has no such weight.
  ChannelSums* entry(const std::string& name, Counts counts);
  std::string in_layer(std::string_view weight) const {
    return strf("blk.%d.%.*s.weight", layer_, static_cast<int>(weight.size()), weight.data());
  }

  /// The weight was multiplied with every row.
  void add(std::string_view weight, const std::vector<std::vector<float>>& inputs);
  void add(std::string_view weight, const Tensor& inputs);
  /// Matrix h was multiplied with the `width` values from h * pitch on of every row.
  void add_heads(std::string_view weight, const Tensor& inputs, std::int64_t pitch, std::int64_t width);
  /// The matrices of the chosen experts were multiplied with the row, or with its share of it.
  void add_experts(std::string_view weight, const Tensor& inputs, const Tensor& chosen, bool shares);
  std::vector<std::vector<float>> normed(const Tensor& x, const Tensor& gain, float eps) const;

  Ops& ops_;
  const GgufFile& file_;
  Options options_;
  StepRows step_;
  std::int32_t layer_ = kNoLayer;
};

void RecordingBackend::Recorder::begin(const StepRows& step) {
  step_ = step;
  layer_ = kNoLayer;
  ops_.begin(step);
}

ChannelSums* RecordingBackend::Recorder::entry(const std::string& name, Counts counts) {
  const GgufTensor* tensor = file_.tensor(name);
  if (tensor == nullptr) return nullptr;
  const auto [found, fresh] = sums.entries.try_emplace(name);
  if (fresh) {
    found->second.squares.resize(static_cast<std::size_t>(tensor->shape[0] * tensor->shape[2]));
    found->second.counts.resize(counts == Counts::one ? 1 : static_cast<std::size_t>(tensor->shape[2]));
  }
  return &found->second;
}

void RecordingBackend::Recorder::add(std::string_view weight, const std::vector<std::vector<float>>& inputs) {
  ChannelSums* sum = entry(in_layer(weight), Counts::one);
  if (sum == nullptr) return;
  for (const std::vector<float>& input : inputs) sum->add_squares(input, 0);
  sum->counts[0] += static_cast<double>(inputs.size());
}

void RecordingBackend::Recorder::add(std::string_view weight, const Tensor& inputs) {
  add_heads(weight, inputs, inputs.cols, inputs.cols);
}

void RecordingBackend::Recorder::add_heads(std::string_view weight, const Tensor& inputs, std::int64_t pitch,
                                           std::int64_t width) {
  ChannelSums* sum = entry(in_layer(weight), Counts::one);
  if (sum == nullptr) return;
  const auto size = static_cast<std::size_t>(width);
  for (std::int64_t t = 0; t < rows(); ++t) {
    const std::span<const float> row = row_of(inputs, t);
    for (std::int64_t h = 0; h * pitch < inputs.cols; ++h) {
      sum->add_squares(row.subspan(static_cast<std::size_t>(h * pitch), size),
                       static_cast<std::size_t>(h) * size);
    }
  }
  sum->counts[0] += static_cast<double>(rows());
}

void RecordingBackend::Recorder::add_experts(std::string_view weight, const Tensor& inputs,
                                             const Tensor& chosen, bool shares) {
  ChannelSums* sum = entry(in_layer(weight), Counts::per_matrix);
  if (sum == nullptr) return;
  const auto width = static_cast<std::size_t>(shares ? inputs.cols / chosen.cols : inputs.cols);
  for (std::int64_t t = 0; t < rows(); ++t) {
    const std::span<const float> row = row_of(inputs, t);
    for (std::size_t a = 0; a < static_cast<std::size_t>(chosen.cols); ++a) {
      const auto expert = static_cast<std::size_t>(chosen.ints(t)[a]);
      sum->add_squares(row.subspan(shares ? a * width : 0, width), expert * width);
      ++sum->counts[expert];
    }
  }
}

std::vector<std::vector<float>> RecordingBackend::Recorder::normed(const Tensor& x, const Tensor& gain,
                                                                   float eps) const {
  std::vector<std::vector<float>> out;
  for (std::int64_t t = 0; t < rows(); ++t) {
    out.push_back(
        rms_norm(row_of(x, t).first(static_cast<std::size_t>(gain.cols)), gain, static_cast<double>(eps)));
  }
  return out;
}

void RecordingBackend::Recorder::latent_down(const LatentDown& stage) {
  ++layer_;
  settle();
  const auto x = normed(stage.x, stage.w->norm, stage.eps);
  add("attn_q_a", x);
  add("attn_q", x);
  add("attn_kv_a_mqa", x);
  ops_.latent_down(stage);
}

void RecordingBackend::Recorder::query_store(const QueryStore& stage) {
  settle();
  const AttentionWeights& w = *stage.w;
  if (w.q_a_norm) {
    add("attn_q_b", normed(stage.q_latent, w.q_a_norm, stage.eps));
  }
  add("attn_kv_b", normed(stage.latent, w.kv_a_norm, stage.eps));
  ops_.query_store(stage);
}

void RecordingBackend::Recorder::absorb(const Absorb& stage) {
  settle();
  const Tensor& k_b = stage.w->k_b;
  add_heads("attn_k_b", stage.q, stage.q.cols / k_b.batch, k_b.cols);
  ops_.absorb(stage);
}

void RecordingBackend::Recorder::value(const Value& stage) {
  settle();
  const std::int64_t rank = stage.w->v_b.cols;
  add_heads("attn_v_b", stage.mixed, rank, rank);
  ops_.value(stage);
}

void RecordingBackend::Recorder::output(const Output& stage) {
  settle();
  add("attn_output", stage.value);
  ops_.output(stage);
}

void RecordingBackend::Recorder::route(const Route& stage) {
  ops_.route(stage);
  settle();
  for (const char* weight : {"ffn_gate_inp", "ffn_gate_shexp", "ffn_up_shexp"}) add(weight, stage.normed);
}

void RecordingBackend::Recorder::expert_up(const ExpertUp& stage) {
  for (const char* weight : {"ffn_gate_exps", "ffn_up_exps", "ffn_gate_up_exps"})
    add_experts(weight, stage.normed, stage.chosen, false);
  ops_.expert_up(stage);
}

void RecordingBackend::Recorder::expert_down(const ExpertDown& stage) {
  settle();
  add_experts("ffn_down_exps", stage.hidden, stage.chosen, true);
  if (stage.w->shared_down) add("ffn_down_shexp", stage.shared_hidden);
  ops_.expert_down(stage);
}

void RecordingBackend::Recorder::dense_up(const DenseUp& stage) {
  settle();
  const auto x = normed(stage.x, stage.w->norm, stage.eps);
  add("ffn_gate", x);
  add("ffn_up", x);
  ops_.dense_up(stage);
}

void RecordingBackend::Recorder::dense_down(const DenseDown& stage) {
  settle();
  add("ffn_down", stage.hidden);
  ops_.dense_down(stage);
}

void RecordingBackend::Recorder::head(const Head& stage) {
  ChannelSums* sum = options_.output ? entry("output.weight", Counts::one) : nullptr;
  if (sum != nullptr) {
    settle();
    for (const std::int32_t row : stage.rows)
      sum->add_squares(rms_norm(row_of(stage.x, row), stage.norm, static_cast<double>(stage.eps)), 0);
    sum->counts[0] += static_cast<double>(stage.rows.size());
  }
  ops_.head(stage);
}

RecordingBackend::RecordingBackend(std::unique_ptr<Backend> backend, const GgufFile& file, Options options)
    : WrappingBackend(std::move(backend)),
      recorder_(std::make_unique<Recorder>(wrapped().ops(), file, options)) {}

RecordingBackend::~RecordingBackend() = default;

std::unique_ptr<Buffer> RecordingBackend::prepare(std::span<const std::byte> file_bytes, Tensor& tensor) {
  std::unique_ptr<Buffer> buffer = wrapped().prepare(file_bytes, tensor);
  if (buffer->host() != nullptr) return buffer;
  throw Error(ErrorCode::E301,
              strf("an importance matrix needs weights in memory that the processor sees, which %s "
                   "does not have; use --backend cpu",
                   wrapped().description().c_str()));
}

Ops& RecordingBackend::ops() {
  return *recorder_;
}

ActivationSums RecordingBackend::take() {
  return std::exchange(recorder_->sums, {});
}

}  // namespace glim
