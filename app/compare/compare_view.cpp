#include "app/compare/compare_view.h"

#include <algorithm>
#include <cmath>

#include "app/compare/compare_keys.h"
#include "app/compare/compare_text.h"
#include "engine/base/text.h"
#include "ui/numbers.h"
#include "ui/sanitize.h"
#include "ui/text_layout.h"

namespace glim::app {
namespace {

const ComparePrompt* prompt_of(const Comparison& comparison) {
  if (comparison.position < 0) return nullptr;
  const auto at = static_cast<std::size_t>(comparison.position);
  return at < comparison.prompts.size() ? &comparison.prompts[at] : nullptr;
}

const CompareAnswer* answer_of(const Comparison& comparison, std::size_t pane) {
  const ComparePrompt* prompt = prompt_of(comparison);
  return prompt != nullptr && pane < prompt->answers.size() ? &prompt->answers[pane] : nullptr;
}

std::size_t reference_of(const Comparison& comparison) {
  return static_cast<std::size_t>(comparison.settings.reference);
}

bool over(const CompareAnswer& answer) {
  return answer.state != AnswerState::waiting && answer.state != AnswerState::running;
}

std::string letter(std::size_t pane) {
  return std::string(1, pane_letter(pane));
}

std::int64_t bytes(std::uint64_t n) {
  return static_cast<std::int64_t>(n);
}

std::optional<double> known(double value) {
  return value > 0 ? std::optional(value) : std::nullopt;
}

std::optional<double> ratio(const std::optional<double>& value, const std::optional<double>& base) {
  return value && base && *base > 0 ? std::optional(*value / *base) : std::nullopt;
}

ui::RunState run_state(PaneState state) {
  switch (state) {
    case PaneState::waiting:
    case PaneState::ready:
      return ui::RunState::idle;
    case PaneState::preparing:
    case PaneState::loading:
      return ui::RunState::loading;
    case PaneState::prefilling:
    case PaneState::scoring:
      return ui::RunState::prefilling;
    case PaneState::generating:
      return ui::RunState::generating;
    case PaneState::failed:
      return ui::RunState::failed;
  }
  return ui::RunState::idle;
}

/// Rates of an answer that has ended are over the device's own time; while it runs they are live.
void speeds(const ComparePane& pane, const CompareAnswer& answer, ui::CostData& out) {
  const bool running = answer.state == AnswerState::running;
  out.gen_rate = known(running ? pane.stats.decode_rate : answer.stats.decode_device_rate());
  out.gen_pending = running && !out.gen_rate;
  out.prefill_rate = known(running ? pane.stats.prefill_rate : answer.stats.prefill_device_rate());
  out.ttft = known(running ? 0 : answer.stats.first_token_seconds);
  out.tokens = static_cast<std::int64_t>(answer.tokens.size());
  out.joules = answer.joules;
}

ui::CostData own_cost(const Comparison& comparison, std::size_t index) {
  const ComparePane& pane = comparison.panes[index];
  ui::CostData out;
  if (const CompareAnswer* answer = answer_of(comparison, index)) speeds(pane, *answer, out);
  out.load_seconds = known(pane.load_seconds);
  out.device = ui::sanitize_line(pane.backend);
  if (!pane.planned) return out;
  out.weights = bytes(pane.plan.weight_bytes);
  out.kv = bytes(pane.plan.kv_bytes);
  out.kv_type = quant(pane.plan.kv_type).name;
  out.ctx = pane.plan.ctx;
  const Stats& stats = pane.stats;
  if (stats.weight_bytes > 0) out.peak = bytes(stats.weight_bytes + stats.kv_bytes + stats.scratch_bytes);
  return out;
}

ui::CostData cost_data(const Comparison& comparison, std::size_t index) {
  ui::CostData out = own_cost(comparison, index);
  const std::size_t reference = reference_of(comparison);
  if (index == reference) return out;
  const ui::CostData base = own_cost(comparison, reference);
  const CompareAnswer *answer = answer_of(comparison, index), *first = answer_of(comparison, reference);
  const bool both = answer != nullptr && over(*answer) && over(*first);
  if (both) out.rate_ratio = ratio(out.gen_rate, base.gen_rate);
  const auto per_token = [](const ui::CostData& c) {
    return c.joules && c.tokens > 0 ? std::optional(*c.joules / static_cast<double>(c.tokens)) : std::nullopt;
  };
  if (both) out.energy_ratio = ratio(per_token(out), per_token(base));
  const auto memory = [](const ui::CostData& c) { return known(static_cast<double>(c.weights + c.kv)); };
  out.memory_ratio = ratio(memory(out), memory(base));
  return out;
}

ui::DriftData drift_data(const Comparison& comparison, std::size_t index) {
  using State = ui::DriftData::State;
  ui::DriftData out;
  const std::size_t reference = reference_of(comparison);
  const CompareAnswer* answer = answer_of(comparison, index);
  if (index == reference) {
    out.state = State::reference;
    out.note = "reference: the others score this answer";
    return out;
  }
  if (!comparison.settings.drift || comparison.panes[index].error || answer == nullptr) {
    if (!comparison.settings.drift) out.note = "no drift asked for";
    return out;
  }
  out.tokens = static_cast<std::int64_t>(answer_of(comparison, reference)->tokens.size());
  const bool scoring = comparison.panes[index].state == PaneState::scoring;
  const bool goes_on = comparison.phase == ComparePhase::running;
  out.state = scoring ? State::scoring : goes_on ? State::waiting : State::none;
  if (out.state == State::none) out.note = "not scored";
  if (!answer->drift || answer->drift->rows.empty()) return out;
  const DriftSummary& summary = answer->drift->summary;
  out.state = answer->drift->complete ? State::known : State::scoring;
  for (const TokenDrift& row : answer->drift->rows) out.per_token.push_back(row.kld);
  out.kld = summary.mean_kld;
  out.bound = summary.bound;
  out.top1 = summary.top1;
  out.worst_rank = summary.largest_rank;
  out.perplexity_change = std::exp(-summary.mean_delta_logprob);
  if (summary.worst_token >= 0) {
    out.worst_token = summary.worst_token + 1;
    out.worst_kld = summary.largest_kld;
  }
  return out;
}

std::string split_words(const CompareAnswer& answer) {
  if (answer.same_as_reference) return "same";
  return answer.split ? strf("split %d", answer.split->index + 1) : "";
}

/// Panes that the last vote on the prompt at hand was for.
bool voted_for(const Comparison& comparison, std::size_t pane) {
  bool out = false;
  for (const Vote& vote : comparison.votes.votes) {
    if (vote.prompt != comparison.position) continue;
    const std::int32_t winner = vote.choice == VoteChoice::left    ? vote.left
                                : vote.choice == VoteChoice::right ? vote.right
                                                                   : -1;
    out = out || winner == static_cast<std::int32_t>(pane);
  }
  return out;
}

ui::SmokeData smoke_data(const SmokeSummary& smoke) {
  using Mark = ui::SmokeData::Mark;
  ui::SmokeData out;
  for (const SmokeSummary::Item& item : smoke.items) {
    const bool good = item.verdict == Verdict::pass || item.verdict == Verdict::warn;
    out.items.push_back({std::string(item.label), good                   ? Mark::good
                                                  : is_bad(item.verdict) ? Mark::bad
                                                                         : Mark::unknown});
  }
  out.score = strf("%d/%d", smoke.score.passed, smoke.score.scored);
  return out;
}

ui::ComparePaneData pane_data(const Comparison& comparison, std::size_t index) {
  const ComparePane& pane = comparison.panes[index];
  ui::ComparePaneData out;
  out.title = ui::sanitize_line(pane.label);
  const bool goes_on =
      comparison.phase == ComparePhase::planning || comparison.phase == ComparePhase::running;
  if (pane.error) {
    out.note = "failed";
  } else if (const std::string words = pane_activity(pane); goes_on && !words.empty()) {
    out.note = words;
  } else if (index == reference_of(comparison)) {
    out.note = "reference";
  }
  out.state = run_state(pane.state);
  out.cost = cost_data(comparison, index);
  out.drift = drift_data(comparison, index);
  if (const CompareAnswer* answer = answer_of(comparison, index)) out.split = split_words(*answer);
  if (pane.smoke) out.smoke = smoke_data(*pane.smoke);
  out.voted = voted_for(comparison, index);
  return out;
}

std::string token_words(const std::optional<TokenChance>& token) {
  if (!token) return "(end)";
  std::string text = ui::sanitize(token->text);
  for (std::size_t at; (at = text.find('\n')) != text.npos;) text.replace(at, 1, "\\n");
  return text;
}

ui::SplitData split_data(const CompareAnswer& answer, std::size_t pane) {
  ui::SplitData out;
  out.pane = letter(pane);
  if (!answer.split) {
    out.note = answer.same_as_reference ? "same text" : over(answer) ? "none" : "none yet";
    return out;
  }
  out.token = answer.split->index + 1;
  out.reference = token_words(answer.split->reference);
  out.other = token_words(answer.split->pane);
  if (answer.split->reference) out.reference_chance = answer.split->reference->probability;
  if (answer.split->pane) out.other_chance = answer.split->pane->probability;
  if (answer.graft && answer.graft->finish)
    out.note = answer.graft->rejoined ? "graft rejoins"
                                      : strf("graft leaves at tok %d", answer.graft->next_split + 1);
  return out;
}

void add_splits(const Comparison& comparison, const CompareViewState& state, const CompareTexts& texts,
                ui::CompareScreen& screen) {
  const std::size_t count = comparison.panes.size(), reference = reference_of(comparison);
  if (prompt_of(comparison) == nullptr) return;
  screen.split_hints = {{"n", "next"}, {"g", "graft"}};
  const std::size_t shown = state.focused;
  if (state.change && shown < count && *state.change < texts.changes(shown).size()) {
    const TextChange& change = texts.changes(shown)[*state.change];
    const auto cut = [&](const std::string& text, const ShownRange& range) {
      std::string out = text.substr(range.begin, range.end - range.begin);
      std::replace(out.begin(), out.end(), '\n', ' ');
      return ui::fit(out, 30, screen.glyphs->ellipsis);
    };
    screen.split_title = strf("difference %zu of %zu", *state.change + 1, texts.changes(shown).size());
    screen.splits.push_back({.pane = letter(shown),
                             .reference = cut(texts.answer(reference).text(), change.there),
                             .other = cut(texts.answer(shown).text(), change.here)});
    return;
  }
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t pane = (state.focused + i) % count;
    if (pane == reference || comparison.panes[pane].error) continue;
    screen.splits.push_back(split_data(*answer_of(comparison, pane), pane));
  }
  const bool focus_first = state.focused != reference;
  if (!focus_first)
    std::sort(screen.splits.begin(), screen.splits.end(),
              [](const ui::SplitData& a, const ui::SplitData& b) { return a.pane < b.pane; });
}

void add_standing(const Comparison& comparison, ui::CompareScreen& screen) {
  const ComparePrompt* prompt = prompt_of(comparison);
  if (prompt == nullptr) return;
  std::string first_words = ui::sanitize_line(prompt->text.substr(0, 400));
  first_words = ui::fit(first_words, 28, screen.glyphs->ellipsis);
  screen.set = strf("prompt %d of %zu ", comparison.position + 1, comparison.prompts.size()) + "\"" +
               first_words + "\"";
  if (!comparison.set_name.empty()) screen.set += " of " + ui::sanitize_line(comparison.set_name);
  const VoteResults& votes = comparison.votes;
  if (votes.votes.empty()) return;
  std::string wins = "wins", rating = "rating";
  std::int64_t ties = 0;
  for (std::size_t i = 0; i < votes.ratings.size(); ++i) {
    const PaneRating& one = votes.ratings[i];
    wins += strf(" %c %d ", pane_letter(i), one.wins);
    ties += one.ties;
    rating += strf(" %c %.0f", pane_letter(i), one.rating) + std::string(screen.glyphs->plus_minus) +
              strf("%.0f ", std::max(one.high - one.rating, one.rating - one.low));
  }
  screen.standing.push_back(wins + strf(" tie %lld", static_cast<long long>(ties / 2)));
  if (!votes.ratings.empty())
    screen.standing.push_back(rating + (votes.too_few ? strf(" (too few votes: %d)", votes.fewest) : ""));
}

std::string equality_words(const Comparison& comparison, const ui::GlyphSet& g) {
  const ComparePane& first = comparison.panes[reference_of(comparison)];
  bool tokenizer = first.tokenizer_hash != 0, same_template = first.template_hash != 0;
  for (const ComparePane& pane : comparison.panes) {
    if (pane.error) continue;
    tokenizer = tokenizer && pane.tokenizer_hash == first.tokenizer_hash;
    same_template = same_template && pane.template_hash == first.template_hash;
  }
  std::string out;
  if (tokenizer) out += "same tokenizer " + std::string(g.check);
  if (same_template) out += (out.empty() ? "" : " ") + ("same template " + std::string(g.check));
  return out;
}

void add_status(const Comparison& comparison, ui::CompareScreen& screen) {
  const ui::GlyphSet& g = *screen.glyphs;
  std::size_t done = 0;
  std::string running;
  for (std::size_t i = 0; i < comparison.panes.size(); ++i) {
    const CompareAnswer* answer = answer_of(comparison, i);
    if (answer != nullptr && over(*answer)) ++done;
    const PaneState state = comparison.panes[i].state;
    if (state == PaneState::waiting || state == PaneState::ready || state == PaneState::failed) continue;
    running += (running.empty() ? "" : ", ") + letter(i) + " " + pane_state_name(state);
    screen.state = run_state(state);
  }
  if (prompt_of(comparison) != nullptr)
    screen.status.push_back(strf("%zu/%zu done", done, comparison.panes.size()));
  if (!running.empty()) screen.status.push_back(running);
  if (comparison.phase == ComparePhase::stopped) screen.status.emplace_back("stopped");
  if (!comparison.settings.mode_reason.empty())
    screen.status.push_back(std::string(compare_mode_name(comparison.settings.mode)) + ": " +
                            ui::sanitize_line(comparison.settings.mode_reason));
  if (const ComparePrompt* prompt = prompt_of(comparison);
      prompt != nullptr && !prompt->token_mismatch.empty())
    screen.status.push_back(ui::sanitize_line(prompt->token_mismatch));
  for (const std::string& note : comparison.notes) screen.status.push_back(ui::sanitize_line(note));
  screen.status.push_back(equality_words(comparison, g));
  if (screen.status.back().empty()) screen.status.pop_back();
  screen.status.emplace_back("speeds are device time");
  screen.memory.memory_is_ram = true;
  screen.memory.memory_used = bytes(comparison.resident_bytes);
  screen.memory.memory_budget = bytes(comparison.resident_bytes + comparison.available_bytes);
  if (!comparison.panes.empty()) screen.memory.backend_wide = ui::sanitize_line(comparison.panes[0].backend);
}

void add_header(const Comparison& comparison, const CompareViewState& state, ui::CompareScreen& screen) {
  for (const ComparePane& pane : comparison.panes)
    screen.names += (screen.names.empty() ? "" : " " + std::string(screen.glyphs->beside) + " ") +
                    ui::sanitize_line(pane.format.empty() ? pane.label : pane.format);
  const auto on = [](bool value) { return value ? "on" : "off"; };
  if (comparison.phase != ComparePhase::planning)
    screen.facts.emplace_back(compare_mode_name(comparison.settings.mode));
  screen.facts.push_back(strf("sync:%s", on(state.sync)));
  screen.facts.push_back(strf("diff:%s", diff_mode_name(state.diff)));
  screen.facts.push_back(strf("heat:%s", state.heat ? "KLD" : "off"));
  screen.facts.emplace_back("blind:off");
  screen.facts.push_back(comparison.settings.greedy
                             ? "greedy"
                             : strf("temp %.2g seed %llu", comparison.settings.temperature,
                                    static_cast<unsigned long long>(comparison.settings.seed)));
}

/// A round shows places, not panes: everything that belongs to a pane stays out.
void make_blind(const Comparison& comparison, const CompareViewState& state, ui::CompareScreen& screen) {
  const std::size_t count = comparison.panes.size();
  const ui::GlyphSet& g = *screen.glyphs;
  ui::BlindData blind;
  for (std::size_t i = 0; i < count; ++i)
    if (const CompareAnswer* answer = answer_of(comparison, i); answer != nullptr && over(*answer))
      ++blind.done;
  if (comparison.position >= 0)
    blind.progress = strf("prompt %d of %zu", comparison.position + 1, comparison.prompts.size());
  if (!state.blind->said.empty()) blind.said = "voted: " + state.blind->said;
  if (all_answered(comparison)) {
    if (count == 2)
      blind.choices = {
          {std::string(g.left), "left"}, {std::string(g.right), "right"}, {"t", "tie"}, {"x", "both bad"}};
    else
      blind.choices = {{strf("1-%zu", count), "better"}, {"0", "tie"}, {"9", "all bad"}};
    blind.choices.push_back({"u", "undo"});
    blind.choices.push_back({"R", "reveal"});
  }
  blind.notes = {
      "order shuffled for every prompt " + std::string(g.dot) + " text shown when all are complete",
      "so speed cannot give the quant away " + std::string(g.dot) + " R reveals and ends blind"};
  screen.panes.assign(count, ui::ComparePaneData{});
  screen.blind = std::move(blind);
}

ui::HelpData help_data(const CompareViewState& state) {
  ui::HelpData help;
  help.place = "compare";
  help.filter = state.help_filter;
  help.first = state.help_first;
  help.rows.push_back({"KEYS (Tab on an empty line leaves it, i comes back)", "", "", ""});
  for (const CompareKey& key : compare_keys())
    if (!key.help.empty()) help.rows.push_back({"", std::string(key.label), "", std::string(key.help)});
  help.rows.push_back({"COMMANDS", "", "", ""});
  for (const CompareCommand& command : compare_commands())
    help.rows.push_back({"", "", "/" + std::string(command.name) + " " + std::string(command.arguments),
                         std::string(command.help)});
  return help;
}

std::vector<ui::Hint> hints(const Comparison& comparison, const CompareViewState& state) {
  if (state.help_open) return {{"Esc", "close"}, {"PgDn", "more"}};
  if (state.picker_open) return {{"Enter", "choose"}, {"Esc", "close"}};
  std::vector<ui::Hint> out;
  const bool busy = comparison.phase == ComparePhase::running || comparison.phase == ComparePhase::planning;
  const char* back = state.from_chat ? "chat" : "";
  if (state.typing) {
    if (busy) out.push_back({"Esc", "stop"});
    out.insert(out.end(), {{"Enter", "send to all"}, {"Tab", "keys"}, {"/", "commands"}});
    if (state.from_chat) out.push_back({"F6", back});
    out.insert(out.end(), {{"F1", "help"}, {"F10", "quit"}});
    return out;
  }
  if (state.blind)
    return {{"Tab", "answer"},  {"i", "write"}, {"p", "next prompt"},
            {"b", "end blind"}, {"F1", "help"}, {"F10", "quit"}};
  const std::string votes = strf("1-%zu", comparison.panes.size());
  out = {{"Tab", "pane"}, {"i", "write"},       {"s", "sync"},    {"d", "diff"},
         {"h", "heat"},   {"b", "blind"},       {votes, "vote"},  {"n/N", "split"},
         {"g", "graft"},  {"p", "next prompt"}, {"r", "report"},  {"+", "add"},
         {"-", "drop"},   {"z", "zoom"},        {"m", "metrics"}, {"Space", "thoughts"}};
  if (busy) out.insert(out.begin() + 1, {"Esc", "stop"});
  if (state.from_chat) out.push_back({"F6", back});
  out.push_back({"F10", "quit"});
  return out;
}

}  // namespace

bool all_answered(const Comparison& comparison) {
  const ComparePrompt* prompt = prompt_of(comparison);
  return prompt != nullptr && std::all_of(prompt->answers.begin(), prompt->answers.end(), over);
}

std::string place_name(const Comparison& comparison, std::size_t place) {
  if (comparison.panes.size() == 2) return place == 0 ? "left" : "right";
  return std::to_string(place + 1);
}

ui::CompareScreen compare_screen(const Comparison& comparison, const CompareViewState& state,
                                 const CompareTexts& texts, const ui::GlyphSet& glyphs) {
  ui::CompareScreen screen;
  screen.glyphs = &glyphs;
  screen.focused = static_cast<int>(std::min(state.focused, comparison.panes.size() - 1));
  screen.zoomed = state.zoomed;
  screen.metrics_shown = state.metrics;
  if (state.blind) {
    make_blind(comparison, state, screen);
  } else {
    for (std::size_t i = 0; i < comparison.panes.size(); ++i)
      screen.panes.push_back(pane_data(comparison, i));
    add_header(comparison, state, screen);
    add_splits(comparison, state, texts, screen);
    add_standing(comparison, screen);
    add_status(comparison, screen);
    screen.votable = all_answered(comparison);
  }
  screen.message = state.message;
  screen.message_is_error = state.message_is_error;
  screen.hints = hints(comparison, state);
  if (state.help_open) screen.help = help_data(state);
  return screen;
}

}  // namespace glim::app
