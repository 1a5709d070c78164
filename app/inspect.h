#pragma once

#include <ostream>
#include <string>

namespace glim::app {

/// Describes a GGUF file or a shape: size, metadata, tensors, totals per format, parameters, cost per token, KV cache.
/// As text for 80 columns, or as one JSON object with stable names. Text from the file is made safe to print.
/// Returns the process exit status. Throws Error as open_model() does.
int inspect(const std::string& model, bool json, std::ostream& out);

}  // namespace glim::app
