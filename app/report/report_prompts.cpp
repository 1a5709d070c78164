// The part of a report that is a comparison over a set of prompts.

#include <algorithm>
#include <filesystem>

#include "app/compare/compare_text.h"
#include "app/compare/prompt_set.h"
#include "app/compare/run_to_end.h"
#include "app/progress_line.h"
#include "app/report/from_comparison.h"
#include "app/report/report_work.h"
#include "engine/base/text.h"

namespace glim::app::report {
namespace {

constexpr const char* kOrigin = "report";

PaneSpec pane_for(const ReportArguments& arguments, const std::string& asked, const std::string& name) {
  PaneSpec spec;
  spec.asked = asked;
  spec.label = name;
  const auto set = [&](const char* key, Json value) { spec.settings[key] = {std::move(value), kOrigin}; };
  set("model.path", asked);
  set("device.name", arguments.backend);
  set("kv.type_k", arguments.kv_type);
  set("sampling.temp", 0);
  set("sampling.seed", 42);
  set("sampling.max_tokens", arguments.answer_tokens);
  if (arguments.threads > 0) set("device.threads", arguments.threads);
  spec.profile = make_profile("", spec.settings);
  return spec;
}

/// Puts what a comparison found about `rows` beside what the report knows already. Figures that were measured
/// by themselves stay; with `own_quality` all of quality does, so that one text stands behind all of it.
class Merge {
 public:
  Merge(Report& into, const std::vector<std::size_t>& rows, bool own_quality)
      : into_(into), rows_(rows), own_quality_(own_quality) {}

  void add(Report from) {
    for (std::size_t i = 0; i < rows_.size(); ++i) add_row(into_.rows[rows_[i]], from.rows[i]);
    for (PromptPart& prompt : from.prompts) {
      prompt.answers = spread(std::move(prompt.answers));
      for (std::size_t row = 0; row < into_.rows.size(); ++row)
        if (!is_asked(row)) prompt.answers[row].stop = "not asked";
      into_.prompts.push_back(std::move(prompt));
    }
    for (Difference& difference : from.differences) {
      difference.kld = spread(std::move(difference.kld));
      difference.likeliest = spread(std::move(difference.likeliest));
      into_.differences.push_back(std::move(difference));
    }
    for (std::string& note : from.notes)
      if (!own_quality_ || note.find("Quality is") == note.npos) into_.notes.push_back(std::move(note));
    into_.set_name = std::move(from.set_name);
    into_.provenance.insert(into_.provenance.end(), from.provenance.begin(), from.provenance.end());
    if (into_.partial.empty()) into_.partial = std::move(from.partial);
  }

 private:
  bool is_asked(std::size_t row) const { return std::find(rows_.begin(), rows_.end(), row) != rows_.end(); }

  /// One per pane to one per row.
  template <typename T>
  std::vector<T> spread(std::vector<T> panes) const {
    std::vector<T> out(into_.rows.size());
    for (std::size_t i = 0; i < rows_.size() && i < panes.size(); ++i) out[rows_[i]] = std::move(panes[i]);
    return out;
  }

  void add_row(Row& row, Row& from) const {
    for (const MetricInfo& metric : kMetrics) {
      if (metric.block == Block::quality && own_quality_) continue;
      if (!row[metric.metric].present() && from[metric.metric].present())
        row[metric.metric] = std::move(from[metric.metric]);
    }
    row.first_split = from.first_split;
    row.splits_known = from.splits_known;
    row.categories = std::move(from.categories);
    std::move(from.checks.begin(), from.checks.end(), std::back_inserter(row.checks));
    if (row.failure.empty()) row.failure = std::move(from.failure);
  }

  Report& into_;
  const std::vector<std::size_t>& rows_;
  bool own_quality_;
};

}  // namespace

void Work::read_prompts() {
  const ReportArguments& arguments = wanted_.arguments;
  if (!arguments.prompt_set.empty()) prompts_ = read_prompt_set(expand_path(arguments.prompt_set));
}

void Work::ask_prompts() {
  if (prompts_.empty()) return;
  const ReportArguments& arguments = wanted_.arguments;
  const std::vector<std::size_t> rows = rows_with_text();
  if (rows.empty()) {
    report_.notes.push_back("Nobody was asked the prompts: no row has weights that were trained.");
    return;
  }
  const auto reference =
      report_.reference ? std::find(rows.begin(), rows.end(), *report_.reference) : rows.end();
  CompareRunner::Setup setup;
  for (const std::size_t row : rows)
    setup.panes.push_back(pane_for(arguments, models_[row].asked, report_.rows[row].identity.name));
  setup.places = job_.places;
  setup.settings.drift = !arguments.no_quality && reference != rows.end();
  if (reference != rows.end()) setup.settings.reference = static_cast<std::int32_t>(reference - rows.begin());
  setup.prompts = prompts_;
  setup.set_name = std::filesystem::path(arguments.prompt_set).filename().string();
  CompareRunner runner(job_.source, std::move(setup));
  int status = 0;
  {
    ProgressLine progress(job_.console, "prompts");
    status = run_to_end(runner, job_.signals, [&](const Comparison& comparison) {
      progress.show(progress_text(comparison), false);
    });
  }
  const bool own_quality = !arguments.text_file.empty() || arguments.no_quality;
  Merge(report_, rows, own_quality).add(report_of(runner.state()));
  for (std::size_t i = 0; i < rows.size(); ++i)
    if (const auto& error = runner.state().panes[i].error) models_[rows[i]].failed = exit_status(error->code);
  if (status != 0) throw Stopped{status};
}

}  // namespace glim::app::report
