#include "app/fit/fit.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <functional>

#include "app/byte_size.h"
#include "app/fit/fit_report.h"
#include "app/fit/load_history.h"
#include "app/measure_job.h"
#include "app/model_list.h"
#include "app/model_slot.h"
#include "app/profile_fields.h"
#include "app/profile_tools.h"
#include "engine/backends.h"
#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/model_source.h"
#include "engine/quant/cache_types.h"

namespace glim::app {
namespace {

constexpr std::int32_t kMostParallel = 4096;
constexpr std::array<std::string_view, 6> kTableContexts = {"8k", "16k", "32k", "64k", "128k", "max"};
/// GiB of the cards that people have.
constexpr std::array kCards = {8, 12, 16, 24, 32, 48};

std::vector<std::string> all_words(const std::vector<std::string>& lists) {
  std::vector<std::string> out;
  for (const std::string& list : lists)
    for (std::string& word : split_words(list, ',')) out.push_back(std::move(word));
  return out;
}

/// The profile of -P, or the default one when no model is named either, or none.
Profile chosen_profile(const Job& job) {
  const FitArguments& arguments = job.arguments.fit;
  Arguments copy = job.arguments;
  copy.profiles_file = arguments.profiles_file;
  const ProfileSet profiles = chosen_profiles(copy, job.paths);
  std::string name = arguments.profile;
  if (name.empty() && arguments.words.empty() && arguments.models.empty()) name = profiles.default_name();
  Settings settings = profiles.settings(name);
  for (const auto& [key, setting] : job.arguments.overrides) settings[key] = setting;
  if (!arguments.backend.empty()) settings["device.name"] = {arguments.backend, "--backend"};
  const auto add = [&](const char* key, const std::string& text, const char* origin) {
    if (!text.empty()) settings[key] = {value_from_text(field_named(key), text), origin};
  };
  add("device.gpu_layers", arguments.gpu_layers, "--gpu-layers");
  add("device.cpu_moe_layers", arguments.cpu_moe_layers, "--n-cpu-moe");
  if (arguments.host_cache) add("kv.placement", "host", "--no-kv-offload");
  return make_profile(name, settings);
}

std::int32_t context_from(const std::string& word) {
  const ProfileField& field = field_named("context.ctx");
  Profile scratch;
  set_field(scratch, field, value_from_text(field, word == "0" ? "max" : word));
  return scratch.ctx;
}

QuantType kv_type_from(const std::string& word) {
  const auto type = quant_from_name(word);
  if (type && is_cache_type(*type)) return *type;
  throw Error(ErrorCode::E501, "--kv-type " + printable(word, 40) + " is no type of the KV cache",
              "types: " + std::string(kCacheTypeNames));
}

/// What was asked for, before any model has been opened.
class Task {
 public:
  explicit Task(const Job& job) : job_(job), profile_(chosen_profile(job)) {
    const FitArguments& arguments = job.arguments.fit;
    if (arguments.parallel < 1 || arguments.parallel > kMostParallel)
      throw Error(ErrorCode::E501,
                  strf("--parallel %d is out of range; use 1 to %d", arguments.parallel, kMostParallel));
    if (arguments.ubatch < 0)
      throw Error(ErrorCode::E501, strf("--ubatch-size %d is out of range; use 1 or more", arguments.ubatch));
    std::vector<std::string> words = arguments.words;
    words.insert(words.end(), arguments.models.begin(), arguments.models.end());
    if (words.empty()) words.push_back(profile_.model);
    names_ = expand_model_names(words, job.places);
    report_.profile = profile_.name;
    report_.parallel = arguments.parallel;
    report_.ubatch = arguments.ubatch > 0 ? arguments.ubatch : profile_.ubatch;
    read_contexts(arguments);
    for (const std::string& word : all_words(arguments.kv_types))
      report_.kv_types.push_back(kv_type_from(word));
    if (report_.kv_types.empty()) report_.kv_types.push_back(kv_type_from(profile_.kv_type));
    report_.memory = {backend_memory(backend_of(profile_)).available, false};
    if (!arguments.memory.empty()) report_.memory = {bytes_from(arguments.memory, "--vram", 1024), true};
    if (report_.memory.bytes == 0)
      throw Error(ErrorCode::E501,
                  "fit: this system does not say how much memory is free; name a size with --vram");
  }

  /// Stops early, with the rows so far, when `go_on` says so.
  FitReport run(const std::function<bool()>& go_on);

 private:
  void read_contexts(const FitArguments& arguments) {
    for (const std::string& word : all_words(arguments.contexts))
      report_.contexts.push_back(context_from(word));
    if (!report_.contexts.empty()) return;
    if (names_.size() == 1 || !profile_.name.empty()) {
      report_.contexts.push_back(profile_.ctx);
    } else {
      for (const std::string_view word : kTableContexts)
        report_.contexts.push_back(context_from(std::string(word)));
    }
  }

  FitModel open(const std::string& name) const {
    EngineOptions options;
    options.model = resolve_model(name, job_.places);
    options.backend = backend_of(profile_);
    options.threads = profile_.threads;
    options.batch = report_.ubatch;
    place(profile_, options);
    return {name, options};
  }

  /// The context in tokens for this model, whatever it was written as.
  static std::int32_t settled(std::int32_t ctx, const FitModel& model) {
    if (ctx == kTrainedContext) return model.trained_ctx();
    if (ctx == kDefaultContext) return std::min(kUsualContext, model.trained_ctx());
    return ctx;
  }

  FitRow row_of(const std::string& name);
  FitRow::Cell cell_of(const FitModel& model, std::int32_t ctx, QuantType kv_type) const;
  void add_longest(FitRow& row, const FitModel& model) const;

  const Job& job_;
  Profile profile_;
  std::vector<std::string> names_;
  FitReport report_;
};

FitRow::Cell Task::cell_of(const FitModel& model, std::int32_t ctx, QuantType kv_type) const {
  FitRow::Cell cell = {{settled(ctx, model), kv_type, report_.parallel}, std::nullopt, {}};
  try {
    cell.plan = model.plan(cell.wanted, report_.memory);
    cell.spilled = spilled_groups(model.file(), *cell.plan);
  } catch (const Error& error) {
    // One model and one case: then the reason is the answer.
    const bool single = names_.size() == 1 && report_.contexts.size() * report_.kv_types.size() == 1;
    if (error.code() != ErrorCode::E603 || single) throw;
  }
  return cell;
}

void Task::add_longest(FitRow& row, const FitModel& model) const {
  for (const QuantType kv_type : report_.kv_types) {
    std::vector<FitMemory> memories = {report_.memory};
    for (const int card : kCards) memories.push_back({static_cast<std::uint64_t>(card) << 30, true});
    for (const FitMemory& memory : memories) {
      std::optional<std::int32_t> ctx;
      try {
        ctx = model.longest_context({0, kv_type, report_.parallel}, memory);
      } catch (const Error& error) {
        if (error.code() != ErrorCode::E603) throw;
      }
      row.longest.push_back({kv_type, memory.bytes, ctx});
    }
  }
}

FitRow Task::row_of(const std::string& name) {
  FitRow row;
  row.name = name;
  try {
    const FitModel model = open(name);
    row.file_bytes = model.file().file_bytes();
    row.weight_bytes = model.weight_bytes();
    row.parameters = model.figures().parameters;
    row.bits_per_weight = model.figures().bits_per_weight();
    row.noise = model.file().in_memory();
    for (const QuantType kv_type : report_.kv_types)
      for (const std::int32_t ctx : report_.contexts) row.cells.push_back(cell_of(model, ctx, kv_type));
    add_longest(row, model);
    if (names_.size() == 1 && row.cells.size() == 1) {
      const Plan& plan = *row.cells[0].plan;
      if (plan.fit() != Fit::fits)
        report_.remedies = remedies(model, row.cells[0].wanted, report_.memory, job_.places);
      // What the verdict says already is not said again.
      for (const std::string& note : plan.notes)
        if (note != noise_note(model.file()) && note.find("of free memory") == note.npos)
          report_.notes.push_back(note);
    }
  } catch (const Error& error) {
    if (names_.size() == 1) throw;
    row.error = strf("GLIM-%s: ", error_name(error.code())) + error.what();
    row.cells.clear();
  }
  return row;
}

FitReport Task::run(const std::function<bool()>& go_on) {
  bool ours = false;
  for (const std::string& name : names_) {
    if (!go_on()) {
      report_.notes.push_back(strf("stopped after %zu of %zu models", report_.rows.size(), names_.size()));
      break;
    }
    report_.rows.push_back(row_of(name));
    if (report_.rows.back().noise && name.find("recipe=") == name.npos) ours = true;
  }
  if (ours)
    report_.notes.push_back(
        "sizes of shapes are those of glim quantize (llama.cpp's mixtures); for those of "
        "bartowski's files add :recipe=bartowski to the name");
  return std::move(report_);
}

int width_of(const Console& console) {
  constexpr int kPipe = 200;
  if (!console.out_is_terminal) return kPipe;
  winsize window = {};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_col > 0) return window.ws_col;
  return 80;
}

}  // namespace

int fit(const Job& job) {
  if (job.arguments.fit.history) {
    const std::vector<LoadRecord> loads = recorded_loads(job.paths.data);
    write_out(job.console, job.arguments.fit.json ? history_json(loads) : history_text(loads));
    return 0;
  }
  Task task(job);
  StopOnSignal stop(job.signals);
  const FitReport report = task.run([&] { return stop.go_on(); });
  write_out(job.console, job.arguments.fit.json ? fit_json(report) : fit_text(report, width_of(job.console)));
  if (stop.status() != 0) return stop.status();
  return report.anything_fits() ? 0 : exit_status(ErrorCode::E201);
}

}  // namespace glim::app
