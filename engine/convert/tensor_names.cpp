#include "engine/convert/tensor_names.h"

#include <array>

namespace glim {
namespace {

using Config = const HfConfig&;
using Role = TensorRole;
using Place = TensorPlace;

std::int64_t one(Config) {
  return 1;
}
std::int64_t width(Config c) {
  return c.width;
}
std::int64_t twice_width(Config c) {
  return 2 * c.width;
}
std::int64_t vocabulary(Config c) {
  return c.vocabulary;
}
std::int64_t hidden(Config c) {
  return c.hidden;
}
std::int64_t experts(Config c) {
  return c.experts;
}
std::int64_t expert_hidden(Config c) {
  return c.expert_hidden;
}
std::int64_t shared_hidden(Config c) {
  return c.shared * c.expert_hidden;
}
std::int64_t query_rank(Config c) {
  return c.query_rank;
}
std::int64_t latent_rank(Config c) {
  return c.latent_rank;
}
std::int64_t cache_row(Config c) {
  return c.latent_rank + c.rope;
}
std::int64_t query_rows(Config c) {
  return c.heads * (c.nope + c.rope);
}
std::int64_t joint_rows(Config c) {
  return c.heads * (c.nope + c.value);
}
std::int64_t attended(Config c) {
  return c.heads * c.value;
}

constexpr std::array kLayerTensors = {
    LayerTensor{"attn_norm.weight", "input_layernorm", Role::exact, Place::all, width, one},
    LayerTensor{"attn_q_a.weight", "self_attn.q_a_proj", Role::matrix, Place::with_query_rank, width,
                query_rank},
    LayerTensor{"attn_q_a_norm.weight", "self_attn.q_a_layernorm", Role::exact, Place::with_query_rank,
                query_rank, one},
    LayerTensor{"attn_q_b.weight", "self_attn.q_b_proj", Role::queries, Place::with_query_rank, query_rank,
                query_rows},
    LayerTensor{"attn_q.weight", "self_attn.q_proj", Role::queries, Place::without_query_rank, width,
                query_rows},
    LayerTensor{"attn_kv_a_mqa.weight", "self_attn.kv_a_proj_with_mqa", Role::latent, Place::all, width,
                cache_row},
    LayerTensor{"attn_kv_a_norm.weight", "self_attn.kv_a_layernorm", Role::exact, Place::all, latent_rank,
                one},
    LayerTensor{"attn_k_b.weight", "self_attn.kv_b_proj", Role::keys, Place::all, latent_rank, joint_rows},
    LayerTensor{"attn_v_b.weight", "self_attn.kv_b_proj", Role::values, Place::all, latent_rank, joint_rows},
    LayerTensor{"attn_output.weight", "self_attn.o_proj", Role::matrix, Place::all, attended, width},
    LayerTensor{"ffn_norm.weight", "post_attention_layernorm", Role::exact, Place::all, width, one},
    LayerTensor{"ffn_gate.weight", "mlp.gate_proj", Role::matrix, Place::dense, width, hidden},
    LayerTensor{"ffn_up.weight", "mlp.up_proj", Role::matrix, Place::dense, width, hidden},
    LayerTensor{"ffn_down.weight", "mlp.down_proj", Role::matrix, Place::dense, hidden, width},
    LayerTensor{"ffn_gate_inp.weight", "mlp.gate", Role::exact, Place::experts, width, experts},
    LayerTensor{"exp_probs_b.bias", "mlp.gate.e_score_correction_bias", Role::bias, Place::experts, experts,
                one, true},
    LayerTensor{"ffn_gate_exps.weight", "mlp.experts.*.gate_proj", Role::experts, Place::experts, width,
                expert_hidden},
    LayerTensor{"ffn_up_exps.weight", "mlp.experts.*.up_proj", Role::experts, Place::experts, width,
                expert_hidden},
    LayerTensor{"ffn_down_exps.weight", "mlp.experts.*.down_proj", Role::experts, Place::experts,
                expert_hidden, width},
    LayerTensor{"ffn_gate_shexp.weight", "mlp.shared_experts.gate_proj", Role::matrix, Place::shared, width,
                shared_hidden},
    LayerTensor{"ffn_up_shexp.weight", "mlp.shared_experts.up_proj", Role::matrix, Place::shared, width,
                shared_hidden},
    LayerTensor{"ffn_down_shexp.weight", "mlp.shared_experts.down_proj", Role::matrix, Place::shared,
                shared_hidden, width},
    LayerTensor{"nextn.eh_proj.weight", "eh_proj", Role::matrix, Place::prediction, twice_width, width},
    LayerTensor{"nextn.enorm.weight", "enorm", Role::exact, Place::prediction, width, one},
    LayerTensor{"nextn.hnorm.weight", "hnorm", Role::exact, Place::prediction, width, one},
    LayerTensor{"nextn.embed_tokens.weight", "embed_tokens", Role::matrix, Place::prediction, width,
                vocabulary, true},
    LayerTensor{"nextn.shared_head_head.weight", "shared_head.head", Role::matrix, Place::prediction, width,
                vocabulary, true},
    LayerTensor{"nextn.shared_head_norm.weight", "shared_head.norm", Role::exact, Place::prediction, width,
                one, true},
};

}  // namespace

std::span<const LayerTensor> layer_tensors() {
  return kLayerTensors;
}

bool has_tensor(const HfConfig& config, std::int64_t layer, TensorPlace place) {
  const bool routed = config.experts > 0 && layer >= config.dense_layers;
  switch (place) {
    case Place::all:
      return true;
    case Place::with_query_rank:
      return config.query_rank > 0;
    case Place::without_query_rank:
      return config.query_rank == 0;
    case Place::dense:
      return !routed;
    case Place::experts:
      return routed;
    case Place::shared:
      return routed && config.shared > 0;
    case Place::prediction:
      return layer >= config.layers;
  }
  return false;
}

}  // namespace glim
