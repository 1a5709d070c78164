#pragma once

#include "engine/convert/hf_config.h"
#include "engine/gguf/gguf_writer.h"

namespace glim {

/// Writes the `general.architecture` and `deepseek2.*` keys as files of this model have them: one key head,
/// the width of a cached row and of its value part under the plain names, the widths of a head under `_mla`.
/// `prediction_layers` tells whether those layers are in the file.
void write_model_keys(const HfConfig& config, bool prediction_layers, GgufWriter& writer);

}  // namespace glim
