#include "app/eval/suite_command.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <span>

#include "app/eval/suite_record.h"
#include "app/eval/suite_report.h"
#include "app/eval/suite_screen.h"
#include "app/model_slot.h"
#include "app/profile_fields.h"
#include "app/store/provenance.h"
#include "engine/base/error.h"
#include "engine/base/new_file.h"
#include "engine/base/text.h"
#include "engine/model_source.h"

namespace glim::app {
namespace {

std::vector<std::string> words(const std::string& list) {
  std::vector<std::string> out;
  for (std::string& word : split_words(list, ','))
    if (!word.empty()) out.push_back(std::move(word));
  return out;
}

std::vector<std::int32_t> context_targets(const std::string& list) {
  constexpr std::int32_t kLeast = 256, kMost = 16 << 20;
  std::vector<std::int32_t> out;
  for (std::string word : words(list)) {
    const std::string given = word;
    std::int32_t factor = 1;
    if (word.back() == 'k' || word.back() == 'K') {
      factor = 1024;
      word.pop_back();
    }
    const bool digits = !word.empty() && word.size() < 9 && word.find_first_not_of("0123456789") == word.npos;
    const std::int64_t value = digits ? std::stoll(word) * factor : 0;
    if (value < kLeast || value > kMost)
      throw Error(ErrorCode::E501, "--targets: \"" + printable(given) + "\" is no context length",
                  strf("use numbers from %d on, or 4k for 4096, with commas between them", kLeast));
    out.push_back(static_cast<std::int32_t>(value));
  }
  if (out.empty()) throw Error(ErrorCode::E501, "--targets names no context length", "for example 4k,32k");
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

SuiteOptions suite_options(const SuiteArguments& arguments) {
  SuiteOptions options;
  options.suites = words(arguments.suites);
  options.tests = words(arguments.tests);
  options.allow_exec = arguments.allow_exec;
  options.targets = context_targets(arguments.targets);
  if (planned_tests(options).empty()) throw Error(ErrorCode::E501, "--suite names no suite");
  return options;
}

/// The profile that a chat with these flags would have.
Profile suite_profile(const SuiteArguments& arguments, const std::string& model) {
  Settings settings;
  const auto set = [&](const char* key, Json value, const char* flag) {
    settings[key] = Setting{std::move(value), flag};
  };
  set("model.path", model, "-m");
  set("device.name", arguments.backend, "--backend");
  set("kv.type_k", arguments.kv_type, "--kv-type");
  set("context.ubatch", arguments.batch, "--ubatch-size");
  if (arguments.threads != 0) set("device.threads", arguments.threads, "--threads");
  if (arguments.ctx != 0) set("context.ctx", arguments.ctx, "--ctx-size");
  return make_profile("", settings);
}

/// The longest target that the model was trained for and that fits into memory.
std::int32_t context_for(const SuiteOptions& options, const EngineOptions& engine, const Plan& plan,
                         EngineSource& source) {
  std::int32_t ctx = engine.ctx;
  for (const std::int32_t target : options.targets) {
    if (target <= ctx || target > plan.trained_ctx) continue;
    EngineOptions longer = engine;
    longer.ctx = target;
    try {
      source.plan(longer);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::E201) throw;
      break;
    }
    ctx = target;
  }
  return ctx;
}

/// "spark:q4_k_m", or the file's name without folder and ending; numbered where that is not enough.
std::vector<std::string> labels_of(const std::vector<std::string>& names) {
  std::vector<std::string> out;
  for (const std::string& name : names) {
    Profile profile;
    profile.model = name;
    std::string label = printable(profile.label());
    const auto same = std::count_if(out.begin(), out.end(),
                                    [&](const std::string& other) { return other.starts_with(label); });
    if (same > 0) label += strf(" #%d", static_cast<int>(same) + 1);
    out.push_back(std::move(label));
  }
  return out;
}

class SuiteCommand {
 public:
  SuiteCommand(const Job& job, const SuiteArguments& arguments)
      : job_(job), arguments_(arguments), options_(suite_options(arguments)), waiter_(&job.signals, {}) {}
  int run();

 private:
  void measure(SuiteModel& model);
  void run_suites_on(Engine& engine, const Profile& profile, SuiteModel& model);
  Measurement begin_record(const std::string& path, const SuiteModel& model);
  void write_results();
  int status() const;

  const Job& job_;
  const SuiteArguments& arguments_;
  SuiteOptions options_;
  EventWaiter waiter_;
  std::optional<NewFile> out_, items_;  ///< made at once: a wrong path must not cost a run
  std::vector<SuiteModel> models_;
  int load_status_ = 0;
};

void SuiteCommand::run_suites_on(Engine& engine, const Profile& profile, SuiteModel& model) {
  SuiteScreen screen(job_.console, model.label, error_terminal_size);
  const auto watch = [&](const SuiteResult& so_far, std::size_t test) { screen.show(so_far, test); };
  model.result = run_suites({engine, profile, waiter_, options_, watch});
  screen.finish(model.result, !job_.console.out_is_terminal);
}

/// What the results will be stored with; looks up what they are compared with.
Measurement SuiteCommand::begin_record(const std::string& path, const SuiteModel& model) {
  Measurement out = provenance("suite", model.name, open_model(path).get());
  set_suite_settings(out, arguments_, model);
  options_.previous_throughput.reset();
  try {
    options_.previous_throughput = previous_throughput(ResultStore(job_.paths.data), out);
  } catch (const Error& error) {
    say(job_.console, std::string("earlier results cannot be read: ") + error.what());
  }
  return out;
}

void SuiteCommand::measure(SuiteModel& model) {
  const Profile profile = suite_profile(arguments_, model.name);
  Plan plan;
  EngineOptions engine_options = app::engine_options(profile, job_.places, job_.source, plan);
  const auto tests = planned_tests(options_);
  const bool scales = std::any_of(tests.begin(), tests.end(),
                                  [](const TestResult& test) { return test.context.has_value(); });
  if (arguments_.ctx == 0 && scales)
    engine_options.ctx = context_for(options_, engine_options, plan, job_.source);
  const auto began = std::chrono::steady_clock::now();
  const std::unique_ptr<Engine> engine = open_and_wait(job_.source, engine_options, waiter_);
  model.load_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  for (const std::string& note : plan.notes) say(job_.console, note);
  model.card = engine->card();
  model.backend = plan.backend;
  model.kv_type = arguments_.kv_type;
  model.ctx = engine->stats().ctx;
  Measurement measurement = begin_record(engine_options.model, model);
  run_suites_on(*engine, profile, model);
  if (add_suite_results(measurement, model)) record(job_.paths, job_.console, measurement);
}

/// Files first: they must not be lost when nobody reads standard output any more.
void SuiteCommand::write_results() {
  const auto write = [](std::optional<NewFile>& file, const std::string& text) {
    file->write(std::as_bytes(std::span(text)));
    file->give_name();
  };
  std::string json;
  if (arguments_.json || out_)
    json = suite_json(models_).dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
  if (out_) write(out_, json);
  if (items_) write(items_, suite_items(models_));
  write_out(job_.console, arguments_.json ? json : suite_tables(models_));
}

int SuiteCommand::status() const {
  int failed = 0, interrupted = 0;
  for (const SuiteModel& model : models_) {
    if (model.result.interrupted != 0) interrupted = model.result.interrupted;
    for (const TestResult& test : model.result.tests) failed += is_bad(test.verdict) ? 1 : 0;
  }
  if (interrupted != 0) return interrupted;
  if (arguments_.gate && failed > 0) {
    say(job_.console, strf("GLIM-E801: --gate: %d tests failed", failed));
    return exit_status(ErrorCode::E801);
  }
  return load_status_;
}

int SuiteCommand::run() {
  const std::vector<std::string> labels = labels_of(arguments_.models);
  if (!arguments_.out_file.empty()) out_.emplace(expand_path(arguments_.out_file));
  if (!arguments_.items_file.empty()) items_.emplace(expand_path(arguments_.items_file));
  int interrupted = 0;
  for (std::size_t i = 0; i < labels.size() && interrupted == 0; ++i) {
    SuiteModel& model = models_.emplace_back();
    model.name = arguments_.models[i];
    model.label = labels[i];
    try {
      measure(model);
      interrupted = model.result.interrupted;
    } catch (const LoadInterrupted& load) {
      model.error = "interrupted while it was loaded";
      model.result.interrupted = interrupted = load.status;
    } catch (const Error& error) {
      if (labels.size() == 1) throw;
      model.error = strf("GLIM-%s: ", error_name(error.code())) + error.what();
      say(job_.console, model.label + ": " + model.error);
      if (load_status_ == 0) load_status_ = exit_status(error.code());
    }
  }
  write_results();
  return status();
}

}  // namespace

int evaluate_suites(const Job& job, const SuiteArguments& arguments) {
  if (arguments.models.empty())
    throw Error(ErrorCode::E501, "eval --suite: -m is missing", "name the model: -m FILE.gguf or -m spark");
  return SuiteCommand(job, arguments).run();
}

}  // namespace glim::app
