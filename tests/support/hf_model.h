#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "engine/gguf/gguf_file.h"
#include "tests/support/tiny_safetensors.h"

namespace glim {

/// Ways of storing the matrices of a model folder.
enum class HfStyle {
  plain,              ///< as the tensor's own dtype says
  packed_symmetric,   ///< compressed-tensors, four bits, groups of 32
  packed_asymmetric,  ///< the same with zeros
  awq,                ///< AutoAWQ, groups of 64
  nvfp4,              ///< compressed-tensors
  modelopt,           ///< ModelOpt NVFP4
};

/// A tensor as a model folder names it; matrices are rows after rows.
struct HfTensor {
  std::string base;  ///< "model.layers.0.self_attn.o_proj", or the full name of a bias
  std::string dtype;
  std::vector<std::int64_t> shape;
  std::vector<float> values;
  bool is_projection = false;  ///< a matrix that quantisers touch
  std::string name() const { return base.ends_with("_bias") ? base : base + ".weight"; }
};

/// A deepseek2 GGUF file taken apart into what a model folder of the same model holds: kv_b joined, experts
/// apart, names and settings of config.json, the vocabulary as tokenizer.json.
struct HfModel {
  explicit HfModel(const GgufFile& file);

  std::vector<HfTensor> tensors;
  nlohmann::ordered_json config, tokenizer, generation;
  std::string chat_template;

  HfTensor& tensor(const std::string& base);
  void remove(const std::string& base);

  /// Writes the folder. Returns the model with the values that its tensors have after rounding, all F32.
  HfModel write(const std::filesystem::path& folder, HfStyle style = HfStyle::plain) const;

 private:
  void read_config(const GgufFile& file);
  void read_tokenizer(const GgufFile& file);
  void read_layer(const GgufFile& file, std::int64_t layer);
  void join_kv_b(const GgufFile& file, std::int64_t layer);
  void split_experts(const GgufFile& file, std::int64_t layer);
};

void write_text_file(const std::filesystem::path& path, const std::string& text);

}  // namespace glim
