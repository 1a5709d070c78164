#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "engine/base/memory_bytes.h"
#include "engine/engine.h"

namespace glim::app {

/// One load of a model: what the plan said it would take and what it took.
struct LoadRecord {
  std::int64_t time = 0;  ///< seconds since 1970, UTC
  std::string model, kv_type;
  std::int32_t ctx = 0;
  MemoryBytes planned, actual;
  double error() const;  ///< of the total, as a share of what was planned; positive: it took more
};

/// Keeps the numbers of an engine that is ready in the store of results. A store that cannot be written is
/// left alone: the load itself is fine, and reading the history says what is wrong.
void record_load(const std::filesystem::path& data_folder, const std::string& model, const Engine& engine);

/// All loads that the store knows, newest first. Throws E701.
std::vector<LoadRecord> recorded_loads(const std::filesystem::path& data_folder);

/// A table with the median error below it, and the same as {"loads": [...], "median_error"}.
std::string history_text(const std::vector<LoadRecord>& loads);
std::string history_json(const std::vector<LoadRecord>& loads);

}  // namespace glim::app
