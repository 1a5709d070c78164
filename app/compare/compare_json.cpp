#include "app/compare/compare_json.h"

#include <algorithm>

#include "app/compare/replay.h"
#include "app/compare/totals.h"
#include "engine/base/text.h"

namespace glim::app {
namespace {

using Report = nlohmann::ordered_json;

/// "end of turn" as a name for programs.
Report finish_of(const std::optional<FinishReason>& finish) {
  if (!finish) return nullptr;
  std::string word = finish_name(*finish);
  std::replace(word.begin(), word.end(), ' ', '_');
  return word;
}

Report error_of(const std::optional<CompareError>& error) {
  if (!error) return nullptr;
  return {{"code", std::string("GLIM-") + error_name(error->code)},
          {"message", error->message},
          {"help", error->help}};
}

Report known(double value) {
  return value > 0 ? Report(value) : Report(nullptr);
}

Report summary_of(const DriftSummary& drift) {
  return {{"tokens", drift.tokens},
          {"kld", drift.mean_kld},
          {"kld_max", drift.largest_kld},
          {"kld_is_bound", drift.bound},
          {"worst_token", drift.worst_token},
          {"top1", drift.top1},
          {"largest_rank", drift.largest_rank},
          {"mean_delta_logprob", drift.mean_delta_logprob}};
}

Report drift_of(const std::optional<PaneDrift>& drift) {
  if (!drift) return nullptr;
  Report out = summary_of(drift->summary);
  out["complete"] = drift->complete;
  Report rows = Report::array();
  for (const TokenDrift& row : drift->rows)
    rows.push_back({{"kld", row.kld},
                    {"bound", row.bound},
                    {"same_top", row.same_top},
                    {"rank", row.rank},
                    {"delta_logprob", row.delta_log_p()}});
  out["rows"] = std::move(rows);
  return out;
}

Report chance_of(const TokenChance& one) {
  return {{"id", one.id}, {"text", one.text}, {"probability", one.probability}};
}

Report split_of(const std::optional<FirstSplit>& split) {
  if (!split) return nullptr;
  const auto one = [](const std::optional<TokenChance>& token) {
    return token ? chance_of(*token) : Report(nullptr);
  };
  const auto all = [](const std::vector<TokenChance>& top) {
    Report out = Report::array();
    for (const TokenChance& token : top) out.push_back(chance_of(token));
    return out;
  };
  return {{"index", split->index},
          {"reference", one(split->reference)},
          {"pane", one(split->pane)},
          {"reference_top", all(split->reference_top)},
          {"pane_top", all(split->pane_top)}};
}

Report tokens_of(const std::vector<AnswerToken>& tokens) {
  Report out = Report::array();
  for (const AnswerToken& token : tokens)
    out.push_back({{"id", token.id}, {"s", token.text}, {"lp", token.logprob}, {"thinking", token.thinking}});
  return out;
}

Report timings_of(const GenerationStats& stats) {
  return {{"prompt_rate", known(stats.prefill_device_rate())},
          {"generation_rate", known(stats.decode_device_rate())},
          {"prompt_device_seconds", stats.prefill_device_seconds},
          {"generation_device_seconds", stats.decode_device_seconds},
          {"prompt_seconds", stats.prefill_seconds},
          {"generation_seconds", stats.decode_seconds},
          {"first_token_seconds", stats.first_token_seconds}};
}

Report graft_of(const std::optional<Graft>& graft) {
  if (!graft) return nullptr;
  return {{"index", graft->index},           {"text", graft->text},
          {"thinking", graft->thinking},     {"finish", finish_of(graft->finish)},
          {"rejoined", graft->rejoined},     {"next_split", graft->next_split},
          {"error", error_of(graft->error)}, {"tokens", tokens_of(graft->tokens)}};
}

Report answer_of(const CompareAnswer& answer) {
  return {{"state", answer_state_name(answer.state)},
          {"text", answer.text},
          {"thinking", answer.thinking},
          {"finish", finish_of(answer.finish)},
          {"error", error_of(answer.error)},
          {"prompt_tokens", answer.prompt_tokens},
          {"generated_tokens", answer.tokens.size()},
          {"seed", answer.stats.seed},
          {"timings", timings_of(answer.stats)},
          {"joules", answer.joules ? Report(*answer.joules) : Report(nullptr)},
          {"same_as_reference", answer.same_as_reference},
          {"expected", answer.expected ? Report(*answer.expected) : Report(nullptr)},
          {"expected_why", answer.expected_why},
          {"drift", drift_of(answer.drift)},
          {"first_split", split_of(answer.split)},
          {"graft", graft_of(answer.graft)},
          {"tokens", tokens_of(answer.tokens)}};
}

std::string hex(std::uint64_t hash) {
  return hash == 0 ? std::string() : strf("%016llx", static_cast<unsigned long long>(hash));
}

Report totals_of(const Comparison& comparison, std::size_t index) {
  const PaneTotals all = totals(comparison, index);
  return {{"answers", all.answers},
          {"prompt_tokens", all.prompt_tokens},
          {"generated_tokens", all.generated_tokens},
          {"prompt_rate", known(all.prompt_rate)},
          {"generation_rate", known(all.generation_rate)},
          {"first_token_seconds", known(all.first_token_seconds)},
          {"drift", all.drift ? summary_of(*all.drift) : Report(nullptr)},
          {"expected", all.expected},
          {"met", all.met},
          {"splits", all.splits},
          {"earliest_split", all.earliest_split}};
}

Report pane_of(const Comparison& comparison, std::size_t index) {
  const ComparePane& pane = comparison.panes[index];
  return {
      {"label", pane.label},
      {"asked", pane.asked},
      {"profile", pane.profile},
      {"model", pane.options.model},
      {"quant", pane.format},
      {"architecture", pane.architecture},
      {"bytes", pane.file_bytes},
      {"bits_per_weight", pane.bits_per_weight},
      {"file_hash", pane.file_hash},
      {"tokenizer_hash", hex(pane.tokenizer_hash)},
      {"template_hash", hex(pane.template_hash)},
      {"template", pane.template_origin},
      {"backend", pane.backend},
      {"ctx", pane.plan.ctx},
      {"kv_type", pane.planned ? std::string(quant(pane.plan.kv_type).name) : std::string()},
      {"memory",
       {{"weights", pane.plan.weight_bytes},
        {"kv", pane.plan.kv_bytes},
        {"scratch", pane.plan.scratch_bytes},
        {"total", pane.plan.total_bytes()}}},
      {"shares_weights_with", pane.shares_weights_with ? Report(*pane.shares_weights_with) : Report(nullptr)},
      {"state", pane_state_name(pane.state)},
      {"error", error_of(pane.error)},
      {"load_seconds", known(pane.load_seconds)},
      {"loads", pane.loads},
      {"totals", totals_of(comparison, index)}};
}

Report settings_of(const CompareSettings& settings) {
  return {{"mode", compare_mode_name(settings.mode)},
          {"mode_asked", compare_mode_name(settings.asked)},
          {"mode_reason", settings.mode_reason},
          {"greedy", settings.greedy},
          {"temperature", settings.temperature},
          {"seed", settings.seed},
          {"max_tokens", settings.max_tokens},
          {"think", settings.think},
          {"drift", settings.drift},
          {"reference", settings.reference}};
}

Report prompt_of(const ComparePrompt& prompt) {
  Report answers = Report::array();
  for (const CompareAnswer& answer : prompt.answers) answers.push_back(answer_of(answer));
  return {{"id", prompt.id},
          {"prompt", prompt.text},
          {"system", prompt.system},
          {"tags", prompt.tags},
          {"token_mismatch", prompt.token_mismatch},
          {"answers", std::move(answers)}};
}

Report votes_of(const VoteResults& votes) {
  Report ratings = Report::array();
  for (const PaneRating& one : votes.ratings)
    ratings.push_back({{"wins", one.wins},
                       {"losses", one.losses},
                       {"ties", one.ties},
                       {"rating", one.rating},
                       {"low", one.low},
                       {"high", one.high}});
  return {{"count", votes.votes.size()}, {"too_few", votes.too_few}, {"ratings", std::move(ratings)}};
}

bool over(AnswerState state) {
  return state != AnswerState::waiting && state != AnswerState::running;
}

}  // namespace

Report comparison_json(const Comparison& comparison) {
  Report panes = Report::array(), prompts = Report::array();
  for (std::size_t i = 0; i < comparison.panes.size(); ++i) panes.push_back(pane_of(comparison, i));
  for (const ComparePrompt& prompt : comparison.prompts) prompts.push_back(prompt_of(prompt));
  return {{"schema", 1},
          {"partial", comparison.phase == ComparePhase::stopped},
          {"settings", settings_of(comparison.settings)},
          {"set", comparison.set_name},
          {"notes", comparison.notes},
          {"needed_bytes", comparison.needed_bytes},
          {"started_at", comparison.started_at},
          {"panes", std::move(panes)},
          {"prompts", std::move(prompts)},
          {"votes", votes_of(comparison.votes)},
          {"replay", replay_json(comparison)}};
}

std::vector<Report> CompareEvents::changes(const Comparison& comparison) {
  std::vector<Report> out;
  loads_.resize(comparison.panes.size());
  failed_.resize(comparison.panes.size());
  for (std::size_t i = 0; i < comparison.panes.size(); ++i) {
    const ComparePane& pane = comparison.panes[i];
    if (pane.resident && loads_[i] != pane.loads) {
      loads_[i] = pane.loads;
      out.push_back({{"t", "load"}, {"pane", i}, {"label", pane.label}, {"seconds", pane.load_seconds}});
    }
    if (pane.error && !failed_[i]) {
      failed_[i] = true;
      out.push_back({{"t", "error"}, {"pane", i}, {"label", pane.label}, {"error", error_of(pane.error)}});
    }
  }
  seen_.resize(comparison.prompts.size(), std::vector<Seen>(comparison.panes.size()));
  for (std::size_t p = 0; p < comparison.prompts.size(); ++p) {
    for (std::size_t i = 0; i < comparison.panes.size(); ++i) {
      const CompareAnswer& answer = comparison.prompts[p].answers[i];
      Seen& seen = seen_[p][i];
      const Report place = {{"prompt", comparison.prompts[p].id}, {"pane", i}};
      const auto event = [&](const char* kind, Report more) {
        Report one = {{"t", kind}};
        one.update(place);
        one.update(more);
        out.push_back(std::move(one));
      };
      for (; seen.tokens < answer.tokens.size(); ++seen.tokens) {
        const AnswerToken& token = answer.tokens[seen.tokens];
        event("tok", {{"i", seen.tokens}, {"id", token.id}, {"s", token.text}, {"lp", token.logprob}});
      }
      if (over(answer.state) && !std::exchange(seen.over, true))
        event("answer", {{"reason", finish_of(answer.finish)},
                         {"state", answer_state_name(answer.state)},
                         {"error", error_of(answer.error)},
                         {"text", answer.text},
                         {"timings", timings_of(answer.stats)}});
      if (answer.drift && answer.drift->complete && !std::exchange(seen.drift, true))
        event("drift",
              {{"summary", summary_of(answer.drift->summary)}, {"first_split", split_of(answer.split)}});
    }
  }
  return out;
}

Report CompareEvents::end(const Comparison& comparison) const {
  Report panes = Report::array();
  for (std::size_t i = 0; i < comparison.panes.size(); ++i) panes.push_back(pane_of(comparison, i));
  return {{"t", "end"},
          {"partial", comparison.phase == ComparePhase::stopped},
          {"settings", settings_of(comparison.settings)},
          {"notes", comparison.notes},
          {"panes", std::move(panes)}};
}

}  // namespace glim::app
