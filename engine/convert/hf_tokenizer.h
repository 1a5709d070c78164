#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "engine/convert/hf_config.h"
#include "engine/gguf/gguf_writer.h"

namespace glim {

/// The vocabulary of a model folder in the terms of the `tokenizer.ggml.*` keys.
struct HfTokenizer {
  std::string pre;                  ///< name of the pre-tokenizer
  std::vector<std::string> tokens;  ///< one per row of the embedding
  std::vector<std::int32_t> types;  ///< 1 normal, 3 control, 4 user-defined, 5 unused
  std::vector<std::string> merges;  ///< "left right", best first
  std::optional<std::uint32_t> bos, eos, eot, eom, pad, unknown;
  std::vector<std::int32_t> further_eos;  ///< ends of a reply besides eos, eot and eom
  std::string chat_template;              ///< empty when the folder has none
};

/// What generation_config.json recommends.
struct HfSampling {
  std::optional<double> temperature, top_p, min_p;
  std::optional<std::int64_t> top_k;
};

/// Reads tokenizer.json, tokenizer_config.json, generation_config.json and chat_template.jinja. `config`
/// tells the number of rows and names ids. Throws Error E101, E106 for vocabularies that the tokenizer here
/// cannot serve, E120.
HfTokenizer read_hf_tokenizer(const std::filesystem::path& folder, const HfConfig& config);
HfSampling read_hf_sampling(const std::filesystem::path& folder);

void write_tokenizer_keys(const HfTokenizer& tokenizer, GgufWriter& writer);
void write_sampling_keys(const HfSampling& sampling, GgufWriter& writer);

}  // namespace glim
