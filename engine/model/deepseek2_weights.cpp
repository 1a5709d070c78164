#include "engine/model/deepseek2_weights.h"

#include "engine/base/error.h"
#include "engine/base/text.h"

namespace glim {
namespace {

void declare_attention(DeepSeek2Weights::Layer& layer, const std::string& blk, const ModelConfig& c,
                       WeightList& list) {
  const std::int64_t head = c.nope_width + c.rope_width;
  AttentionWeights& w = layer.attention;
  list.bind_f32(w.norm, blk + "attn_norm.weight", {c.width, 1, 1});
  if (c.query_rank > 0) {
    list.bind(w.q_a, blk + "attn_q_a.weight", {c.width, c.query_rank, 1});
    list.bind_f32(w.q_a_norm, blk + "attn_q_a_norm.weight", {c.query_rank, 1, 1});
    list.bind(w.q_b, blk + "attn_q_b.weight", {c.query_rank, c.heads * head, 1});
  } else {
    list.bind(w.q_b, blk + "attn_q.weight", {c.width, c.heads * head, 1});
  }
  list.bind(w.kv_a, blk + "attn_kv_a_mqa.weight", {c.width, c.cache_width(), 1});
  list.bind_f32(w.kv_a_norm, blk + "attn_kv_a_norm.weight", {c.latent_rank, 1, 1});
  if (c.legacy_kv_b) {
    list.bind_stack(layer.kv_b, blk + "attn_kv_b.weight",
                    {c.latent_rank, c.heads * (c.nope_width + c.value_width), 1}, c.heads, c.nope_width);
  } else {
    list.bind(w.k_b, blk + "attn_k_b.weight", {c.nope_width, c.latent_rank, c.heads});
    list.bind(w.v_b, blk + "attn_v_b.weight", {c.latent_rank, c.value_width, c.heads});
  }
  list.bind(w.output, blk + "attn_output.weight", {c.heads * c.value_width, c.width, 1});
}

void declare_dense(DenseWeights& w, const std::string& blk, const ModelConfig& c, WeightList& list) {
  list.bind_f32(w.norm, blk + "ffn_norm.weight", {c.width, 1, 1});
  list.bind(w.gate, blk + "ffn_gate.weight", {c.width, c.dense_hidden, 1});
  list.bind(w.up, blk + "ffn_up.weight", {c.width, c.dense_hidden, 1});
  list.bind(w.down, blk + "ffn_down.weight", {c.dense_hidden, c.width, 1});
}

void declare_experts(DeepSeek2Weights::Layer& layer, const std::string& blk, const ModelConfig& c,
                     WeightList& list) {
  if (list.has(blk + "ffn_gate.0.weight")) {
    throw Error(ErrorCode::E112, strf("%sffn_gate.0.weight: experts stored one by one are not supported; "
                                      "get a file that a converter of 2024 or later made",
                                      blk.c_str()));
  }
  ExpertWeights& w = layer.experts;
  list.bind_f32(w.norm, blk + "ffn_norm.weight", {c.width, 1, 1});
  list.bind_f32(w.router, blk + "ffn_gate_inp.weight", {c.width, c.experts, 1});
  list.bind_optional_f32(w.router_bias, blk + "exp_probs_b.bias", {c.experts, 1, 1});
  if (!list.bind_optional(layer.gate_up, blk + "ffn_gate_up_exps.weight",
                          {c.width, 2 * c.expert_hidden, c.experts}, c.expert_hidden)) {
    list.bind(w.gate, blk + "ffn_gate_exps.weight", {c.width, c.expert_hidden, c.experts});
    list.bind(w.up, blk + "ffn_up_exps.weight", {c.width, c.expert_hidden, c.experts});
  }
  list.bind(w.down, blk + "ffn_down_exps.weight", {c.expert_hidden, c.width, c.experts});
  if (c.shared_hidden == 0) return;
  list.bind(w.shared_gate, blk + "ffn_gate_shexp.weight", {c.width, c.shared_hidden, 1});
  list.bind(w.shared_up, blk + "ffn_up_shexp.weight", {c.width, c.shared_hidden, 1});
  list.bind(w.shared_down, blk + "ffn_down_shexp.weight", {c.shared_hidden, c.width, 1});
}

/// Splits the joint matrix of an old file. Each head has N key rows and then O value rows of R columns; the
/// value rows serve as they are, the key rows are needed transposed.
void split_kv_b(DeepSeek2Weights::Layer& layer, const GgufTensor& joint, const ModelConfig& c,
                Backend& backend, WeightList::Storage& storage) {
  const std::int64_t n = c.nope_width, r = c.latent_rank, o = c.value_width;
  std::vector<float>& key = storage.decoded.emplace_back(static_cast<std::size_t>(c.heads * r * n));
  float* out = key.data();
  for (std::int64_t h = 0; h < c.heads; ++h) {
    const std::vector<float> rows = decode_rows(joint, h * (n + o), n);
    const float scale = layer.kv_b.matrix(h).scale();
    for (std::int64_t l = 0; l < r; ++l) {
      for (std::int64_t d = 0; d < n; ++d) *out++ = rows[static_cast<std::size_t>(d * r + l)] * scale;
    }
  }
  Tensor& k_b = layer.attention.k_b;
  k_b = {.type = QuantType::f32, .cols = n, .rows = r, .batch = c.heads};
  storage.buffers.push_back(backend.holder(joint.name).take_weight(std::as_bytes(std::span(key)), k_b));
  layer.attention.v_b = layer.kv_b.slice(n, o);
}

}  // namespace

void DeepSeek2Weights::declare(const ModelConfig& config, WeightList& list) {
  if (!list.has("blk.0.attn_norm.weight") && list.has(strf("blk.%d.nextn.eh_proj.weight", config.layers))) {
    throw Error(ErrorCode::E112,
                "this file holds only the layer that predicts further tokens (MTP); load the file of the "
                "model itself");
  }
  list.bind(embedding, "token_embd.weight", {config.width, config.vocabulary, 1});
  list.bind_f32(output_norm, "output_norm.weight", {config.width, 1, 1});
  list.bind_optional(output, "output.weight", {config.width, config.vocabulary, 1});
  layers.resize(static_cast<std::size_t>(config.layers));
  for (std::int32_t i = 0; i < config.layers; ++i) {
    const std::string blk = strf("blk.%d.", i);
    Layer& layer = layers[static_cast<std::size_t>(i)];
    declare_attention(layer, blk, config, list);
    if (i < config.dense_layers) {
      declare_dense(layer.dense, blk, config, list);
    } else {
      declare_experts(layer, blk, config, list);
    }
  }
}

std::uint64_t DeepSeek2Weights::derived_bytes(const ModelConfig& config, std::int32_t layers) {
  if (!config.legacy_kv_b) return 0;
  const std::int64_t values = layers * config.heads * config.latent_rank * config.nope_width;
  return static_cast<std::uint64_t>(values) * sizeof(float);
}

void DeepSeek2Weights::finish(const ModelConfig& config, const GgufFile& file, Backend& backend,
                              WeightList::Storage& storage) {
  if (!output) output = embedding;  // tied
  for (std::size_t i = 0; i < layers.size(); ++i) {
    Layer& layer = layers[i];
    if (layer.kv_b) {
      split_kv_b(layer, *file.tensor(strf("blk.%zu.attn_kv_b.weight", i)), config, backend, storage);
    }
    if (layer.gate_up) {
      layer.experts.gate = layer.gate_up.slice(0, config.expert_hidden);
      layer.experts.up = layer.gate_up.slice(config.expert_hidden, config.expert_hidden);
    }
  }
}

}  // namespace glim
