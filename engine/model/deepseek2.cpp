#include <algorithm>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/model/deepseek2_weights.h"
#include "engine/model/model.h"
#include "engine/model/rope.h"
#include "engine/model/weight_places.h"

namespace glim {
namespace {

/// Activations of one step, one after the other in a buffer, and in another one what the host writes or
/// reads; all f32 with one row per token. Without buffers it only tells how large they have to be.
struct Scratch {
  Scratch(const ModelConfig& c, int max_rows, const Buffer* memory, const Buffer* shared_memory)
      : rows(max_rows), own{memory}, shared{shared_memory} {
    const std::int64_t q = c.heads * (c.nope_width + c.rope_width);
    x = take(c.width);
    q_latent = take(c.query_rank > 0 ? c.query_rank : c.width);
    latent = take(c.cache_width());
    query = take(q);
    absorbed = take(c.heads * c.cache_width());
    mixed = take(c.heads * c.latent_rank);
    value = take(c.heads * c.value_width);
    normed = take(c.width);
    chosen = take(c.router.active);
    weight = take(c.router.active);
    hidden = take(std::max(c.dense_hidden, c.router.active * c.expert_hidden));
    shared_hidden = take(c.shared_hidden);
    rope = take(c.rope_width, shared);
  }

  struct Pool {
    const Buffer* buffer;
    std::uint64_t bytes = 0;
  };

  Tensor take(std::int64_t cols, Pool& pool) const {
    const Tensor tensor{.cols = cols, .rows = rows, .buffer = pool.buffer, .offset = pool.bytes};
    constexpr std::uint64_t kAlignment = 256;
    pool.bytes += (tensor.bytes() + kAlignment - 1) / kAlignment * kAlignment;
    return tensor;
  }
  Tensor take(std::int64_t cols) { return take(cols, own); }
  std::uint64_t bytes() const { return own.bytes + shared.bytes; }

  std::int64_t rows;
  Pool own, shared;
  Tensor x, rope, q_latent, latent, query, absorbed, mixed, value, normed, chosen, weight, hidden,
      shared_hidden;
};

Tensor logits_of(const ModelConfig& config, int rows) {
  return {.cols = config.vocabulary, .rows = rows};
}

/// The same memory seen with another row length: hidden values of a dense layer and of experts share it.
Tensor with_cols(Tensor tensor, std::int64_t cols) {
  tensor.cols = cols;
  return tensor;
}

class DeepSeek2 final : public Model {
 public:
  DeepSeek2(const GgufFile& file, Backend& backend, StepLimits limits, const WeightProgress& progress)
      : config_(read_config(file)),
        backend_(backend),
        max_rows_(limits.rows),
        s_(config_, limits.rows, nullptr, nullptr) {
    GLIM_ASSERT(limits.rows >= 1 && limits.logits >= 1);
    WeightList list(file);
    weights_.declare(config_, list);
    weight_bytes_ = list.bytes() + DeepSeek2Weights::derived_bytes(config_, config_.layers);
    if (list.unused_tensors() > 0)
      config_.notes.push_back(strf("%zu tensors of the file are not used", list.unused_tensors()));
    list.load(backend, progress);
    storage_ = list.take_storage();
    weights_.finish(config_, file, backend, storage_);
    scratch_memory_ = backend.take(s_.own.bytes, MemoryUse::scratch);
    shared_memory_ = backend.take_shared(s_.shared.bytes, MemoryUse::scratch);
    s_ = Scratch(config_, limits.rows, scratch_memory_.get(), shared_memory_.get());
    make_logits(limits.logits);
    backend.take_reserve(step_sizes(config_, limits));
  }

  const ModelConfig& config() const override { return config_; }
  int max_rows() const override { return max_rows_; }
  std::uint64_t weight_bytes() const override { return weight_bytes_; }

  std::span<const float> forward(const StepRows& step, std::span<const std::int32_t> wanted,
                                 KvCache& cache) override {
    GLIM_ASSERT(!step.rows.empty() && std::ssize(step.rows) <= max_rows_);
    if (std::ssize(wanted) > logits_.rows) make_logits(static_cast<int>(wanted.size()));
    Ops& ops = backend_.ops();
    fill_rope(config_.rope_frequencies, step.rows, s_.rope);
    ops.begin(step);
    ops.embed({.out = s_.x, .table = weights_.embedding});
    for (std::int32_t i = 0; i < config_.layers; ++i) {
      if (stopped(step)) {
        ops.flush();  // so that nothing of this step happens later
        return {};
      }
      const DeepSeek2Weights::Layer& layer = weights_.layers[static_cast<std::size_t>(i)];
      attention(ops, layer.attention, cache.layer(i));
      if (i < config_.dense_layers) {
        dense(ops, layer.dense);
      } else {
        experts(ops, layer.experts);
      }
    }
    if (!wanted.empty()) {
      ops.head({logits_, s_.x, weights_.output_norm, weights_.output, wanted, eps()});
    }
    ops.flush();
    return {logits_.floats(), wanted.size() * static_cast<std::size_t>(config_.vocabulary)};
  }

 private:
  void make_logits(int rows) {
    logits_memory_.reset();
    logits_ = logits_of(config_, rows);
    logits_memory_ = backend_.take_shared(logits_.bytes(), MemoryUse::scratch);
    logits_.buffer = logits_memory_.get();
  }

  static bool stopped(const StepRows& step) { return step.stop != nullptr && step.stop->load(); }

  float eps() const { return static_cast<float>(config_.rms_eps); }

  void attention(Ops& ops, const AttentionWeights& w, const Tensor& cache) {
    const auto scale = static_cast<float>(config_.attention_scale);
    ops.latent_down({.q_latent = s_.q_latent, .latent = s_.latent, .x = s_.x, .w = &w, .eps = eps()});
    ops.query_store({.q = s_.query,
                     .q_latent = s_.q_latent,
                     .latent = s_.latent,
                     .rope = s_.rope,
                     .cache = cache,
                     .w = &w,
                     .heads = config_.heads,
                     .eps = eps()});
    ops.absorb({.absorbed = s_.absorbed, .q = s_.query, .w = &w});
    ops.attend(
        {.mixed = s_.mixed, .absorbed = s_.absorbed, .cache = cache, .heads = config_.heads, .scale = scale});
    ops.value({.out = s_.value, .mixed = s_.mixed, .w = &w});
    ops.output({.x = s_.x, .value = s_.value, .w = &w});
  }

  void dense(Ops& ops, const DenseWeights& w) {
    const Tensor hidden = with_cols(s_.hidden, config_.dense_hidden);
    ops.dense_up({.hidden = hidden, .x = s_.x, .w = &w, .eps = eps()});
    ops.dense_down({.x = s_.x, .hidden = hidden, .w = &w});
  }

  void experts(Ops& ops, const ExpertWeights& w) {
    const Tensor hidden = with_cols(s_.hidden, config_.router.active * config_.expert_hidden);
    ops.route({.normed = s_.normed,
               .chosen = s_.chosen,
               .weight = s_.weight,
               .shared_hidden = s_.shared_hidden,
               .x = s_.x,
               .w = &w,
               .rules = config_.router,
               .eps = eps()});
    ops.expert_up({.hidden = hidden, .normed = s_.normed, .chosen = s_.chosen, .w = &w});
    ops.expert_down({.x = s_.x,
                     .hidden = hidden,
                     .shared_hidden = s_.shared_hidden,
                     .chosen = s_.chosen,
                     .weight = s_.weight,
                     .w = &w});
  }

  ModelConfig config_;
  Backend& backend_;
  int max_rows_;
  WeightList::Storage storage_;
  DeepSeek2Weights weights_;
  std::uint64_t weight_bytes_ = 0;
  std::unique_ptr<Buffer> scratch_memory_, shared_memory_, logits_memory_;
  Scratch s_;
  Tensor logits_;
};

}  // namespace

std::unique_ptr<Model> load_model(const GgufFile& file, Backend& backend, StepLimits limits,
                                  const WeightProgress& progress) {
  return std::make_unique<DeepSeek2>(file, backend, limits, progress);
}

PlacedBytes placed_weight_bytes(const GgufFile& file, const ModelConfig& config, const Placement& placement) {
  WeightList list(file);
  DeepSeek2Weights weights;
  weights.declare(config, list);
  const WeightPlaces places(placement, file, config);
  const std::int32_t layers = std::min(placement.layers, config.layers);
  return {list.bytes() + DeepSeek2Weights::derived_bytes(config, config.layers),
          list.bytes_of([&](std::string_view name) { return places.is_beside(name); }) +
              DeepSeek2Weights::derived_bytes(config, layers)};
}

std::uint64_t weight_bytes(const GgufFile& file, const ModelConfig& config) {
  return placed_weight_bytes(file, config, {}).all;
}

std::uint64_t activation_bytes(const ModelConfig& config, StepLimits limits) {
  return Scratch(config, limits.rows, nullptr, nullptr).own.bytes;
}

std::uint64_t scratch_bytes(const ModelConfig& config, StepLimits limits) {
  return Scratch(config, limits.rows, nullptr, nullptr).bytes() + logits_of(config, limits.logits).bytes();
}

StepSizes step_sizes(const ModelConfig& c, StepLimits limits) {
  return {.rows = limits.rows,
          .activation = std::max({c.width, c.query_rank, c.heads * c.cache_width(), c.heads * c.value_width,
                                  c.heads * (c.nope_width + c.rope_width), c.dense_hidden,
                                  c.router.active * c.expert_hidden}),
          .weight = std::max({c.width, c.query_rank, c.heads * c.value_width, c.dense_hidden, c.expert_hidden,
                              c.shared_hidden, c.latent_rank, c.nope_width}),
          .shared = c.shared_hidden,
          .cache = c.cache_width()};
}

}  // namespace glim
