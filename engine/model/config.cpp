#include "engine/model/config.h"

#include <array>
#include <cmath>
#include <limits>
#include <optional>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/model/metadata.h"
#include "engine/model/rope.h"
#include "engine/quant/cache_types.h"

namespace glim {
namespace {

constexpr std::array<std::string_view, 2> kArchitectures = {"deepseek2", "glm4moelite"};
constexpr std::int64_t kMaxWidth = 1 << 20, kMaxVocabulary = 1 << 21, kMaxHeads = 4096, kMaxLayers = 512;

/// Files of GLM-4.7-Flash made before 2026-01-21 lack the gating key although the model gates with sigmoids.
/// They are known by their layers and their vocabulary, which no other model of this architecture shares.
bool is_flash_without_gating(std::int64_t blocks, std::int64_t vocabulary) {
  return (blocks == 47 || blocks == 48) && vocabulary == 154880;
}

class ConfigReader {
 public:
  ConfigReader(const GgufFile& file, const std::string& architecture)
      : file_(file), metadata_(file, architecture) {
    config_.architecture = architecture;
  }

  ModelConfig read() {
    config_.name = std::string(file_.get_string("general.name").value_or(""));
    if (config_.name.empty()) config_.name = file_.path().stem().string();
    read_size();
    read_vocabulary();
    read_heads();
    read_feed_forward();
    read_rope();
    return std::move(config_);
  }

 private:
  void read_size() {
    blocks_ = metadata_.get_int("block_count", {1, kMaxLayers});
    const std::int64_t prediction = metadata_.find_int("nextn_predict_layers", {0, blocks_ - 1}).value_or(0);
    config_.layers = static_cast<std::int32_t>(blocks_ - prediction);
    config_.width = metadata_.get_int("embedding_length", {1, kMaxWidth});
    config_.trained_context = static_cast<std::int32_t>(
        metadata_.get_int("context_length", {1, std::numeric_limits<std::int32_t>::max()}));
    config_.rms_eps = metadata_.get_float("attention.layer_norm_rms_epsilon", {1e-30, 0.1});
  }

  void read_vocabulary() {
    const auto* tokens = file_.get_strings("tokenizer.ggml.tokens");
    const std::int64_t count = tokens != nullptr ? static_cast<std::int64_t>(tokens->size()) : 0;
    const std::int64_t least = std::max<std::int64_t>(1, count);
    if (count > kMaxVocabulary)
      metadata_.refuse("vocab_size", strf("is above %lld", static_cast<long long>(kMaxVocabulary)));
    config_.vocabulary = metadata_.find_int("vocab_size", {least, kMaxVocabulary}).value_or(count);
    if (config_.vocabulary == 0) {
      throw Error(ErrorCode::E112, strf("%s: neither tokenizer.ggml.tokens nor %s tells the size of the "
                                        "vocabulary; get another file of this model",
                                        printable(file_.path().string()).c_str(),
                                        printable(metadata_.key("vocab_size")).c_str()));
    }
  }

  void read_heads() {
    config_.heads = static_cast<std::int32_t>(metadata_.get_int("attention.head_count", {1, kMaxHeads}));
    const std::int64_t kv_heads =
        metadata_.find_int("attention.head_count_kv", {1, config_.heads}).value_or(1);
    if (config_.heads % kv_heads != 0)
      metadata_.refuse("attention.head_count_kv", "does not divide the number of heads");
    config_.query_rank = metadata_.find_int("attention.q_lora_rank", {0, kMaxWidth}).value_or(0);
    config_.latent_rank = metadata_.get_int("attention.kv_lora_rank", {1, kMaxWidth});
    std::int64_t key = metadata_.get_int("attention.key_length", {1, kMaxWidth});
    std::int64_t value = metadata_.get_int("attention.value_length", {1, kMaxWidth});
    std::int64_t key_mla = metadata_.find_int("attention.key_length_mla", {0, kMaxWidth}).value_or(0);
    std::int64_t value_mla = metadata_.find_int("attention.value_length_mla", {0, kMaxWidth}).value_or(0);
    // This spelling has the two pairs the other way round.
    if (config_.architecture == "glm4moelite" && key < key_mla)
      std::swap(key, key_mla), std::swap(value, value_mla);
    config_.legacy_kv_b = key_mla == 0 || value_mla == 0;
    const std::int64_t head_key = config_.legacy_kv_b ? key : key_mla;
    config_.value_width = config_.legacy_kv_b ? value : value_mla;
    config_.rope_width = metadata_.get_int("rope.dimension_count", {2, head_key - 1});
    if (config_.rope_width % 2 != 0) metadata_.refuse("rope.dimension_count", "is odd");
    config_.nope_width = head_key - config_.rope_width;
    if (!config_.legacy_kv_b) {
      if (key != config_.cache_width())
        metadata_.refuse("attention.key_length", "is not kv_lora_rank + rope.dimension_count");
      if (value != config_.latent_rank) metadata_.refuse("attention.value_length", "is not kv_lora_rank");
    }
  }

  void read_feed_forward() {
    config_.experts =
        static_cast<std::int32_t>(metadata_.find_int("expert_count", {0, kMaxExperts}).value_or(0));
    const std::int64_t dense = metadata_.find_int("leading_dense_block_count", {0, blocks_}).value_or(0);
    config_.dense_layers = config_.experts == 0
                               ? config_.layers
                               : static_cast<std::int32_t>(std::min<std::int64_t>(dense, config_.layers));
    if (config_.dense_layers > 0)
      config_.dense_hidden = metadata_.get_int("feed_forward_length", {1, kMaxWidth});
    if (config_.dense_layers < config_.layers) read_experts();
  }

  void read_experts() {
    config_.expert_hidden = metadata_.get_int("expert_feed_forward_length", {1, kMaxWidth});
    const std::int64_t shared = metadata_.find_int("expert_shared_count", {0, 64}).value_or(0);
    config_.shared_hidden = shared * config_.expert_hidden;
    RouterRules& rules = config_.router;
    rules.gating = read_gating();
    rules.active = static_cast<std::int32_t>(metadata_.get_int("expert_used_count", {1, config_.experts}));
    rules.normalise = metadata_.get_bool("expert_weights_norm", false);
    const double limit = 1e6;
    rules.scale =
        static_cast<float>(metadata_.find_float("expert_weights_scale", {-limit, limit}).value_or(0));
    read_groups();
  }

  void read_groups() {
    RouterRules& rules = config_.router;
    // Some files write 0 for "no groups".
    const std::int64_t groups =
        std::max<std::int64_t>(1, metadata_.find_int("expert_group_count", {0, config_.experts}).value_or(1));
    const std::int64_t used =
        std::max<std::int64_t>(1, metadata_.find_int("expert_group_used_count", {0, groups}).value_or(1));
    if (config_.experts % groups != 0) metadata_.refuse("expert_group_count", "does not divide expert_count");
    const std::int64_t size = config_.experts / groups;
    if (groups > 1 && size < 2)
      metadata_.refuse("expert_group_count", "leaves fewer than two experts in a group");
    if (groups > 1 && rules.active > used * size)
      metadata_.refuse("expert_group_used_count", "leaves too few experts to choose from");
    rules.groups = static_cast<std::int32_t>(groups);
    rules.groups_used = static_cast<std::int32_t>(used);
  }

  Gating read_gating() {
    const std::int64_t code = metadata_.find_int("expert_gating_func", {0, 255}).value_or(0);
    switch (code) {
      case 1:
        return Gating::softmax;
      case 2:
        return Gating::sigmoid;
      case 3:
        return Gating::softmax_of_selected;
      case 0:
        break;
      default:
        metadata_.refuse("expert_gating_func",
                         strf("is %lld, which is not supported", static_cast<long long>(code)));
    }
    if (config_.architecture == "glm4moelite") return Gating::sigmoid;
    if (!is_flash_without_gating(blocks_, config_.vocabulary)) return Gating::softmax;
    config_.notes.push_back(
        "this file was made before the router fix of January 2026 (sigmoid gating assumed); quants from then "
        "that used an importance matrix are slightly worse, so download a newer file");
    return Gating::sigmoid;
  }

  void read_rope() {
    config_.rope_base = metadata_.get_float("rope.freq_base", {1 + 1e-9, 1e30});
    const RopeScaling scaling = read_scaling();
    config_.rope_frequencies = rope_frequencies(config_.rope_width, config_.rope_base, scaling);
    const double magnitude = rope_magnitude(scaling);
    const auto head_key = static_cast<double>(config_.nope_width + config_.rope_width);
    config_.attention_scale = magnitude * magnitude / std::sqrt(head_key);
  }

  RopeScaling read_scaling() {
    using Kind = RopeScaling::Kind;
    RopeScaling scaling;
    const std::optional<double> factor = metadata_.find_float("rope.scaling.factor", {1e-3, 1e6});
    // A factor without a type comes from converters that knew linear stretching only.
    const std::string type(
        metadata_.find_string("rope.scaling.type").value_or(factor.value_or(1) != 1 ? "linear" : "none"));
    if (type == "none") return scaling;
    if (type != "linear" && type != "yarn") {
      metadata_.refuse("rope.scaling.type", "is \"" + printable(type) + "\", expected none, linear or yarn");
    }
    scaling.kind = type == "yarn" ? Kind::yarn : Kind::linear;
    if (!factor) metadata_.missing("rope.scaling.factor");
    scaling.factor = *factor;
    if (scaling.kind == Kind::linear) return scaling;
    scaling.original_context = metadata_.get_float("rope.scaling.original_context_length", {1, 1e9});
    scaling.beta_fast =
        metadata_.find_float("rope.scaling.yarn_beta_fast", {1e-6, 1e6}).value_or(scaling.beta_fast);
    scaling.beta_slow =
        metadata_.find_float("rope.scaling.yarn_beta_slow", {1e-6, 1e6}).value_or(scaling.beta_slow);
    scaling.attention_factor =
        metadata_.find_float("rope.scaling.attn_factor", {1e-3, 1e3}).value_or(scaling.attention_factor);
    scaling.log_multiplier =
        metadata_.find_float("rope.scaling.yarn_log_multiplier", {-1e3, 1e3}).value_or(0);
    return scaling;
  }

  const GgufFile& file_;
  Metadata metadata_;
  ModelConfig config_;
  std::int64_t blocks_ = 0;  ///< prediction layers included
};

}  // namespace

ModelConfig read_config(const GgufFile& file) {
  const std::string path = printable(file.path().string());
  const std::optional<std::string_view> architecture = file.get_string("general.architecture");
  if (!architecture) {
    throw Error(
        ErrorCode::E112,
        strf("%s: the key general.architecture is missing; get another file of this model", path.c_str()));
  }
  std::string known;
  for (std::string_view name : kArchitectures) {
    if (name == *architecture) return ConfigReader(file, std::string(name)).read();
    known += (known.empty() ? "" : ", ") + std::string(name);
  }
  throw Error(ErrorCode::E110,
              strf("%s: the architecture \"%s\" is not supported; use a model of one of these: %s",
                   path.c_str(), printable(*architecture).c_str(), known.c_str()));
}

std::uint64_t kv_bytes_per_token(const ModelConfig& config, QuantType type) {
  const auto fits = [&](QuantType one) {
    return can_encode(one) && config.cache_width() % quant(one).block_values == 0;
  };
  if (!fits(type)) {
    std::string others;
    for (const QuantType one : kCacheTypes) {
      if (fits(one)) others += (others.empty() ? "" : ", ") + std::string(quant(one).name);
    }
    throw Error(
        ErrorCode::E603,
        strf("KV type %s: it cannot hold the cache rows of %lld values of this model; use one of these: %s",
             std::string(quant(type).name).c_str(), static_cast<long long>(config.cache_width()),
             others.c_str()));
  }
  return row_bytes(type, config.cache_width()) * static_cast<std::uint64_t>(config.layers);
}

}  // namespace glim
