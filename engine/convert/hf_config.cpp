#include "engine/convert/hf_config.h"

#include <array>
#include <string_view>

#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/convert/json_fields.h"
#include "engine/convert/json_file.h"

namespace glim {
namespace {

using Limits = NumberLimits;
constexpr double kMaxWidth = 1 << 20, kMaxVocabulary = 1 << 21, kMaxHeads = 4096, kMaxLayers = 512,
                 kMaxExperts = 1024, kMaxContext = 2147483647.0, kMaxId = kMaxVocabulary - 1;

struct ModelKind {
  std::string_view model_type;
  std::int64_t gating;  ///< unless "scoring_func" says otherwise
};
constexpr std::array kModelKinds = {ModelKind{"glm4_moe_lite", 2}, ModelKind{"deepseek_v2", 1},
                                    ModelKind{"deepseek_v3", 2}};

class ConfigReader {
 public:
  ConfigReader(const nlohmann::json& json, const std::string& place) : fields_(json, place) {}

  HfConfig read() {
    read_kind();
    read_size();
    read_heads();
    read_experts();
    read_rope();
    read_ids();
    return std::move(config_);
  }

 private:
  [[noreturn]] void unsupported(const std::string& what) const {
    throw Error(ErrorCode::E111, fields_.place() + ": " + what + " is not supported; use a model without it");
  }

  void read_kind() {
    config_.model_type = fields_.find_string("model_type").value_or("");
    std::string known;
    bool found = false;
    for (const ModelKind& kind : kModelKinds) {
      known.append(known.empty() ? "" : ", ").append(kind.model_type);
      if (kind.model_type != config_.model_type) continue;
      config_.gating = kind.gating;
      found = true;
    }
    if (!found)
      throw Error(ErrorCode::E110,
                  strf("%s: the model_type \"%s\" is not supported; known are %s", fields_.place().c_str(),
                       printable(config_.model_type, 40).c_str(), known.c_str()));
    if (fields_.find_string("hidden_act").value_or("silu") != "silu")
      unsupported("another hidden_act than silu");
    if (fields_.find_bool("attention_bias").value_or(false)) unsupported("attention_bias");
  }

  void read_size() {
    config_.layers = fields_.get_int("num_hidden_layers", {1, kMaxLayers});
    config_.prediction_layers = fields_.find_int("num_nextn_predict_layers", {0, 16}).value_or(0);
    config_.width = fields_.get_int("hidden_size", {1, kMaxWidth});
    config_.hidden = fields_.get_int("intermediate_size", {1, kMaxWidth});
    config_.vocabulary = fields_.get_int("vocab_size", {1, kMaxVocabulary});
    config_.context = fields_.get_int("max_position_embeddings", {1, kMaxContext});
    config_.rms_eps = fields_.get_float("rms_norm_eps", {1e-30, 0.1});
    config_.tied = fields_.find_bool("tie_word_embeddings").value_or(false);
  }

  void read_heads() {
    config_.heads = fields_.get_int("num_attention_heads", {1, kMaxHeads});
    config_.query_rank = fields_.find_int("q_lora_rank", {1, kMaxWidth}).value_or(0);
    config_.latent_rank = fields_.get_int("kv_lora_rank", {1, kMaxWidth});
    config_.nope = fields_.get_int("qk_nope_head_dim", {1, kMaxWidth});
    config_.rope = fields_.get_int("qk_rope_head_dim", {2, kMaxWidth});
    config_.value = fields_.get_int("v_head_dim", {1, kMaxWidth});
    if (config_.rope % 2 != 0) fields_.out_of_range("qk_rope_head_dim", "is odd");
    config_.adjacent_pairs = fields_.find_bool("rope_interleave").value_or(true);
  }

  void read_experts() {
    config_.experts = fields_.find_int("n_routed_experts", {0, kMaxExperts}).value_or(0);
    config_.dense_layers = config_.layers;
    if (config_.experts == 0) return;
    const auto most = static_cast<double>(config_.experts);
    config_.active = fields_.get_int("num_experts_per_tok", {1, most});
    config_.shared = fields_.find_int("n_shared_experts", {0, 64}).value_or(0);
    config_.expert_hidden = fields_.get_int("moe_intermediate_size", {1, kMaxWidth});
    config_.groups = fields_.find_int("n_group", {1, most}).value_or(1);
    config_.groups_used =
        fields_.find_int("topk_group", {1, static_cast<double>(config_.groups)}).value_or(1);
    config_.normalise = fields_.find_bool("norm_topk_prob").value_or(false);
    config_.expert_scale = fields_.find_float("routed_scaling_factor", {0, 1e6}).value_or(1);
    if (fields_.find_int("moe_layer_freq").value_or(1) != 1) unsupported("moe_layer_freq");
    read_gating();
    read_dense_layers();
  }

  void read_gating() {
    const auto scoring = fields_.find_string("scoring_func");
    if (!scoring) return;
    if (*scoring != "sigmoid" && *scoring != "softmax")
      unsupported("the scoring_func \"" + printable(*scoring, 40) + "\"");
    config_.gating = *scoring == "sigmoid" ? 2 : 1;
  }

  /// Written as their number or, by newer programs, as a word for every layer.
  void read_dense_layers() {
    const Limits limits{0, static_cast<double>(config_.layers)};
    const nlohmann::json* words = fields_.find("mlp_layer_types");
    if (words == nullptr) {
      config_.dense_layers = fields_.get_int("first_k_dense_replace", limits);
      return;
    }
    if (!words->is_array()) fields_.wrong_type("mlp_layer_types", "a list");
    std::int64_t dense = 0;
    for (std::size_t i = 0; i < words->size(); ++i) {
      if ((*words)[i] != "dense") continue;
      if (static_cast<std::int64_t>(i) != dense++) unsupported("a dense layer behind layers of experts");
    }
    config_.dense_layers = fields_.find_int("first_k_dense_replace", limits).value_or(dense);
    if (config_.dense_layers != dense)
      fields_.out_of_range("mlp_layer_types", "disagrees with first_k_dense_replace");
  }

  void read_rope() {
    const char* key = fields_.has("rope_parameters") ? "rope_parameters" : "rope_scaling";
    const nlohmann::json* json = fields_.find(key);
    const nlohmann::json empty = nlohmann::json::object();
    const JsonFields rope(json != nullptr ? *json : empty, fields_.place() + ": " + key);
    const Limits base{1 + 1e-9, 1e30};
    config_.rope_base =
        rope.has("rope_theta") ? rope.get_float("rope_theta", base) : fields_.get_float("rope_theta", base);
    const auto named = rope.find_string("rope_type");
    const std::string type = named ? *named : rope.find_string("type").value_or("default");
    if (type == "default") return;
    if (type != "linear" && type != "yarn") unsupported("the RoPE scaling \"" + printable(type, 40) + "\"");
    HfRopeScaling& scaling = config_.scaling.emplace();
    scaling.type = type;
    scaling.factor = rope.get_float("factor", {1e-3, 1e6});
    if (type == "yarn") read_yarn(rope, scaling);
  }

  void read_yarn(const JsonFields& rope, HfRopeScaling& scaling) {
    scaling.original_context = rope.get_int("original_max_position_embeddings", {1, kMaxContext});
    scaling.beta_fast = rope.find_float("beta_fast", {1e-6, 1e6}).value_or(32);
    scaling.beta_slow = rope.find_float("beta_slow", {1e-6, 1e6}).value_or(1);
    const double all = rope.find_float("mscale_all_dim", {0, 100}).value_or(0);
    if (rope.find_float("mscale", {0, 100}).value_or(1) != all)
      unsupported("RoPE scaling whose mscale differs from its mscale_all_dim");
    scaling.log_multiplier = 0.1 * all;
  }

  void read_ids() {
    config_.bos = fields_.find_int("bos_token_id", {0, kMaxId});
    config_.pad = fields_.find_int("pad_token_id", {0, kMaxId});
    config_.eos = read_eos_ids(fields_);
  }

  JsonFields fields_;
  HfConfig config_;
};

}  // namespace

HfConfig read_hf_config(const std::filesystem::path& path) {
  const nlohmann::json json = read_json_file(path);
  return ConfigReader(json, printable(path.string())).read();
}

std::vector<std::int64_t> read_eos_ids(const JsonFields& fields) {
  const nlohmann::json* value = fields.find("eos_token_id");
  if (value == nullptr) return {};
  if (!value->is_array()) return {fields.get_int("eos_token_id", {0, kMaxId})};
  std::vector<std::int64_t> out;
  for (const nlohmann::json& id : *value) {
    if (!id.is_number_integer()) fields.wrong_type("eos_token_id", "a list of integers");
    const auto number = id.get<double>();
    if (number < 0 || number > kMaxId || out.size() == 64)
      fields.out_of_range("eos_token_id", strf("names the token %.17g", number));
    out.push_back(id.get<std::int64_t>());
  }
  return out;
}

}  // namespace glim
