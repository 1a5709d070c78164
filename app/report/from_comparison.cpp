#include "app/report/from_comparison.h"

#include <algorithm>
#include <ctime>
#include <set>

#include "app/compare/replay.h"
#include "app/report/model_label.h"
#include "app/report/statistics.h"
#include "engine/base/text.h"

namespace glim::app::report {
namespace {

constexpr std::size_t kDifferences = 12;
constexpr double kSmallestDifference = 0.1;  ///< nats
constexpr std::int32_t kContextTokens = 8;   ///< shown before and after a difference
/// Contexts that memory is given for, as far as the model was trained for them.
constexpr std::int32_t kContexts[] = {8192, 16384, 32768, 65536, 131072, 202752};

/// Rates over the time in which the device worked for this pane alone, where they are known.
template <typename Stats>
double generation_rate(const Stats& stats) {
  if constexpr (requires { stats.decode_device_rate(); }) return stats.decode_device_rate();
  return stats.decode_rate();
}
template <typename Stats>
double prompt_rate(const Stats& stats) {
  if constexpr (requires { stats.prefill_device_rate(); }) return stats.prefill_device_rate();
  return stats.prefill_rate();
}

/// A rate of 0 is one that is not known.
Figure rate_figure(double rate) {
  return rate > 0 ? measured(Unit::tokens_per_second, rate) : absent("too few tokens to tell");
}

TokenHeat heat_of(const TokenDrift& drift, const std::string& text) {
  return {text, drift.kld, drift.bound, drift.same_top, drift.rank, drift.delta_log_p()};
}

class Converter {
 public:
  explicit Converter(const Comparison& comparison) : from_(comparison) {}
  Report convert();

 private:
  bool has_reference() const {
    return from_.settings.reference >= 0 &&
           static_cast<std::size_t>(from_.settings.reference) < from_.panes.size();
  }
  std::size_t reference() const { return static_cast<std::size_t>(from_.settings.reference); }

  void choose_contexts(Report& out) const;
  Row row_of(std::size_t pane, const std::vector<std::int64_t>& contexts) const;
  void add_memory(Row& row, const ComparePane& pane, const std::vector<std::int64_t>& contexts) const;
  void add_speed(Row& row, std::size_t pane) const;
  void add_drift(Row& row, std::size_t pane) const;
  void add_categories(Row& row, std::size_t pane) const;
  void add_answers(Row& row, std::size_t pane) const;
  PromptPart prompt_of(const ComparePrompt& prompt) const;
  Answer answer_of(const ComparePrompt& prompt, std::size_t pane) const;
  std::vector<Difference> differences() const;
  Difference difference_at(const ComparePrompt& prompt, std::size_t token) const;
  std::vector<std::pair<std::string, std::string>> settings() const;
  std::string partial() const;

  const Comparison& from_;
};

void Converter::choose_contexts(Report& out) const {
  std::set<std::int64_t> contexts;
  std::int32_t trained = 0;
  for (const ComparePane& pane : from_.panes) {
    if (!pane.planned) continue;
    contexts.insert(pane.plan.ctx);
    trained = std::max(trained, pane.plan.trained_ctx);
  }
  for (const std::int32_t context : kContexts)
    if (context <= trained) contexts.insert(context);
  out.contexts.assign(contexts.begin(), contexts.end());
}

void Converter::add_memory(Row& row, const ComparePane& pane,
                           const std::vector<std::int64_t>& contexts) const {
  for (const std::int64_t context : contexts) {
    MemoryAt at;
    at.context = context;
    if (pane.planned && context <= pane.plan.trained_ctx) {
      const auto weights = static_cast<double>(pane.plan.weight_bytes);
      const auto scratch = static_cast<double>(pane.plan.scratch_bytes);
      const double kv = context == pane.plan.ctx
                            ? static_cast<double>(pane.plan.kv_bytes)
                            : static_cast<double>(pane.plan.kv_token_bytes) * static_cast<double>(context);
      at.weights = planned(Unit::bytes, weights);
      at.scratch = planned(Unit::bytes, scratch);
      at.kv = planned(Unit::bytes, kv);
      at.total = planned(Unit::bytes, weights + scratch + kv);
    }
    row.memory.push_back(std::move(at));
  }
  if (pane.planned)
    row[Metric::kv_token] = planned(Unit::bytes, static_cast<double>(pane.plan.kv_token_bytes));
  const Stats& stats = pane.stats;
  if (stats.weight_bytes > 0)
    row[Metric::peak_memory] =
        measured(Unit::bytes, static_cast<double>(stats.weight_bytes + stats.kv_bytes + stats.scratch_bytes));
}

void Converter::add_speed(Row& row, std::size_t pane) const {
  std::vector<double> generation, prompt, first, joules;
  for (const ComparePrompt& one : from_.prompts) {
    if (pane >= one.answers.size()) continue;
    const CompareAnswer& answer = one.answers[pane];
    if (answer.state != AnswerState::done && answer.state != AnswerState::stopped) continue;
    if (const double rate = generation_rate(answer.stats); rate > 0) generation.push_back(rate);
    if (const double rate = prompt_rate(answer.stats); rate > 0) prompt.push_back(rate);
    if (answer.stats.first_token_seconds > 0) first.push_back(answer.stats.first_token_seconds);
    if (answer.joules && !answer.tokens.empty())
      joules.push_back(*answer.joules / static_cast<double>(answer.tokens.size()));
  }
  const std::string why = "no answer was finished";
  row[Metric::generation_rate] = mean_of(Unit::tokens_per_second, generation, why);
  row[Metric::prompt_rate] = mean_of(Unit::tokens_per_second, prompt, why);
  row[Metric::first_token] = median_of(Unit::seconds, first, why);
  row[Metric::energy] = mean_of(Unit::joules, joules, "");
}

void Converter::add_drift(Row& row, std::size_t pane) const {
  if (has_reference() && pane == reference()) {
    row[Metric::kld] = measured(Unit::nats, 0);
    row[Metric::top1] = measured(Unit::fraction, 1);
    row[Metric::rms_delta_p] = measured(Unit::fraction, 0);
    return;
  }
  std::vector<double> klds, tops, deltas, squares;
  bool bound = false;
  for (const ComparePrompt& prompt : from_.prompts) {
    if (pane >= prompt.answers.size() || !prompt.answers[pane].drift) continue;
    for (const auto& token : prompt.answers[pane].drift->rows) {
      const TokenHeat heat = heat_of(token, {});
      klds.push_back(heat.kld);
      tops.push_back(heat.same_top ? 1 : 0);
      deltas.push_back(-heat.delta_logprob);
      squares.push_back(token.delta_p() * token.delta_p());
      bound = bound || heat.at_least;
    }
  }
  const std::string why = from_.settings.drift ? "the reference's answers were not scored" : "drift was off";
  row[Metric::kld] = mean_with_error(Unit::nats, klds, why);
  row[Metric::top1] = mean_with_error(Unit::fraction, tops, why);
  row[Metric::ln_ratio] = mean_with_error(Unit::nats, deltas, why);
  if (klds.empty()) return;
  row[Metric::rms_delta_p] = root_of_mean(Unit::fraction, squares);
  row[Metric::kld_median] = measured(Unit::nats, quantile(klds, 0.5));
  row[Metric::kld_p99] = measured(Unit::nats, quantile(klds, 0.99));
  row[Metric::kld_max] = measured(Unit::nats, quantile(klds, 1));
  for (const Metric metric : {Metric::kld, Metric::kld_median, Metric::kld_p99, Metric::kld_max})
    row[metric].at_least = bound;
}

void Converter::add_categories(Row& row, std::size_t pane) const {
  if (has_reference() && pane == reference()) return;
  std::vector<std::string> names;
  for (const ComparePrompt& prompt : from_.prompts)
    for (const std::string& tag : prompt.tags)
      if (std::find(names.begin(), names.end(), tag) == names.end()) names.push_back(tag);
  for (const std::string& name : names) {
    CategoryDrift out;
    out.category = name;
    std::vector<double> klds, tops;
    bool bound = false;
    for (const ComparePrompt& prompt : from_.prompts) {
      const bool tagged = std::find(prompt.tags.begin(), prompt.tags.end(), name) != prompt.tags.end();
      if (!tagged || pane >= prompt.answers.size() || !prompt.answers[pane].drift) continue;
      ++out.prompts;
      for (const TokenDrift& token : prompt.answers[pane].drift->rows) {
        klds.push_back(token.kld);
        tops.push_back(token.same_top ? 1 : 0);
        bound = bound || token.bound;
      }
    }
    out.tokens = klds.size();
    const std::string why = "no answer to such a prompt was scored";
    out.kld = mean_with_error(Unit::nats, klds, why);
    out.kld.at_least = bound && !klds.empty();
    out.top1 = mean_with_error(Unit::fraction, tops, why);
    row.categories.push_back(std::move(out));
  }
}

void Converter::add_answers(Row& row, std::size_t pane) const {
  for (const ComparePrompt& prompt : from_.prompts) {
    if (pane >= prompt.answers.size()) continue;
    const CompareAnswer& answer = prompt.answers[pane];
    if (answer.state == AnswerState::done) row.splits_known = true;
    if (answer.split && (row.first_split < 0 || answer.split->index < row.first_split))
      row.first_split = answer.split->index;
    if (answer.expected) {
      Check check;
      check.suite = from_.set_name.empty() ? "expected" : from_.set_name;
      check.name = prompt.id;
      check.result = *answer.expected ? "PASS" : "FAIL: " + answer.expected_why;
      check.rate = rate_figure(generation_rate(answer.stats));
      row.checks.push_back(std::move(check));
    }
  }
}

Row Converter::row_of(std::size_t pane, const std::vector<std::int64_t>& contexts) const {
  const ComparePane& from = from_.panes[pane];
  Row row;
  row.identity.name = from.label;
  row.identity.file = from.options.model;
  row.identity.architecture = from.architecture;
  row.identity.hash = from.file_hash;
  row.factors.model = model_without_quant(from.asked, from.format);
  row.factors.quant = from.format;
  if (from.planned) {
    row.factors.kv_type = quant(from.plan.kv_type).name;
    row.factors.context = std::to_string(from.plan.ctx);
  }
  row.factors.device = from.backend;
  row.factors.threads = from.options.threads > 0 ? std::to_string(from.options.threads) : "";
  if (from.file_bytes > 0)
    row[Metric::file_size] = measured(Unit::bytes, static_cast<double>(from.file_bytes));
  if (from.bits_per_weight > 0) row[Metric::bits_per_weight] = measured(Unit::bits, from.bits_per_weight);
  if (from.load_seconds > 0) {
    row[Metric::load] = measured(Unit::seconds, from.load_seconds);
    row[Metric::load_rate] =
        measured(Unit::bytes_per_second, static_cast<double>(from.file_bytes) / from.load_seconds);
  }
  add_memory(row, from, contexts);
  add_speed(row, pane);
  add_drift(row, pane);
  add_categories(row, pane);
  add_answers(row, pane);
  if (from.smoke)
    for (const SmokeSummary::Item& item : from.smoke->items)
      row.checks.push_back({"smoke", std::string(item.label), verdict_name(item.verdict), {}, 0, {}, {}});
  if (pane < from_.votes.ratings.size() && !from_.votes.votes.empty()) {
    const PaneRating& rating = from_.votes.ratings[pane];
    VoteCount votes{rating.wins, rating.losses, rating.ties, measured(Unit::count, rating.rating)};
    votes.rating.range = {rating.low, rating.high};
    row.votes = votes;
  }
  if (from.error) row.failure = strf("GLIM-%s: ", error_name(from.error->code)) + from.error->message;
  return row;
}

Answer Converter::answer_of(const ComparePrompt& prompt, std::size_t pane) const {
  const CompareAnswer& from = prompt.answers[pane];
  Answer out;
  out.text = from.text;
  out.thinking = from.thinking;
  out.stop = from.finish ? finish_name(*from.finish) : answer_state_name(from.state);
  out.prompt_tokens = from.prompt_tokens;
  for (const AnswerToken& token : from.tokens) {
    out.token_ids.push_back(token.id);
    out.pieces.push_back(token.text);
  }
  out.prompt_rate = rate_figure(prompt_rate(from.stats));
  out.generation_rate = rate_figure(generation_rate(from.stats));
  if (from.stats.first_token_seconds > 0)
    out.first_token = measured(Unit::seconds, from.stats.first_token_seconds);
  if (from.joules) out.joules = measured(Unit::joules, *from.joules);
  if (from.error) out.failure = from.error->message;
  out.same_as_reference = from.same_as_reference;
  out.expected = from.expected;
  out.expected_why = from.expected_why;
  if (from.drift && has_reference() && reference() < prompt.answers.size()) {
    const std::vector<AnswerToken>& tokens = prompt.answers[reference()].tokens;
    std::vector<double> klds, tops;
    for (std::size_t i = 0; i < from.drift->rows.size() && i < tokens.size(); ++i) {
      out.heat.push_back(heat_of(from.drift->rows[i], tokens[i].text));
      klds.push_back(out.heat.back().kld);
      tops.push_back(out.heat.back().same_top ? 1 : 0);
    }
    out.kld = mean_with_error(Unit::nats, klds, "nothing was scored");
    out.kld.at_least = from.drift->summary.bound;
    out.top1 = mean_with_error(Unit::fraction, tops, "nothing was scored");
  }
  if (from.split) {
    Split split;
    split.token = from.split->index;
    const auto add = [](std::vector<Alternative>& into, const std::optional<TokenChance>& own,
                        const std::vector<TokenChance>& top) {
      if (own) into.push_back({own->text, own->probability});
      for (const TokenChance& one : top)
        if (!own || one.id != own->id) into.push_back({one.text, one.probability});
    };
    add(split.reference, from.split->reference, from.split->reference_top);
    add(split.own, from.split->pane, from.split->pane_top);
    out.split = std::move(split);
  }
  return out;
}

PromptPart Converter::prompt_of(const ComparePrompt& prompt) const {
  PromptPart out{prompt.id, prompt.text, prompt.system, {}};
  for (std::size_t i = 0; i < prompt.answers.size(); ++i) out.answers.push_back(answer_of(prompt, i));
  return out;
}

Difference Converter::difference_at(const ComparePrompt& prompt, std::size_t token) const {
  const std::vector<AnswerToken>& tokens = prompt.answers[reference()].tokens;
  Difference out;
  out.prompt = prompt.id;
  out.token = static_cast<std::int64_t>(token);
  out.reference = tokens[token].text;
  for (std::size_t i = token >= kContextTokens ? token - kContextTokens : 0; i < token; ++i)
    out.before += tokens[i].text;
  for (std::size_t i = token + 1; i < std::min(tokens.size(), token + kContextTokens); ++i)
    out.after += tokens[i].text;
  for (const CompareAnswer& answer : prompt.answers) {
    Figure kld;
    Alternative likeliest;
    if (answer.drift && token < answer.drift->rows.size()) {
      kld = measured(Unit::nats, answer.drift->rows[token].kld);
      kld.at_least = answer.drift->rows[token].bound;
      if (answer.drift->rows[token].same_top) likeliest.text = "same";
    }
    if (answer.split && static_cast<std::size_t>(answer.split->index) == token &&
        !answer.split->pane_top.empty())
      likeliest = {answer.split->pane_top.front().text, answer.split->pane_top.front().probability};
    out.kld.push_back(std::move(kld));
    out.likeliest.push_back(std::move(likeliest));
  }
  return out;
}

std::vector<Difference> Converter::differences() const {
  struct Place {
    const ComparePrompt* prompt;
    std::size_t token;
    double kld;
  };
  std::vector<Place> places;
  for (const ComparePrompt& prompt : from_.prompts) {
    if (!has_reference() || reference() >= prompt.answers.size()) continue;
    for (std::size_t token = 0; token < prompt.answers[reference()].tokens.size(); ++token) {
      double worst = 0;
      for (const CompareAnswer& answer : prompt.answers)
        if (answer.drift && token < answer.drift->rows.size())
          worst = std::max(worst, answer.drift->rows[token].kld);
      if (worst >= kSmallestDifference) places.push_back({&prompt, token, worst});
    }
  }
  std::stable_sort(places.begin(), places.end(),
                   [](const Place& a, const Place& b) { return a.kld > b.kld; });
  if (places.size() > kDifferences) places.resize(kDifferences);
  std::vector<Difference> out;
  for (const Place& place : places) out.push_back(difference_at(*place.prompt, place.token));
  return out;
}

std::vector<std::pair<std::string, std::string>> Converter::settings() const {
  const CompareSettings& settings = from_.settings;
  std::string order = compare_mode_name(settings.mode);
  if (!settings.mode_reason.empty()) order += ": " + settings.mode_reason;
  std::vector<std::pair<std::string, std::string>> out = {
      {"panes", order},
      {"sampling", settings.greedy ? "greedy"
                                   : strf("temperature %g, seed %llu", settings.temperature,
                                          static_cast<unsigned long long>(settings.seed))},
      {"thinking", settings.think},
      {"longest answer",
       settings.max_tokens < 0 ? "what the context holds" : strf("%d tokens", settings.max_tokens)}};
  if (from_.started_at > 0) {
    const auto time = static_cast<std::time_t>(from_.started_at);
    std::tm parts{};
    ::gmtime_r(&time, &parts);
    char text[32];
    std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &parts);
    out.emplace_back("started", text);
  }
  return out;
}

std::string Converter::partial() const {
  if (from_.phase == ComparePhase::stopped) return "it was stopped before everything was done";
  const auto open = [](const CompareAnswer& answer) {
    return answer.state == AnswerState::waiting || answer.state == AnswerState::running;
  };
  std::size_t missing = 0;
  for (const ComparePrompt& prompt : from_.prompts)
    missing += std::any_of(prompt.answers.begin(), prompt.answers.end(), open) ? 1 : 0;
  return missing == 0 ? std::string()
                      : strf("%zu of %zu prompts have not all answers", missing, from_.prompts.size());
}

Report Converter::convert() {
  Report out;
  choose_contexts(out);
  for (std::size_t i = 0; i < from_.panes.size(); ++i) {
    out.rows.push_back(row_of(i, out.contexts));
    out.title += (i == 0 ? "Comparison of " : ", ") + from_.panes[i].label;
  }
  if (has_reference()) out.reference = reference();
  out.available_bytes = from_.available_bytes;
  out.set_name = from_.set_name;
  out.seed = from_.settings.greedy ? "" : std::to_string(from_.settings.seed);
  for (const ComparePrompt& prompt : from_.prompts) {
    out.prompts.push_back(prompt_of(prompt));
    if (!prompt.token_mismatch.empty())
      out.notes.push_back("prompt " + prompt.id + ": " + prompt.token_mismatch);
  }
  out.differences = differences();
  out.notes.insert(out.notes.end(), from_.notes.begin(), from_.notes.end());
  out.notes.push_back("Quality is measured on the reference's own answers.");
  if (!from_.votes.votes.empty() && from_.votes.too_few)
    out.notes.push_back(strf("Too few votes for a rating: a pair of panes has %d.", from_.votes.fewest));
  out.replay = replay_json(from_).dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  out.provenance = settings();
  out.partial = partial();
  return out;
}

}  // namespace

Report report_of(const Comparison& comparison) {
  return Converter(comparison).convert();
}

}  // namespace glim::app::report
