#pragma once

#include "engine/gguf/gguf_file.h"

namespace glim {

/// Refuses files that are something else than a language model with weights: adapters, image projectors,
/// importance matrices (E110), vocabularies (E112). Says what the file is. Also E105 and E112 when the key
/// `general.architecture` is no string or missing.
void check_is_model(const GgufFile& file);

}  // namespace glim
