#include "app/model_slot.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "engine/backends.h"
#include "engine/base/error.h"
#include "engine/base/text.h"

namespace glim::app {
namespace {

/// The template's source when a file is meant, else the format's name; empty for the model's own.
std::string template_source(const std::string& name) {
  if (name == "auto") return {};
  if (!is_template_file(name)) return name;
  std::ifstream stream(expand_path(name), std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  if (!stream)
    throw Error(ErrorCode::E601, printable(name) + ": cannot read the chat template; check the path");
  return text.str();
}

void note(LoadProgress& progress, const Loading& loading) {
  const auto now = std::chrono::steady_clock::now();
  if (progress.stages.empty() || progress.stages.back().stage != loading.stage) {
    if (!progress.stages.empty())
      progress.stages.back().seconds = std::chrono::duration<double>(now - progress.stage_began).count();
    progress.stages.push_back({loading.stage, 0, 0, 0});
    progress.stage_began = now;
  }
  progress.stages.back().done = loading.done;
  progress.stages.back().total = loading.total;
}

}  // namespace

std::string backend_of(const Profile& profile) {
  if (profile.device.empty() || profile.device == "auto") return profile.backend;
  if (profile.backend != "auto" && device_choice(profile.device).backend != profile.backend)
    throw Error(ErrorCode::E603,
                strf("device.name = \"%s\" is none of backend = \"%s\"; leave one of them out",
                     printable(profile.device, 60).c_str(), profile.backend.c_str()));
  return profile.device;
}

void place(const Profile& profile, EngineOptions& options) {
  options.gpu_layers = profile.gpu_layers;
  options.cpu_moe_layers = profile.cpu_moe_layers;
  options.host_cache = profile.kv_placement == "host";
}

EngineOptions engine_options(const Profile& profile, const ModelPlaces& places, EngineSource& source,
                             Plan& plan, bool weights_loaded) {
  EngineOptions options;
  options.model = resolve_model(profile.model, places);
  options.backend = backend_of(profile);
  options.threads = profile.threads;
  options.eight_bits = profile.activations == "8bit";
  place(profile, options);
  options.mmap = profile.mmap;
  options.batch = profile.ubatch;
  options.chat_template = template_source(profile.chat_template);
  if (const auto type = quant_from_name(profile.kv_type)) options.kv_type = *type;
  options.weights_loaded = weights_loaded;
  options.ctx = profile.ctx;
  if (profile.ctx == kDefaultContext) {
    options.ctx = 1;  // small enough for every model: this plan is only asked for the trained length
    options.weights_loaded = true;
    options.ctx = std::min(kUsualContext, source.plan(options).trained_ctx);
    options.weights_loaded = weights_loaded;
  }
  plan = source.plan(options);
  return options;
}

Reload ModelSlot::change(std::string name, Settings settings, bool busy) {
  const SamplerOptions sampling = engine_ ? engine_->card().sampling : SamplerOptions{};
  Wanted wanted{std::move(name), std::move(settings), {}};
  wanted.profile = make_profile(wanted.name, wanted.settings, sampling);
  const Reload reload = engine_ ? reload_between(running_.profile, wanted.profile) : Reload::weights;
  if (reload == Reload::none || reload == Reload::live) {
    cancel();
    running_ = std::move(wanted);
    return reload;
  }
  if (reload == Reload::cache && busy)
    throw Error(ErrorCode::E603,
                "the KV cache is in use by the answer that is being written; stop it first (Esc)");
  Plan plan;
  const EngineOptions options =
      engine_options(wanted.profile, places_, source_, plan, reload == Reload::cache);
  cancel();
  if (reload == Reload::cache) {
    rebuilding_ = std::move(wanted);
    rebuilding_plan_ = plan;
    engine_->reconfigure(options);
    return reload;
  }
  LoadProgress progress;
  progress.label = wanted.profile.label();
  progress.model = std::filesystem::path(options.model).filename().string();
  progress.plan = std::move(plan);
  progress.began = progress.stage_began = std::chrono::steady_clock::now();
  candidate_.emplace(
      Candidate{source_.open(options), std::move(wanted), std::move(progress), options.model, false});
  return reload;
}

bool ModelSlot::cancel() {
  const bool had = candidate_.has_value();
  candidate_.reset();
  return had;
}

void ModelSlot::release() {
  candidate_.reset();
  rebuilding_.reset();
  engine_.reset();
}

ModelSlot::News ModelSlot::install() {
  engine_ = std::move(candidate_->engine);
  running_ = std::move(candidate_->wanted);
  running_.profile = make_profile(running_.name, running_.settings, engine_->card().sampling);
  plan_ = std::move(candidate_->progress.plan);
  candidate_.reset();
  return News{News::Kind::loaded, std::nullopt, std::nullopt};
}

std::optional<ModelSlot::News> ModelSlot::poll_candidate(bool hold_new) {
  if (!candidate_) return std::nullopt;
  if (candidate_->ready) return hold_new ? std::nullopt : std::optional(install());
  const std::optional<Event> event = candidate_->engine->poll();
  if (!event) return std::nullopt;
  if (const auto* loading = std::get_if<Loading>(&*event)) {
    note(candidate_->progress, *loading);
  } else if (std::holds_alternative<Ready>(*event)) {
    candidate_->ready = true;
    source_.loaded(candidate_->model, *candidate_->engine);
    if (!hold_new) return install();
  } else if (const auto* failed = std::get_if<Failed>(&*event)) {
    News news{News::Kind::failed, std::nullopt, Failure{failed->code, failed->message, failed->help}};
    candidate_.reset();
    return news;
  }
  return News{News::Kind::progress, std::nullopt, std::nullopt};
}

std::optional<ModelSlot::News> ModelSlot::poll_engine() {
  if (!engine_) return std::nullopt;
  std::optional<Event> event = engine_->poll();
  if (!event) return std::nullopt;
  if (std::holds_alternative<Rebuilt>(*event) && rebuilding_) {
    running_ = std::move(*rebuilding_);
    plan_ = std::move(rebuilding_plan_);
    rebuilding_.reset();
    return News{News::Kind::changed, std::nullopt, std::nullopt};
  }
  if (const auto* failed = std::get_if<Failed>(&*event); failed != nullptr && !failed->sequence) {
    rebuilding_.reset();
    return News{News::Kind::failed, std::nullopt, Failure{failed->code, failed->message, failed->help}};
  }
  return News{News::Kind::event, std::move(event), std::nullopt};
}

std::optional<ModelSlot::News> ModelSlot::poll(bool hold_new) {
  if (auto news = poll_engine()) return news;
  return poll_candidate(hold_new);
}

std::vector<int> ModelSlot::wake_fds() const {
  std::vector<int> fds;
  if (engine_) fds.push_back(engine_->wake_fd());
  // A loaded engine that waits for its turn has nothing more to say.
  if (candidate_ && !candidate_->ready) fds.push_back(candidate_->engine->wake_fd());
  return fds;
}

}  // namespace glim::app
