#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>

#include "engine/gguf/gguf_writer.h"
#include "engine/shape/model_shape.h"

namespace glim {

/// Announces the keys and tensors of a shape, as its file would have them.
void announce_shape(GgufWriter& writer, const ModelShape& shape);

/// Writes the shape as a GGUF file of its true size with noise for weights; any engine that knows the
/// architecture loads it. `on_progress` is called some times a second with bytes; false cancels. Returns
/// false when it was cancelled; then, and when it throws (E501, E701), nothing stands at `path`.
bool write_shape(const ModelShape& shape, const std::filesystem::path& path,
                 const std::function<bool(std::uint64_t done, std::uint64_t total)>& on_progress);

}  // namespace glim
