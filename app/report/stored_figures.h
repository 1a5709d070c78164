#pragma once

#include <memory>
#include <string>

#include "app/job.h"
#include "app/report/report.h"
#include "app/store/result_store.h"

namespace glim::app::report {

struct Wanted;

/// Figures of earlier reports that were taken from the same file by the same build, on the same device and
/// with the same settings, so that a report measures only what is missing. Does nothing where there is no
/// hash (shapes) and, for reading, under --fresh. A store that cannot be opened is said once on standard
/// error and then treated as empty.
class StoredFigures {
 public:
  StoredFigures(const Job& job, const Wanted& wanted);

  /// Fill the row and return true when everything is there.
  bool read_speed(Row& row) const;
  bool read_quality(Row& row, Row& reference, const std::string& text) const;

  void keep_speed(const Row& row, const std::string& model) const;
  void keep_quality(const Row& row, const Row& reference, const std::string& text,
                    const std::string& model) const;

 private:
  using Json = nlohmann::ordered_json;
  std::optional<Json> find(const std::string& hash, const Json& settings) const;
  void keep(const Row& row, const std::string& model, const Json& settings, const Json& result) const;
  Json speed_settings(const Row& row) const;
  Json quality_settings(const Row& row, const Row& reference, const std::string& text) const;

  const Job& job_;
  const Wanted& wanted_;
  std::unique_ptr<ResultStore> store_;
};

}  // namespace glim::app::report
