#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/compare/comparison.h"
#include "app/job.h"
#include "app/report/report.h"
#include "app/report/report_arguments.h"
#include "app/report/speed_run.h"
#include "engine/gguf/gguf_file.h"

namespace glim::app::report {

/// What the flags of "report" come to, checked. Throws E501 for the first that is wrong.
struct Wanted {
  explicit Wanted(const ReportArguments& arguments);

  const ReportArguments& arguments;
  std::vector<std::int64_t> contexts;
  SpeedTests tests;
  QuantType kv_type;
};

/// Numbers separated by commas, each from `low` to `high`; "64k" is 65536. Throws E501 naming `flag`.
std::vector<std::int64_t> numbers_of(const std::string& list, const std::string& flag, std::int64_t low,
                                     std::int64_t high);

/// The work of one report, row by row.
class Work {
 public:
  Work(const Job& job, const Wanted& wanted);

  void describe_models(const std::vector<std::string>& names);
  void choose_reference();
  void measure_speeds();   ///< throws Stopped
  void read_prompts();     ///< throws what read_prompt_set() throws
  void ask_prompts();      ///< throws Stopped
  void measure_quality();  ///< throws Stopped
  void add_stored_results();
  Report finish(const std::string& partial);

  /// The status of the first failure when no row is whole, else 0.
  int status() const;

 private:
  struct Model {
    std::string asked;
    EngineOptions options;  ///< model is the resolved name
    bool shape = false;
    std::optional<int> failed;  ///< exit status
  };

  void fail(std::size_t row, const Error& error);
  bool fits(std::size_t row) const;
  std::string no_speed_reason(std::size_t row) const;
  void compare_with_reference(const std::vector<std::size_t>& rows, const std::string& text);
  std::vector<std::size_t> rows_with_text() const;
  void give_names();
  void warn_of_spread();

  const Job& job_;
  const Wanted& wanted_;
  std::vector<Model> models_;
  std::vector<ComparePrompt> prompts_;
  Report report_;
};

/// Version, machine, time, settings: block L.
std::vector<std::pair<std::string, std::string>> provenance_of(const Wanted& wanted);

}  // namespace glim::app::report
