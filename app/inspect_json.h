#pragma once

#include <string>

#include "engine/gguf/figures.h"
#include "engine/gguf/gguf_file.h"

namespace glim::app {

/// The JSON form of `inspect`. Bytes that are no UTF-8 are replaced by U+FFFD; numbers that JSON cannot hold
/// become null. Strings are complete, of arrays the first elements are given.
std::string inspect_json(const GgufFile& file, const ModelFigures& figures);

}  // namespace glim::app
