#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "app/console.h"
#include "app/paths.h"
#include "app/store/database.h"
#include "app/store/measurement.h"

namespace glim::app {

/// Which measurements; empty fields allow everything.
struct MeasurementFilter {
  std::string kind = {};       ///< exactly
  std::string model = {};      ///< part of the name, upper and lower case alike
  std::string file_hash = {};  ///< exactly
  std::string build = {}, device = {};
  std::int64_t limit = 0;  ///< the newest so many; 0: all
};

/// Measurements kept in glim.db of the data folder. Every function is a transaction of its own, so several
/// programs may use it at once. Throws E701 (it cannot be written), E702 (damaged, or of a newer program).
class ResultStore {
 public:
  explicit ResultStore(const std::filesystem::path& data_folder);

  /// Returns the id. The time is now when it is 0.
  std::int64_t add(const Measurement& measurement);
  std::vector<Measurement> query(const MeasurementFilter& filter) const;  ///< newest first
  std::optional<Measurement> find(std::int64_t id) const;
  bool remove(std::int64_t id);  ///< false when there is none

 private:
  Database database_;
};

/// Adds to the store; when that fails says so on standard error, since the measurement itself is fine.
/// Returns the id, or 0.
std::int64_t record(const Paths& paths, Console& console, const Measurement& measurement);

}  // namespace glim::app
