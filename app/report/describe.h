#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "app/report/report.h"
#include "engine/engine.h"
#include "engine/gguf/gguf_file.h"

namespace glim::app::report {

/// Fills in what headers and plans tell of a model: identity, size, memory at `contexts`, bytes read per
/// token. `options.model` is the resolved name; `asked` what the user calls it. Contexts beyond the trained
/// one are absent and say so. Throws what opening and planning throw, but never E201.
Row describe(const GgufFile& file, const std::string& asked, const EngineOptions& options,
             const std::vector<std::int64_t>& contexts);

/// The file type in which the model is: "Q4_K_M", else the format of most of its bytes.
std::string quant_of(const GgufFile& file, const std::string& asked);

}  // namespace glim::app::report
