#pragma once

#include <filesystem>
#include <ostream>

namespace glim::app {

/// Describes a GGUF file: size, metadata, tensors, totals per format, parameters, cost per token, KV cache.
/// As text for 80 columns, or as one JSON object with stable names. Text from the file is made safe to print.
/// Returns the process exit status. Throws Error as GgufFile does.
int inspect(const std::filesystem::path& path, bool json, std::ostream& out);

}  // namespace glim::app
