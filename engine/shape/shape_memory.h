#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "engine/gguf/gguf_file.h"
#include "engine/shape/model_shape.h"

namespace glim {

/// The shape as a file that exists in memory alone, byte for byte what write_shape() writes, but with zeros
/// for weights, which take no memory before fill_shape(). Throws E201.
std::unique_ptr<GgufFile> open_shape(const ModelShape& shape);

/// Writes the noise of all weights in place, on `threads` threads. `on_progress` is called many times a
/// second with bytes; false cancels. Returns false when it was cancelled. Throws E201 when the system does
/// not grant the memory, E501 for a format that cannot be written.
bool fill_shape(GgufFile& file, int threads,
                const std::function<bool(std::uint64_t done, std::uint64_t total)>& on_progress);

}  // namespace glim
