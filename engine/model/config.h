#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/gguf/gguf_file.h"
#include "engine/tensor/ops.h"

namespace glim {

/// Everything a model needs to know beside its weights, read from metadata. Missing keys get the defaults of
/// the named rules in config.cpp and nowhere else; every value is range-checked (E110, E112, E113).
struct ModelConfig {
  std::string architecture;       ///< as in the file: "deepseek2", "glm4moelite"
  std::string name;               ///< general.name, or the file's stem
  std::int32_t layers = 0;        ///< without prediction layers
  std::int32_t dense_layers = 0;  ///< leading layers with a dense feed-forward network
  std::int64_t width = 0;         ///< D
  std::int32_t heads = 0;         ///< H
  std::int64_t query_rank = 0;    ///< Q, 0 without low-rank queries
  std::int64_t latent_rank = 0;   ///< R
  std::int64_t rope_width = 0;    ///< P
  std::int64_t nope_width = 0;    ///< N
  std::int64_t value_width = 0;   ///< O
  std::int64_t dense_hidden = 0, expert_hidden = 0, shared_hidden = 0;
  std::int32_t experts = 0;
  RouterRules router;
  double rms_eps = 0;
  double rope_base = 0;
  double attention_scale = 0;            ///< of the scores
  std::vector<double> rope_frequencies;  ///< radians per position of the P/2 pairs
  std::int64_t vocabulary = 0;
  std::int32_t trained_context = 0;
  bool legacy_kv_b = false;        ///< file holds attn_kv_b instead of k_b and v_b
  std::vector<std::string> notes;  ///< for the user: which defaults were assumed

  std::int64_t cache_width() const { return latent_rank + rope_width; }
};

/// Throws E110 for an architecture that is not known, E112 for a missing key, E113 for a value out of range.
ModelConfig read_config(const GgufFile& file);

/// Bytes of one cached token in all layers. Throws E603 when `type` cannot hold rows of this width.
std::uint64_t kv_bytes_per_token(const ModelConfig& config, QuantType type);

}  // namespace glim
