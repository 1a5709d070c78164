#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "engine/engine.h"
#include "engine/gguf/gguf_file.h"
#include "engine/tensor/cpu_options.h"

namespace glim {

/// Opens what EngineOptions::model names: the GGUF file at a path, or a shape ("shape:..."), which has no
/// file and whose weights are zeros until fill_weights(). Reads headers only. Throws E101-E105, E111; E501
/// and E201 for a shape.
std::unique_ptr<GgufFile> open_model(const std::string& name);

/// Gives a shape its weights, which are noise; leaves a file alone. `go_on` is called many times a second
/// with bytes; false cancels. `threads` 0 is all. Throws E201 with the numbers, before anything is written,
/// when they do not fit into free memory; E901 when cancelled.
void fill_weights(GgufFile& file, std::int32_t threads,
                  const std::function<bool(std::uint64_t done, std::uint64_t total)>& go_on);

/// How the processor is to hold `bytes` of weights of a file that is opened and not yet filled: as
/// EngineOptions::mmap asks, and in the file where free memory cannot take a copy.
CpuOptions cpu_options(const EngineOptions& options, const GgufFile& file, std::uint64_t bytes);

/// What people are to be told about such weights; empty for a file.
std::string noise_note(const GgufFile& file);

}  // namespace glim
