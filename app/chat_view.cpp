#include "app/chat_view.h"

#include <algorithm>

#include "app/commands.h"
#include "app/compare/compare_app.h"
#include "app/key_bindings.h"
#include "app/profile_fields.h"
#include "engine/base/error.h"
#include "engine/base/text.h"
#include "ui/numbers.h"
#include "ui/sanitize.h"

namespace glim::app {
namespace {

std::string setting_text(const ProfileEntry& entry, const char* key) {
  const auto it = entry.settings.find(key);
  return it == entry.settings.end() ? std::string() : value_text(it->second.value);
}

bool is_abstract(const ProfileEntry& entry) {
  return setting_text(entry, "abstract") == "true";
}

double load_fraction(const LoadProgress& loading) {
  // Weights are nearly all of the time; the other stages count as one hundredth each.
  double fraction = 0;
  for (const LoadProgress::Stage& stage : loading.stages) {
    const double share = stage.stage == LoadStage::weights ? 0.96 : 0.01;
    const bool last = &stage == &loading.stages.back();
    fraction +=
        share * (!last              ? 1.0
                 : stage.total == 0 ? 0.0
                                    : static_cast<double>(stage.done) / static_cast<double>(stage.total));
  }
  return std::min(fraction, 1.0);
}

ui::RunState run_state(const Chat& chat, const Stats& stats) {
  if (chat.slot().engine() == nullptr)
    return chat.slot().loading() != nullptr ? ui::RunState::loading : ui::RunState::failed;
  if (chat.session().stopping()) return ui::RunState::stopping;
  if (chat.session().busy())
    return stats.state == Stats::State::prefilling || chat.session().prefilling() ? ui::RunState::prefilling
                                                                                  : ui::RunState::generating;
  return chat.slot().loading() != nullptr ? ui::RunState::loading : ui::RunState::idle;
}

std::optional<double> known(double value) {
  return value > 0 ? std::optional(value) : std::nullopt;
}

/// Live numbers while an answer is being written, those of the whole answer afterwards.
void speeds(const Chat& chat, const Stats& stats, ui::StatusData& data) {
  const auto& turns = chat.session().turns();
  const auto last = std::find_if(turns.rbegin(), turns.rend(), [](const Turn& turn) {
    return turn.finish && turn.stats.generated_tokens > 0;
  });
  if (chat.session().busy()) {
    const bool reading = chat.session().prefilling().has_value();
    data.prefill_rate = known(stats.prefill_rate);
    if (reading) return;
    data.gen_rate = known(stats.decode_rate);
    data.gen_pending = !data.gen_rate;
    data.ttft = known(stats.first_token_seconds);
  } else if (last != turns.rend()) {
    data.gen_rate = known(last->stats.decode_rate());
    data.prefill_rate = known(last->stats.prefill_rate());
    data.ttft = known(last->stats.first_token_seconds);
  }
}

ui::StatusData status_data(const Chat& chat, const ViewState& state) {
  const Stats stats = chat.slot().engine() != nullptr ? chat.slot().engine()->stats() : Stats{};
  ui::StatusData data;
  data.state = run_state(chat, stats);
  if (const LoadProgress* loading = chat.slot().loading())
    data.loading_percent = static_cast<int>(100 * load_fraction(*loading));
  speeds(chat, stats, data);
  if (const auto prefilling = chat.session().prefilling(); prefilling && prefilling->total > 0) {
    data.prefill_done = static_cast<double>(prefilling->done) / prefilling->total;
    if (data.prefill_rate) data.prefill_eta = (prefilling->total - prefilling->done) / *data.prefill_rate;
  }
  data.ctx_used = stats.ctx_used;
  data.ctx_size = stats.ctx;
  data.draft_tokens = state.draft_tokens;
  data.memory_is_ram = true;
  data.memory_used = static_cast<std::int64_t>(stats.resident_bytes);
  data.memory_budget = static_cast<std::int64_t>(stats.resident_bytes + stats.available_bytes);
  data.kv_used = static_cast<std::int64_t>(stats.kv_used_bytes);
  data.kv_size = static_cast<std::int64_t>(stats.kv_bytes);
  data.kv_type = std::string(quant(stats.kv_type).name);
  data.weights = static_cast<std::int64_t>(stats.weight_bytes);
  data.backend_wide = ui::sanitize_line(stats.backend);
  data.backend_narrow = ui::sanitize_line(chat.slot().plan().backend);
  data.profile = ui::sanitize_line(chat.session().profile().label());
  if (!chat.queued().empty()) data.misc = strf("q%zu", chat.queued().size());
  data.message = state.message;
  data.message_is_error = state.message_is_error;
  return data;
}

ui::LoadingData loading_data(const LoadProgress& loading, const ui::GlyphSet& glyphs) {
  const auto now = std::chrono::steady_clock::now();
  const auto since = [now](auto then) { return std::chrono::duration<double>(now - then).count(); };
  ui::LoadingData data;
  data.profile = ui::sanitize_line(loading.label);
  data.model = ui::sanitize_line(loading.model);
  data.target = ui::sanitize_line(loading.plan.backend);
  data.bytes = static_cast<std::int64_t>(loading.plan.memory().weights);
  for (const LoadProgress::Stage& stage : loading.stages) {
    const bool last = &stage == &loading.stages.back();
    ui::LoadingStage row;
    row.name = load_stage_name(stage.stage);
    row.state = last ? ui::StageState::running : ui::StageState::done;
    row.seconds = last ? since(loading.stage_began) : stage.seconds;
    if (last && stage.total > 0)
      row.fraction = static_cast<double>(stage.done) / static_cast<double>(stage.total);
    if (stage.stage == LoadStage::weights && stage.total > 0)
      row.note =
          ui::bytes_of_long(static_cast<std::int64_t>(stage.done), static_cast<std::int64_t>(stage.total));
    if (stage.stage == LoadStage::cache)
      row.note = ui::bytes_long(static_cast<std::int64_t>(loading.plan.memory().cache)) + " " +
                 std::string(quant(loading.plan.kv_type).name) + ", " +
                 ui::tokens_long(loading.plan.ctx, glyphs) + " tok";
    data.stages.push_back(std::move(row));
  }
  data.total_fraction = load_fraction(loading);
  data.total_seconds = since(loading.began);
  return data;
}

ui::HelpData help_data(const ViewState& state) {
  ui::HelpData help;
  help.filter = state.help_filter;
  help.first = state.help_first;
  const auto heading = [&](const char* text) { help.rows.push_back({text, "", "", ""}); };
  heading("KEYS");
  help.rows.push_back({"", "Enter", "", "send"});
  help.rows.push_back({"", "Alt-Enter", "", "new line"});
  help.rows.push_back({"", "Up Down", "", "row of the draft, then history"});
  help.rows.push_back({"", "Tab", "", "complete a command"});
  help.rows.push_back({"", "Ctrl-R", "", "search the history"});
  help.rows.push_back({"", "Ctrl-X Ctrl-E", "", "edit the draft in $EDITOR"});
  for (const KeyBinding& binding : key_bindings())
    if (!binding.help.empty())
      help.rows.push_back({"", std::string(binding.label), "", std::string(binding.help)});
  heading("COMMANDS");
  for (const Command& command : commands())
    help.rows.push_back({"", "", "/" + std::string(command.name) + " " + std::string(command.arguments),
                         std::string(command.help)});
  return help;
}

std::vector<ui::Hint> hints(const Chat& chat, const ViewState& state) {
  if (state.help_open) return {{"Esc", "close"}, {"PgDn", "more"}};
  if (state.picker_open) return {{"Enter", "choose"}, {"Esc", "close"}};
  std::vector<ui::Hint> out;
  if (chat.session().busy()) out.push_back({"Esc", "stop"});
  if (!chat.session().busy() && chat.slot().loading() != nullptr) out.push_back({"Ctrl-C", "cancel"});
  if (state.scrolled) out.push_back({"End", "follow"});
  out.insert(out.end(), {{"F1", "help"},
                         {"F2", "profile"},
                         {"F5", "again"},
                         {"F6", "compare"},
                         {"PgUp", "scroll"},
                         {"F10", "quit"}});
  return out;
}

/// What an empty conversation shows: who answers, and what to do.
std::vector<std::string> welcome(const Chat& chat) {
  const ModelCard& card = chat.slot().engine()->card();
  const Profile& profile = chat.session().profile();
  std::vector<std::string> out;
  out.push_back(ui::sanitize_line(card.name) +
                strf(": %.3g million parameters, %.3g million at work per token",
                     static_cast<double>(card.parameters) / 1e6,
                     static_cast<double>(card.active_parameters) / 1e6));
  if (!profile.description.empty()) out.push_back(ui::sanitize_line(profile.description));
  out.emplace_back("");
  out.emplace_back("Write a message and press Enter. / lists the commands, F1 the keys, F2 other models.");
  return out;
}

/// What the picker says about the selected profile.
std::vector<std::string> profile_notes(const Chat& chat, const std::string& name) {
  try {
    const Profile profile = make_profile(name, chat.profiles().settings(name));
    std::vector<std::string> notes = {profile.description};
    if (!profile.notes.empty()) notes.push_back(profile.notes);
    notes.push_back(profile.model);
    notes.push_back("context " + value_text(field_value(profile, field_named("context.ctx"))) + ", KV " +
                    profile.kv_type);
    for (std::string& note : notes) note = ui::sanitize_line(note);
    return notes;
  } catch (const Error& error) {
    return {ui::sanitize_line(error.what())};
  }
}

}  // namespace

ProfileChoices profile_choices(const Chat& chat, const std::string& filter) {
  std::vector<ui::PickerRow> rows;
  std::vector<std::string> names;
  for (const ProfileEntry& entry : chat.profiles().entries()) {
    if (is_abstract(entry)) continue;
    ui::PickerRow row;
    row.label = ui::sanitize_line(entry.name);
    row.detail = ui::sanitize_line(setting_text(entry, "description"));
    row.current = chat.slot().engine() != nullptr && chat.slot().running().name == entry.name;
    rows.push_back(std::move(row));
    names.push_back(entry.name);
  }
  ProfileChoices choices;
  choices.total = static_cast<int>(rows.size());
  for (const std::size_t index : ui::matching_rows(rows, filter)) {
    choices.rows.push_back(rows[index]);
    choices.names.push_back(names[index]);
  }
  return choices;
}

ProfileChoices picker_choices(const Chat& chat, const ViewState& state) {
  if (!state.picker_compares) return profile_choices(chat, state.picker_filter);
  std::vector<ui::PickerRow> rows;
  const auto all = pane_choices(chat.profiles());
  for (const auto& [name, description] : all)
    rows.push_back({ui::sanitize_line(name), ui::sanitize_line(description)});
  ProfileChoices choices;
  choices.total = static_cast<int>(rows.size());
  for (const std::size_t index : ui::matching_rows(rows, state.picker_filter)) {
    choices.rows.push_back(rows[index]);
    choices.names.push_back(all[index].first);
  }
  return choices;
}

ui::ChatScreen chat_screen(const Chat& chat, const ViewState& state, const ui::GlyphSet& glyphs) {
  ui::ChatScreen screen;
  screen.glyphs = &glyphs;
  screen.header.title = "chat";
  const LoadProgress* loading = chat.slot().loading();
  if (chat.slot().engine() != nullptr) {
    const ModelCard& card = chat.slot().engine()->card();
    screen.header.profile = ui::sanitize_line(chat.session().profile().label());
    screen.header.model_short = ui::sanitize_line(card.format);
    screen.header.model = ui::sanitize_line(card.name + " " + card.format);
    screen.header.backend = ui::sanitize_line(chat.slot().plan().backend);
  } else {
    screen.header.profile = loading != nullptr ? ui::sanitize_line(loading->label) : "no model";
  }
  screen.queued = static_cast<int>(chat.queued().size());
  screen.rule_hints = {{"Enter", "send"}, {"Alt-Enter", "newline"}, {"/", "commands"}};
  if (state.draft_tokens > 0)
    screen.rule_hints.insert(screen.rule_hints.begin(), {"+" + ui::tokens_short(state.draft_tokens), "tok"});
  screen.unfold_label = "Alt-p shows them";
  if (chat.slot().engine() != nullptr) screen.welcome = welcome(chat);
  screen.hints = hints(chat, state);
  screen.status = status_data(chat, state);
  if (loading != nullptr && chat.slot().engine() == nullptr) screen.loading = loading_data(*loading, glyphs);
  if (state.help_open) screen.help = help_data(state);
  if (state.picker_open) {
    ProfileChoices choices = picker_choices(chat, state);
    ui::PickerData picker;
    picker.title = state.picker_compares ? "compare with" : "profile";
    picker.filter = state.picker_filter;
    picker.rows = std::move(choices.rows);
    picker.total = choices.total;
    picker.selected =
        std::clamp(state.picker_selected, 0, std::max(0, static_cast<int>(picker.rows.size()) - 1));
    if (!choices.names.empty() && !state.picker_compares)
      picker.notes = profile_notes(chat, choices.names[static_cast<std::size_t>(picker.selected)]);
    screen.picker = std::move(picker);
  }
  return screen;
}

}  // namespace glim::app
