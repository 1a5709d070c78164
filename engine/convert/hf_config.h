#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace glim {

/// How positions beyond the trained ones are reached; the names are those of the `rope.scaling` keys of GGUF.
struct HfRopeScaling {
  std::string type;  ///< "linear" or "yarn"
  double factor = 1;
  std::int64_t original_context = 0;                         ///< yarn
  double beta_fast = 32, beta_slow = 1, log_multiplier = 0;  ///< yarn
};

/// config.json of a model with latent attention and routed experts (GLM-4.7-Flash, DeepSeek V2 and V3),
/// checked: sizes are at least 1 and small enough for products of three of them to fit 64 bits.
struct HfConfig {
  std::string model_type;
  std::int64_t layers = 0;             ///< of the model itself
  std::int64_t prediction_layers = 0;  ///< that follow them and predict further tokens (MTP)
  std::int64_t dense_layers = 0;       ///< leading ones
  std::int64_t width = 0, vocabulary = 0, context = 0;
  std::int64_t heads = 0, query_rank = 0, latent_rank = 0;  ///< query_rank 0: one matrix makes the queries
  std::int64_t nope = 0, rope = 0, value = 0;               ///< widths of a head
  std::int64_t hidden = 0, expert_hidden = 0;
  std::int64_t experts = 0, active = 0, shared = 0;
  std::int64_t groups = 1, groups_used = 1;
  std::int64_t gating = 2;  ///< code of `expert_gating_func`: 1 softmax, 2 sigmoid
  bool normalise = false, tied = false;
  bool adjacent_pairs = true;  ///< false: the first half of the rotated values pairs with the second
  double expert_scale = 1, rms_eps = 0, rope_base = 0;
  std::optional<HfRopeScaling> scaling;
  std::optional<std::int64_t> bos, pad;
  std::vector<std::int64_t> eos;
};

/// Throws Error E101, E110 for other model types, E111 for features that GGUF files of this kind cannot
/// express, E112, E113, E120.
HfConfig read_hf_config(const std::filesystem::path& path);

/// "eos_token_id" of a JSON file, which is a number or a list of them.
class JsonFields;
std::vector<std::int64_t> read_eos_ids(const JsonFields& fields);

}  // namespace glim
