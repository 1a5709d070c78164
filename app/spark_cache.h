#pragma once

#include <filesystem>
#include <string_view>

#include "engine/quantize/file_type.h"

namespace glim::app {

/// Whether the built-in model can be had in a type.
bool spark_comes_in(const FileType& type);

/// Path of the built-in model, which is the file `source`, in another type. It is quantised into `cache` when
/// it is asked for the first time, which takes some seconds, and again when the source has changed. Throws
/// E501 (no such type, or one that needs an importance matrix), E701.
std::filesystem::path spark_in_type(const std::filesystem::path& source, std::string_view type,
                                    const std::filesystem::path& cache);

}  // namespace glim::app
