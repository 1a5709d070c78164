#include "engine/convert/hf_metadata.h"

#include <array>

namespace glim {
namespace {

/// Keys whose value is one field. Those with `skip_zero` are left out where the field is 0.
struct SizeKey {
  std::string_view key;
  std::int64_t HfConfig::*field;
  bool skip_zero = false;
};

constexpr std::array kSizeKeys = {
    SizeKey{"context_length", &HfConfig::context},
    SizeKey{"embedding_length", &HfConfig::width},
    SizeKey{"feed_forward_length", &HfConfig::hidden},
    SizeKey{"attention.head_count", &HfConfig::heads},
    SizeKey{"leading_dense_block_count", &HfConfig::dense_layers},
    SizeKey{"vocab_size", &HfConfig::vocabulary},
    SizeKey{"attention.q_lora_rank", &HfConfig::query_rank, true},
    SizeKey{"attention.kv_lora_rank", &HfConfig::latent_rank},
    SizeKey{"rope.dimension_count", &HfConfig::rope},
    SizeKey{"attention.value_length", &HfConfig::latent_rank},
    SizeKey{"attention.value_length_mla", &HfConfig::value},
};

constexpr std::array kExpertKeys = {
    SizeKey{"expert_used_count", &HfConfig::active},
    SizeKey{"expert_group_count", &HfConfig::groups},
    SizeKey{"expert_group_used_count", &HfConfig::groups_used},
    SizeKey{"expert_gating_func", &HfConfig::gating},
    SizeKey{"expert_feed_forward_length", &HfConfig::expert_hidden},
    SizeKey{"expert_count", &HfConfig::experts},
    SizeKey{"expert_shared_count", &HfConfig::shared},
};

class KeyWriter {
 public:
  KeyWriter(const HfConfig& config, GgufWriter& writer) : config_(config), writer_(writer) {}

  void size(std::string_view key, std::int64_t value) { set(key, static_cast<std::uint32_t>(value)); }
  void number(std::string_view key, double value) { set(key, static_cast<float>(value)); }
  void set(std::string_view key, GgufOut value) {
    writer_.set("deepseek2." + std::string(key), std::move(value));
  }
  template <typename Rows>
  void sizes(const Rows& rows) {
    for (const SizeKey& row : rows)
      if (!row.skip_zero || config_.*row.field != 0) size(row.key, config_.*row.field);
  }

 private:
  const HfConfig& config_;
  GgufWriter& writer_;
};

void write_scaling(const HfRopeScaling& scaling, KeyWriter& keys) {
  keys.set("rope.scaling.type", scaling.type);
  keys.number("rope.scaling.factor", scaling.factor);
  if (scaling.type != "yarn") return;
  keys.size("rope.scaling.original_context_length", scaling.original_context);
  keys.number("rope.scaling.yarn_log_multiplier", scaling.log_multiplier);
  keys.number("rope.scaling.yarn_beta_fast", scaling.beta_fast);
  keys.number("rope.scaling.yarn_beta_slow", scaling.beta_slow);
}

}  // namespace

void write_model_keys(const HfConfig& config, bool prediction_layers, GgufWriter& writer) {
  writer.set("general.architecture", "deepseek2");
  KeyWriter keys(config, writer);
  keys.size("block_count", config.layers + (prediction_layers ? config.prediction_layers : 0));
  if (prediction_layers) keys.size("nextn_predict_layers", config.prediction_layers);
  keys.sizes(kSizeKeys);
  keys.size("attention.head_count_kv", 1);
  keys.size("attention.key_length", config.latent_rank + config.rope);
  keys.size("attention.key_length_mla", config.nope + config.rope);
  keys.number("attention.layer_norm_rms_epsilon", config.rms_eps);
  keys.number("rope.freq_base", config.rope_base);
  if (config.scaling) write_scaling(*config.scaling, keys);
  if (config.experts == 0) return;
  keys.sizes(kExpertKeys);
  keys.number("expert_weights_scale", config.expert_scale);
  keys.set("expert_weights_norm", config.normalise);
}

}  // namespace glim
