#pragma once

#include <string>

#include "engine/gguf/gguf_file.h"

namespace glim::app {

/// Names a model file without reading its weights: "sha256:" and 64 hexadecimal digits over, for every part,
/// the bytes before the first weight and the size of the file as 64 bits, low byte first.
std::string fingerprint(const GgufFile& file);

}  // namespace glim::app
