#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/fit/fit_model.h"
#include "app/fit/spill.h"

namespace glim::app {

/// What one model needs in every case that was asked for.
struct FitRow {
  std::string name;    ///< as it was asked for
  std::string error;   ///< why there is nothing else; empty: there is
  std::string format;  ///< "Q4_K_M", or the name of the file
  std::uint64_t file_bytes = 0, weight_bytes = 0, parameters = 0;
  double bits_per_weight = 0;
  bool noise = false;  ///< a shape

  struct Cell {
    FitCase wanted;
    std::optional<Plan> plan;           ///< empty: the model cannot have it
    std::vector<SpilledGroup> spilled;  ///< weights that have no room
  };
  std::vector<Cell> cells;  ///< contexts, for one KV type after the other
  struct Longest {
    QuantType kv_type;
    std::uint64_t memory;  ///< bytes
    std::optional<std::int32_t> ctx;
  };
  std::vector<Longest> longest;  ///< contexts per KV type: in the memory of the report, then in usual cards
};

/// The answer to "glim fit", as values.
struct FitReport {
  FitMemory memory;
  std::string profile;  ///< empty: none
  std::vector<std::int32_t> contexts;
  std::vector<QuantType> kv_types;
  std::int32_t parallel = 1, ubatch = 0;
  std::vector<FitRow> rows;
  std::vector<Remedy> remedies;    ///< of a report on one model and one case
  std::vector<std::string> notes;  ///< about the model or the way of counting

  bool is_single() const { return rows.size() == 1 && rows[0].cells.size() == 1; }
  bool anything_fits() const;
};

/// "fits", "tight", "spills", "no".
std::string_view fit_name(Fit fit);

/// For people: a block for one case, else a table of models and contexts that is at most `width` columns
/// wide.
std::string fit_text(const FitReport& report, int width);

/// {"memory": {...}, "models": [{"model", "file_bytes", "cases": [{"ctx", "kv_type", "total_bytes",
/// "verdict",
/// ...}], ...}], "remedies": [...]}; sizes are bytes.
std::string fit_json(const FitReport& report);

}  // namespace glim::app
