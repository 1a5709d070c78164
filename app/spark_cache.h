#pragma once

#include <filesystem>
#include <string_view>

#include "app/model_name.h"

namespace glim::app {

/// Path of the built-in model, which is the file `source`, in another type. It is quantised into `cache` when
/// it is asked for the first time, which takes some seconds, and again when the source has changed. Types
/// that need an importance matrix get one of the questions in heldout.jsonl beside the source, kept in
/// `cache` too. Throws E501 (no such type, or no text for its importance matrix), E701, E901 (`progress` said
/// no).
std::filesystem::path spark_in_type(const std::filesystem::path& source, std::string_view type,
                                    const std::filesystem::path& cache, const MakeProgress& progress = {});

}  // namespace glim::app
