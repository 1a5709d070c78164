#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "engine/gguf/metadata_writer.h"

namespace glim {

/// The `tokenizer.*` keys of a made-up vocabulary with `size` entries (at least kLeastVocabulary): the 256
/// bytes, words of syllables with the merges that build them, and at the end the special tokens of
/// GLM-4.7-Flash with its unused rows, so that prompts and replies work as with the real model.
std::vector<std::pair<std::string, GgufOut>> shape_vocabulary(std::int64_t size);

inline constexpr std::int64_t kLeastVocabulary = 320;

}  // namespace glim
