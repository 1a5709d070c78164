#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "app/bench/bench_plan.h"
#include "app/console.h"
#include "app/store/measurement.h"

namespace glim::app {

/// One finished test with everything that its line says.
struct BenchRow {
  std::string model;                             ///< as the user calls it
  std::string file;                              ///< what was opened
  std::string model_type;                        ///< "deepseek2 10.57M Q8_0"
  std::uint64_t model_size = 0, parameters = 0;  ///< bytes of the weights; how many
  std::string backend;                           ///< "CPU"
  BenchSettings settings;
  BenchResult result;
  double limit = 0;    ///< bytes per second that memory was measured to give; 0 unknown
  bool noise = false;  ///< the weights are those of a shape

  double gigabytes_per_second() const;  ///< achieved
  double of_limit() const;              ///< a fraction; 0 unknown
};

/// A row with the field names of llama-bench, in its order, then samples_ns, samples_ts and the object "glim"
/// with what llama-bench does not know.
nlohmann::ordered_json json_of(const BenchRow& row);

/// "tg128" in tokens per second, and so on.
Figure figure_of(const BenchRow& row);

/// Prints rows as they come.
class BenchWriter {
 public:
  virtual ~BenchWriter() = default;
  virtual void begin() {}
  virtual void row(const BenchRow& row) = 0;
  /// `planned` is more than what has been written when the run was interrupted.
  virtual void end(std::size_t planned) = 0;
};

/// `format` is "md", "csv", "json", "jsonl" or "sql". The plan says which columns vary.
std::unique_ptr<BenchWriter> make_bench_writer(const std::string& format, Console& console,
                                               const BenchPlan& plan);

}  // namespace glim::app
