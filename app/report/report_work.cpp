#include "app/report/report_work.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <numeric>
#include <set>

#include "app/measure_job.h"
#include "app/model_list.h"
#include "app/progress_line.h"
#include "app/report/bandwidth.h"
#include "app/report/changes.h"
#include "app/report/describe.h"
#include "app/report/model_label.h"
#include "app/report/stored_checks.h"
#include "app/report/stored_figures.h"
#include "app/report/writers.h"
#include "engine/base/error.h"
#include "engine/base/memory_info.h"
#include "engine/base/text.h"
#include "engine/measure/drift.h"
#include "engine/model_source.h"
#include "engine/quantize/file_type.h"
#include "engine/shape/model_shape.h"

namespace glim::app::report {
namespace {

constexpr std::int64_t kMostContext = std::int64_t{1} << 24;
constexpr std::int32_t kMostThreads = 256, kMostRepetitions = 1000;
/// Shapes are filled before they are run; more than these are estimated unless --speed asks.
constexpr std::size_t kMeasuredShapes = 4;

void check_range(const char* flag, std::int64_t value, std::int64_t low, std::int64_t high) {
  if (value >= low && value <= high) return;
  throw Error(ErrorCode::E501,
              strf("%s %lld is out of range; use %lld to %lld", flag, static_cast<long long>(value),
                   static_cast<long long>(low), static_cast<long long>(high)));
}

void set_drift(Row& row, const Drift& drift) {
  row[Metric::kld] = measured(Unit::nats, drift.mean, drift.mean_error);
  row[Metric::kld_median] = measured(Unit::nats, drift.median);
  row[Metric::kld_p99] = measured(Unit::nats, drift.percentile_99);
  row[Metric::kld_max] = measured(Unit::nats, drift.largest);
  row[Metric::perplexity] = measured(Unit::ratio, drift.perplexity);
  row[Metric::ln_ratio] = measured(Unit::nats, std::log(drift.perplexity / drift.base_perplexity));
  row[Metric::rms_delta_p] = measured(Unit::fraction, drift.rms_delta_p, drift.rms_delta_p_error);
  row[Metric::top1] = measured(Unit::fraction, drift.agreement, drift.agreement_error);
}

std::string read_text(const Job& job, const std::string& path) {
  if (path == "-") return {std::istreambuf_iterator<char>(job.console.in), {}};
  std::ifstream stream(expand_path(path), std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(stream), {}};
  if (!stream.is_open() || stream.bad())
    throw Error(ErrorCode::E501, printable(path) + ": cannot read the text; check the path");
  return text;
}

void set_missing(Row& row, Block block, const std::string& why) {
  for (const MetricInfo& metric : kMetrics)
    if (metric.block == block && !row[metric.metric].present() && row[metric.metric].why.empty())
      row[metric.metric] = absent(why);
}

/// Figures of the quality block that are headlines; the others need no reason of their own.
void set_no_quality(Row& row, const std::string& why) {
  for (const Metric metric : {Metric::kld, Metric::top1, Metric::perplexity})
    if (!row[metric].present()) row[metric] = absent(why);
}

}  // namespace

std::vector<std::int64_t> numbers_of(const std::string& list, const std::string& flag, std::int64_t low,
                                     std::int64_t high) {
  std::vector<std::int64_t> out;
  if (list.empty()) return out;
  for (const std::string& word : split_words(list, ',')) {
    std::string digits = word;
    std::int64_t factor = 1;
    if (!digits.empty() && (digits.back() == 'k' || digits.back() == 'K')) digits.pop_back(), factor = 1024;
    const bool number =
        !digits.empty() && digits.size() <= 12 && digits.find_first_not_of("0123456789") == std::string::npos;
    if (!number)
      throw Error(ErrorCode::E501,
                  flag + " " + printable(list) + ": \"" + printable(word) +
                      "\" is no number; write numbers with commas between them, such as 8192,64k");
    out.push_back(factor * std::stoll(digits));
    check_range(flag.c_str(), out.back(), low, high);
  }
  return out;
}

Wanted::Wanted(const ReportArguments& from) : arguments(from) {
  for (const std::string& path : from.outputs) check_report_path(path);
  contexts = numbers_of(from.contexts, "--ctx-size", 1, kMostContext);
  check_range("--repetitions", from.repetitions, 1, kMostRepetitions);
  check_range("--threads", from.threads, 0, kMostThreads);
  check_range("--predict", from.answer_tokens, 1, kMostContext);
  check_range("--chunk", from.chunk, 4, 1 << 20);
  check_range("--chunks", from.chunks, 0, 1 << 30);
  if (from.speed && from.no_speed)
    throw Error(ErrorCode::E501, "--speed and --no-speed contradict each other; give one of them");
  if (from.models.empty() && from.reference.empty())
    throw Error(ErrorCode::E501, "report: no model is named",
                "for example: glim report spark:q8_0 spark:q4_k_m -f text.txt -o report.html");
  kv_type = quant_type_named(from.kv_type, "--kv-type");
  tests.repetitions = from.quick ? 1 : from.repetitions;
  if (from.quick) tests.prompt = 128, tests.generated = 32, tests.long_prompt = 0, tests.cold_load = false;
  tests.depths = numbers_of(from.depths, "--n-depth", 1, kMostContext);
  tests.streams = numbers_of(from.streams, "--parallel", 1, 1024);
}

Work::Work(const Job& job, const Wanted& wanted) : job_(job), wanted_(wanted) {
  report_.title = "Report";
  report_.contexts = wanted.contexts;
  report_.baselines = wanted.arguments.baselines;
  report_.prompt_test = strf("pp%d", wanted.tests.prompt);
  report_.generation_test = strf("tg%d", wanted.tests.generated);
  report_.available_bytes = memory_info().available;
}

void Work::fail(std::size_t row, const Error& error) {
  models_[row].failed = exit_status(error.code());
  report_.rows[row].failure = strf("GLIM-%s: ", error_name(error.code())) + error.what();
}

void Work::describe_models(const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    Model model;
    model.asked = name;
    model.shape = is_shape_name(name);
    model.options.backend = wanted_.arguments.backend;
    model.options.kv_type = wanted_.kv_type;
    model.options.threads = wanted_.arguments.threads;
    models_.push_back(std::move(model));
    Row row;
    row.identity.name = name;
    row.factors.model = model_without_quant(name, {});
    report_.rows.push_back(std::move(row));
    const std::size_t at = models_.size() - 1;
    try {
      models_[at].options.model = resolve_model(name, job_.places);
      const auto file = open_model(models_[at].options.model);
      report_.rows[at] = describe(*file, name, models_[at].options, wanted_.contexts);
    } catch (const Error& error) {
      fail(at, error);
    }
  }
  give_names();
  baseline_rows(report_);  // a name that no row has is to be found out before the work
}

void Work::choose_reference() {
  const std::string& asked = wanted_.arguments.reference;
  if (!asked.empty() &&
      std::none_of(models_.begin(), models_.end(), [&](const Model& m) { return m.asked == asked; }))
    throw Error(ErrorCode::E501, "--reference " + printable(asked) + " stands for several models; name one");
  double most = 0;
  for (std::size_t i = 0; i < models_.size(); ++i) {
    const Row& row = report_.rows[i];
    if (!asked.empty() && models_[i].asked == asked) {
      report_.reference = i;
      return;
    }
    // A model of the same bits that comes first stays.
    const Figure& bits = row[Metric::bits_per_weight];
    if (asked.empty() && row.failure.empty() && bits.present() && bits.value > most) {
      most = bits.value;
      report_.reference = i;
    }
  }
}

bool Work::fits(std::size_t row) const {
  const std::vector<MemoryAt>& memory = report_.rows[row].memory;
  const auto available = static_cast<double>(report_.available_bytes);
  return std::any_of(memory.begin(), memory.end(), [&](const MemoryAt& at) {
    return at.total.present() && at.weights.value + at.scratch.value < 0.9 * available;
  });
}

std::string Work::no_speed_reason(std::size_t row) const {
  if (wanted_.arguments.no_speed) return "--no-speed";
  if (!models_[row].shape || wanted_.arguments.speed)
    return fits(row) || !models_[row].shape ? "" : "does not fit into memory";
  if (!fits(row)) return "does not fit into memory";
  const auto shapes = static_cast<std::size_t>(
      std::count_if(models_.begin(), models_.end(), [](const Model& model) { return model.shape; }));
  return shapes > kMeasuredShapes ? strf("more than %zu shapes; --speed measures them all", kMeasuredShapes)
                                  : "";
}

void Work::measure_speeds() {
  ProgressLine progress(job_.console, "measuring");
  const StoredFigures stored(job_, wanted_);
  for (std::size_t i = 0; i < models_.size(); ++i) {
    Row& row = report_.rows[i];
    if (!row.failure.empty()) continue;
    if (const std::string why = no_speed_reason(i); !why.empty()) {
      set_missing(row, Block::speed, why);
      set_missing(row, Block::load, why);
      continue;
    }
    if (stored.read_speed(row)) continue;
    try {
      measure_speed(row, job_.source, models_[i].options, wanted_.tests, job_.signals,
                    [&](const std::string& step) {
                      progress.show(strf("%zu of %zu  %s  %s", i + 1, models_.size(),
                                         printable(models_[i].asked, 40).c_str(), step.c_str()),
                                    false);
                    });
      stored.keep_speed(row, models_[i].asked);
    } catch (const Error& error) {
      fail(i, error);
    }
  }
}

std::vector<std::size_t> Work::rows_with_text() const {
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < models_.size(); ++i)
    if (!models_[i].shape && report_.rows[i].failure.empty()) out.push_back(i);
  return out;
}

void Work::compare_with_reference(const std::vector<std::size_t>& rows, const std::string& text) {
  const std::size_t base = *report_.reference;
  DriftJob work;
  work.base = models_[base].options;
  work.base.kv_type = QuantType::f16;
  work.text = text;
  work.name = wanted_.arguments.text_file == "-" ? "standard input" : wanted_.arguments.text_file;
  work.chunks = {.size = wanted_.arguments.chunk, .limit = wanted_.arguments.chunks, .specials = false};
  for (const std::size_t row : rows) work.models.push_back(models_[row].options);
  StopOnSignal stop(job_.signals);
  ProgressLine progress(job_.console, "quality");
  const auto show = [&](std::int32_t done, std::int32_t total) {
    progress.show(strf("chunk %d of %d", done, total), done == total);
  };
  std::vector<Drift> drifts;
  try {
    drifts = measure_drift(work, {[&] { return stop.go_on(); }, show});
  } catch (const Error& error) {
    if (stop.status() != 0) throw Stopped{stop.status()};
    throw;
  }
  if (stop.status() != 0 || drifts.size() != rows.size()) throw Stopped{stop.status()};
  for (std::size_t i = 0; i < rows.size(); ++i) set_drift(report_.rows[rows[i]], drifts[i]);
  Row& reference = report_.rows[base];
  reference[Metric::perplexity] = measured(Unit::ratio, drifts.front().base_perplexity);
  report_.notes.push_back(strf("Quality: %lld tokens of ", static_cast<long long>(drifts.front().tokens)) +
                          work.name + ", the second half of every piece.");
}

void Work::measure_quality() {
  for (std::size_t i = 0; i < models_.size(); ++i)
    if (models_[i].shape) set_no_quality(report_.rows[i], "shape: weights are noise");
  if (wanted_.arguments.no_quality || wanted_.arguments.text_file.empty() || !report_.reference ||
      models_[*report_.reference].shape || !report_.rows[*report_.reference].failure.empty()) {
    const char* why = wanted_.arguments.no_quality          ? "--no-quality"
                      : wanted_.arguments.text_file.empty() ? "no text (-f FILE) or prompts (--prompts FILE)"
                                                            : "there is no reference with weights";
    for (const std::size_t i : rows_with_text()) set_no_quality(report_.rows[i], why);
    return;
  }
  const std::string text = read_text(job_, wanted_.arguments.text_file);
  const std::size_t base = *report_.reference;
  const bool plain = wanted_.kv_type == QuantType::f16;
  const StoredFigures stored(job_, wanted_);
  std::vector<std::size_t> rows;
  double bytes = 0;
  for (const std::size_t i : rows_with_text()) {
    if (i == base && plain) continue;
    if (stored.read_quality(report_.rows[i], report_.rows[base], text)) continue;
    rows.push_back(i);
    bytes += report_.rows[i][Metric::file_size].value;
  }
  if (plain) {
    report_.rows[base][Metric::kld] = measured(Unit::nats, 0);
    report_.rows[base][Metric::top1] = measured(Unit::fraction, 1);
    report_.rows[base][Metric::rms_delta_p] = measured(Unit::fraction, 0);
  }
  if (rows.empty() && !report_.rows[base][Metric::perplexity].present()) rows.push_back(base);
  // All models side by side read the text through the reference once; one by one they need less memory.
  const bool together = bytes + report_.rows[base][Metric::file_size].value <
                        0.7 * static_cast<double>(report_.available_bytes);
  std::vector<std::vector<std::size_t>> groups;
  if (together && !rows.empty()) groups.push_back(rows);
  if (!together)
    for (const std::size_t row : rows) groups.push_back({row});
  for (const std::vector<std::size_t>& group : groups) {
    try {
      compare_with_reference(group, text);
      for (const std::size_t row : group)
        stored.keep_quality(report_.rows[row], report_.rows[base], text, models_[row].asked);
    } catch (const Error& error) {
      for (const std::size_t row : group) fail(row, error);
    }
  }
}

void Work::give_names() {
  const bool all_shapes =
      std::all_of(models_.begin(), models_.end(), [](const Model& model) { return model.shape; });
  std::vector<std::string> names;
  for (const Model& model : models_) {
    std::string name = model.asked;
    if (model.shape && all_shapes) name = name.substr(std::string("shape:").size());
    if (!is_model_keyword(model.asked)) {
      name = std::filesystem::path(name).filename().string();
      if (const std::size_t ending = name.rfind(".gguf"); ending != name.npos && ending > 0)
        name.erase(ending);
    }
    names.push_back(std::move(name));
  }
  for (std::size_t i = 0; i < names.size(); ++i)
    report_.rows[i].identity.name =
        std::count(names.begin(), names.end(), names[i]) == 1 ? names[i] : models_[i].asked;
  const bool any =
      std::any_of(models_.begin(), models_.end(), [](const Model& model) { return model.shape; });
  if (any)
    report_.notes.push_back(
        "Shapes have the sizes of real models and noise for weights: their memory and speed are "
        "those of the real file, their text is not.");
}

/// Repetitions that differ by more than 3 % were disturbed, and so is what is concluded from them.
void Work::warn_of_spread() {
  constexpr double kQuiet = 0.03;
  std::string rows;
  for (const Row& row : report_.rows) {
    const Figure& rate = row[Metric::generation_rate];
    if (!rate.measured() || !rate.spread || *rate.spread <= kQuiet * rate.value) continue;
    rows += strf("%s%s %.0f %%", rows.empty() ? "" : ", ", row.identity.name.c_str(),
                 100 * *rate.spread / rate.value);
  }
  if (!rows.empty())
    report_.notes.push_back("The generation rate varied by more than 3 % between repetitions (" + rows +
                            "): something else was running, so compare speeds with care.");
}

void Work::add_stored_results() {
  try {
    add_stored_checks(report_, ResultStore(job_.paths.data));
  } catch (const Error& error) {
    report_.notes.push_back(std::string("Stored results of tasks and scenarios cannot be read: ") +
                            error.what());
  }
}

Report Work::finish(const std::string& partial) {
  if (!partial.empty()) report_.partial = partial;
  if (!partial.empty())
    for (Row& row : report_.rows) {
      set_missing(row, Block::speed, "stopped before it was measured");
      set_no_quality(row, "stopped before it was measured");
    }
  estimate_speeds(report_, wanted_.arguments.threads);
  warn_of_spread();
  std::set<std::string> models;
  for (const Row& row : report_.rows) models.insert(row.factors.model);
  report_.title = "Report";
  for (const std::string& model : models) report_.title += (model == *models.begin() ? " on " : ", ") + model;
  std::vector<std::pair<std::string, std::string>> provenance = provenance_of(wanted_);
  report_.provenance.insert(report_.provenance.begin(), provenance.begin(), provenance.end());
  return report_;
}

int Work::status() const {
  int first = 0;
  for (const Model& model : models_) {
    if (!model.failed) return 0;
    if (first == 0) first = *model.failed;
  }
  return first;
}

}  // namespace glim::app::report
