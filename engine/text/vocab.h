#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/token.h"

namespace glim {

class GgufFile;

/// What a token is for; the numbers are those of `tokenizer.ggml.token_type`.
enum class TokenType : std::uint8_t { undefined, normal, unknown, control, user_defined, unused, byte };

/// The vocabulary of a model as its file declares it, checked: every id below is inside `tokens`.
struct VocabData {
  std::string model;  ///< "gpt2" (byte-level BPE with merges) or "llama" (SentencePiece with scores)
  std::string pre;    ///< name of the pre-tokenizer, known to find_pretokenizer(); "gpt2" model only
  std::vector<std::string> tokens;  ///< never empty texts; byte-level BPE texts are in stand-in characters
  std::vector<TokenType> types;     ///< as many as tokens
  std::vector<float> scores;        ///< as many as tokens and finite, or none
  std::vector<std::string> merges;  ///< "left right", best first; both parts are non-empty
  std::optional<TokenId> bos, eos, eot, eom, unk, pad;
  std::vector<TokenId> eos_ids;       ///< further ends of generation
  bool add_bos = false;               ///< prompts start with bos
  bool add_eos = false;               ///< prompts end with eos
  bool add_space_prefix = false;      ///< "llama" model: text starts with a space that is not part of it
  std::vector<std::string> warnings;  ///< one sentence each: what was wrong and how it is treated
};

/// Reads and checks the `tokenizer.ggml.*` keys. Throws Error E106 when the vocabulary cannot be used;
/// oddities that can be repaired are repaired and reported in `warnings`. A file without `tokenizer.ggml.pre`
/// gets "glm4" when its architecture or its special tokens are GLM's, else "default".
VocabData read_vocab(const GgufFile& file);

}  // namespace glim
