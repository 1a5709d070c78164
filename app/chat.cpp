#include "app/chat.h"

#include <algorithm>

#include "app/commands.h"
#include "app/profile_fields.h"
#include "engine/base/error.h"
#include "engine/base/text.h"
#include "ui/numbers.h"

namespace glim::app {
namespace {

void overlay(Settings& base, const Settings& over) {
  for (const auto& [key, setting] : over) base[key] = setting;
}

}  // namespace

std::string error_text(ErrorCode code, const std::string& message, const std::string& help) {
  std::string out = strf("GLIM-%s: ", error_name(code)) + message;
  if (!help.empty()) out += "\nhelp: " + help;
  return out;
}

Chat::Chat(EngineSource& engines, Setup setup)
    : engines_(engines),
      setup_(std::move(setup)),
      session_settings_(setup_.overrides),
      slot_(engines, setup_.places) {
  wanted_name_ = setup_.profile.empty() ? setup_.profiles.default_name() : setup_.profile;
  // A model on the command line without a profile means that model with nothing but the defaults.
  if (setup_.profile.empty() && session_settings_.count("model.path") != 0) wanted_name_.clear();
}

void Chat::start() {
  change(wanted_name_, session_settings_);
}

void Chat::change(const std::string& name, Settings session_settings) {
  Settings settings = setup_.profiles.settings(name);
  overlay(settings, session_settings);
  const std::string system = system_prompt(make_profile(name, settings));
  const Reload reload = slot_.change(name, std::move(settings), session_.busy());
  wanted_name_ = name;
  session_settings_ = std::move(session_settings);
  failure_.reset();
  if (reload == Reload::none || reload == Reload::live) {
    committed_settings_ = session_settings_;
    session_.set_profile(slot_.running().profile);
    session_.set_system(system);
    note_thinking();
  }
}

CommandResult Chat::submit(const std::string& line) {
  if (!line.empty() && line[0] == '/' && line.substr(0, 2) != "//") {
    try {
      return run_command(*this, std::string_view(line).substr(1));
    } catch (const Error& error) {
      report(error);
      return CommandResult::done;
    }
  }
  if (line.find_first_not_of(" \t\n") == std::string::npos) return CommandResult::done;
  queue_.push_back(line.substr(0, 2) == "//" ? line.substr(1) : line);
  send_next();
  return CommandResult::done;
}

void Chat::send_next() {
  while (!queue_.empty() && session_.ready() && !slot_.rebuilding() && slot_.loading() == nullptr) {
    const std::string text = std::move(queue_.front());
    queue_.pop_front();
    send(text);
  }
}

void Chat::send(const std::string& text) {
  try {
    session_.say(text);
  } catch (const Error& error) {
    report(error);
    unsent_ = text;
  }
}

bool Chat::poll() {
  bool changed = false;
  while (auto news = slot_.poll(session_.busy())) {
    take(*news);
    changed = true;
  }
  send_next();
  return changed;
}

void Chat::take(const ModelSlot::News& news) {
  using Kind = ModelSlot::News::Kind;
  switch (news.kind) {
    case Kind::progress:
      break;
    case Kind::event:
      session_.on(*news.event);
      watch_device(*news.event);
      break;
    case Kind::loaded:
      adopt();
      break;
    case Kind::changed:
      committed_settings_ = session_settings_;
      session_.set_profile(slot_.running().profile);
      for (const std::string& note : slot_.plan().notes) notice(note);
      break;
    case Kind::failed:
      failure_ = news.failure;
      waking_ = false;
      error(error_text(news.failure->code, news.failure->message, news.failure->help));
      if (slot_.engine() != nullptr) {
        keep_running();
        notice(slot_.running().profile.label() + " keeps running");
      }
      break;
  }
}

void Chat::watch_device(const Event& event) {
  if (std::holds_alternative<Finished>(event)) device_lost_ = false;
  const auto* failed = std::get_if<Failed>(&event);
  if (failed == nullptr || failed->code != ErrorCode::E302 || session_.busy()) return;
  if (std::exchange(device_lost_, true)) {
    notice("the device was lost again before it had answered; choose another one with /set device.name=NAME");
    return;
  }
  notice("the device was lost: the model is being loaded again, the conversation stays");
  rest();
  wake();
}

void Chat::note_thinking() {
  if (session_.profile().think == "on" && !slot_.engine()->card().thinks)
    notice("chat.think = on has no effect: the template of this model has no switch for thinking");
}

void Chat::keep_running() {
  wanted_name_ = slot_.running().name;
  session_settings_ = committed_settings_;
}

void Chat::adopt() {
  committed_settings_ = session_settings_;
  const Profile& profile = slot_.running().profile;
  session_.attach(*slot_.engine(), profile);
  session_.set_system(system_prompt(profile));
  if (std::exchange(waking_, false)) return;
  const std::vector<std::string>& planned = slot_.plan().notes;
  for (const std::string& note : planned) notice(note);
  for (const std::string& note : slot_.engine()->card().notes)
    if (std::find(planned.begin(), planned.end(), note) == planned.end()) notice(note);
  note_thinking();
}

void Chat::rest() {
  GLIM_ASSERT(!session_.busy());
  session_.detach();
  slot_.release();
}

void Chat::wake() {
  waking_ = true;
  try {
    change(wanted_name_, session_settings_);
  } catch (const Error& error) {
    report(error);
  }
}

PaneWishes Chat::wishes_with(const std::string& other) const {
  PaneWishes wishes;
  const ModelSlot::Wanted& running = slot_.running();
  wishes.words = {running.name.empty() ? running.profile.model : running.name, other};
  wishes.overrides = session_settings_;
  for (const char* key : {"model.path", "model.alias"}) wishes.overrides.erase(key);
  return wishes;
}

void Chat::use_profile(const std::string& name) {
  Settings kept = session_settings_;
  // The model belongs to the profile; what else was set by hand stays in force.
  for (const char* key : {"model.path", "model.alias"}) kept.erase(key);
  std::string list;
  for (const auto& [key, setting] : kept)
    list += (list.empty() ? "" : ", ") + key + " = " + value_text(setting.value);
  change(name, std::move(kept));
  if (!list.empty()) notice("still in force: " + list);
}

void Chat::set_value(std::string_view key, std::string_view text) {
  const ProfileField& field = field_named(key);
  Settings settings = session_settings_;
  settings[std::string(field.key)] = Setting{value_from_text(field, text), "/set"};
  change(wanted_name_, std::move(settings));
  notice(std::string(field.key) + " = " + value_text(session_settings_[std::string(field.key)].value));
}

void Chat::set_system(const std::string& text) {
  session_.set_system(text);
  session_settings_["chat.system"] = Setting{text, "/system"};
  session_settings_.erase("chat.system_file");
  notice(text.empty() ? "no system prompt" : "system prompt set; it holds from the next message on");
}

void Chat::retry() {
  try {
    if (!session_.retry()) notice("there is no answer to write again");
  } catch (const Error& error) {
    report(error);
  }
}

void Chat::undo() {
  if (!session_.undo()) notice("there is nothing to take back");
}

bool Chat::cancel_load() {
  if (!slot_.cancel()) return false;
  if (slot_.engine() != nullptr) keep_running();
  notice(slot_.engine() == nullptr
             ? "loading cancelled; no model is loaded, /profile chooses one"
             : "loading cancelled; " + slot_.running().profile.label() + " keeps running");
  return true;
}

void Chat::report(const Error& error) {
  session_.error(error_text(error.code(), error.what(), error.help()));
}

std::optional<std::string> Chat::take_back() {
  if (queue_.empty()) return std::nullopt;
  std::string text = std::move(queue_.back());
  queue_.pop_back();
  return text;
}

std::optional<std::string> Chat::take_unsent() {
  return std::exchange(unsent_, std::nullopt);
}

std::optional<std::int64_t> Chat::count_tokens(std::string_view text) const {
  constexpr std::size_t kMostBytes = 256 << 10;  // some hundredths of a second
  if (slot_.engine() == nullptr || text.size() > kMostBytes) return std::nullopt;
  return static_cast<std::int64_t>(slot_.engine()->tokenize(text, false).size());
}

std::string Chat::stats_text() const {
  if (slot_.engine() == nullptr) return "no model is loaded";
  const ModelCard& card = slot_.engine()->card();
  const Stats stats = slot_.engine()->stats();
  const auto bytes = [](std::uint64_t n) { return ui::bytes_long(static_cast<std::int64_t>(n)); };
  std::string out = strf("model      %s, %s, %s, template: %s\n", printable(card.name).c_str(),
                         printable(card.architecture).c_str(), printable(card.format).c_str(),
                         printable(card.template_origin).c_str());
  out += strf("parameters %.1f M, %.1f M active per token\n", static_cast<double>(card.parameters) / 1e6,
              static_cast<double>(card.active_parameters) / 1e6);
  out += strf("backend    %s\n", printable(stats.backend).c_str());
  out += strf("speed      %s t/s, prompt %s t/s, first token %s\n", ui::rate(stats.decode_rate).c_str(),
              ui::rate(stats.prefill_rate).c_str(), ui::duration(stats.first_token_seconds).c_str());
  out += strf("context    %d of %d tokens\n", stats.ctx_used, stats.ctx);
  const auto& turns = session_.turns();
  const auto answer =
      std::find_if(turns.rbegin(), turns.rend(), [](const Turn& turn) { return turn.finish.has_value(); });
  if (answer != turns.rend())
    out += strf("seed       %llu\n", static_cast<unsigned long long>(answer->stats.seed));
  out += strf("memory     weights %s, KV %s of %s (%s), work %s, process %s",
              bytes(stats.weight_bytes).c_str(), bytes(stats.kv_used_bytes).c_str(),
              bytes(stats.kv_bytes).c_str(), std::string(quant(stats.kv_type).name).c_str(),
              bytes(stats.scratch_bytes).c_str(), bytes(stats.resident_bytes).c_str());
  if (stats.planned.total() > 0) {
    const auto planned = static_cast<double>(stats.planned.total());
    out += strf("\nplan       %s, taken %s (%+.2f %%)", bytes(stats.planned.total()).c_str(),
                bytes(stats.actual.total()).c_str(),
                100 * (static_cast<double>(stats.actual.total()) - planned) / planned);
  }
  return out;
}

}  // namespace glim::app
