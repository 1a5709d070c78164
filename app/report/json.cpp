#include <algorithm>

#include <nlohmann/json.hpp>

#include "app/report/changes.h"
#include "app/report/figure_json.h"
#include "app/report/verdict.h"
#include "app/report/writers.h"

namespace glim::app::report {
namespace {

using Json = nlohmann::ordered_json;

Json json_of(const Alternative& one) {
  return Json{{"text", one.text}, {"probability", one.probability ? Json(*one.probability) : Json(nullptr)}};
}

Json json_of(const FormatShare& share);
Json json_of(const MemoryAt& at);
Json json_of(const SpeedAt& at);
Json json_of(const ParallelAt& at);
Json json_of(const Check& check);
Json json_of(const CategoryDrift& drift);
Json json_of(const Row& row);
Json json_of(const TokenHeat& heat);
Json json_of(const Answer& answer);
Json json_of(const PromptPart& prompt);
Json json_of(const Difference& difference);

template <typename T>
Json json_list(const std::vector<T>& list) {
  Json out = Json::array();
  for (const T& one : list) out.push_back(json_of(one));
  return out;
}

Json json_of(const FormatShare& share) {
  return Json{{"format", share.format}, {"tensors", share.tensors}, {"bytes", share.bytes}};
}

Json json_of(const MemoryAt& at) {
  return Json{{"context", at.context},
              {"weights", json_of(at.weights)},
              {"kv", json_of(at.kv)},
              {"scratch", json_of(at.scratch)},
              {"total", json_of(at.total)}};
}

Json json_of(const SpeedAt& at) {
  return Json{{"depth", at.depth}, {"prompt", json_of(at.prompt)}, {"generation", json_of(at.generation)}};
}

Json json_of(const ParallelAt& at) {
  return Json{{"streams", at.streams},
              {"total", json_of(at.total)},
              {"per_stream", json_of(at.per_stream)},
              {"of_roof", json_of(at.of_roof)},
              {"first_token_p50", json_of(at.first_token_median)},
              {"first_token_p95", json_of(at.first_token_p95)}};
}

Json json_of(const Check& check) {
  return Json{{"suite", check.suite},          {"name", check.name},
              {"result", check.result},        {"items", check.items},
              {"score", json_of(check.score)}, {"rate", json_of(check.rate)},
              {"paired", check.comparison}};
}

Json json_of(const CategoryDrift& drift) {
  return Json{{"category", drift.category},
              {"prompts", drift.prompts},
              {"tokens", drift.tokens},
              {"kld", json_of(drift.kld)},
              {"top1", json_of(drift.top1)}};
}

Json json_of(const Row& row) {
  const Identity& identity = row.identity;
  Json factors = Json::object(), figures = Json::object();
  for (const FactorInfo& factor : kFactors) factors[std::string(factor.name)] = row.factors.*factor.member;
  for (const MetricInfo& metric : kMetrics) figures[std::string(metric.name)] = json_of(row[metric.metric]);
  Json out = {{"name", identity.name},
              {"model", row.factors.model},
              {"quant", row.factors.quant},
              {"file", identity.file},
              {"hash", identity.hash},
              {"architecture", identity.architecture},
              {"quantized_by", identity.quantized_by},
              {"importance_matrix", identity.importance},
              {"tensors", identity.tensors},
              {"formats", json_list(identity.mix)},
              {"factors", std::move(factors)},
              {"figures", std::move(figures)},
              {"memory", json_list(row.memory)},
              {"depths", json_list(row.depths)},
              {"parallel", json_list(row.parallel)},
              {"checks", json_list(row.checks)},
              {"categories", json_list(row.categories)},
              {"notes", row.notes},
              {"failure", row.failure.empty() ? Json(nullptr) : Json(row.failure)}};
  if (row.splits_known) out["first_split"] = row.first_split < 0 ? Json(nullptr) : Json(row.first_split);
  if (row.votes)
    out["votes"] = {{"wins", row.votes->wins},
                    {"losses", row.votes->losses},
                    {"ties", row.votes->ties},
                    {"rating", json_of(row.votes->rating)}};
  return out;
}

Json json_of(const TokenHeat& heat) {
  return Json{{"text", heat.text},         {"kld", heat.kld},   {"at_least", heat.at_least},
              {"same_top", heat.same_top}, {"rank", heat.rank}, {"delta_logprob", heat.delta_logprob}};
}

Json json_of(const Answer& answer) {
  Json out = {{"text", answer.text},
              {"thinking", answer.thinking},
              {"stop", answer.stop},
              {"prompt_tokens", answer.prompt_tokens},
              {"tokens", answer.token_ids},
              {"pieces", answer.pieces},
              {"prompt_rate", json_of(answer.prompt_rate)},
              {"generation_rate", json_of(answer.generation_rate)},
              {"first_token", json_of(answer.first_token)},
              {"joules", json_of(answer.joules)},
              {"kld", json_of(answer.kld)},
              {"top1", json_of(answer.top1)},
              {"drift", json_list(answer.heat)},
              {"same_as_reference", answer.same_as_reference},
              {"expected", answer.expected ? Json(*answer.expected) : Json(nullptr)},
              {"expected_why", answer.expected_why},
              {"failure", answer.failure.empty() ? Json(nullptr) : Json(answer.failure)}};
  out["first_split"] = nullptr;
  if (answer.split)
    out["first_split"] = {{"token", answer.split->token},
                          {"reference", json_list(answer.split->reference)},
                          {"own", json_list(answer.split->own)}};
  return out;
}

Json json_of(const PromptPart& prompt) {
  return Json{{"id", prompt.id},
              {"prompt", prompt.text},
              {"system", prompt.system},
              {"answers", json_list(prompt.answers)}};
}

Json json_of(const Difference& difference) {
  return Json{{"prompt", difference.prompt},
              {"token", difference.token},
              {"before", difference.before},
              {"reference", difference.reference},
              {"after", difference.after},
              {"kld", json_list(difference.kld)},
              {"likeliest", json_list(difference.likeliest)}};
}

Json names_of(const Report& report, const std::vector<std::size_t>& rows) {
  Json out = Json::array();
  for (const std::size_t row : rows) out.push_back(report.rows[row].identity.name);
  return out;
}

Json impacts_json(const Report& report) {
  Json out = Json::array();
  for (const Impact& impact : impacts(report)) {
    const Row &row = report.rows[impact.row], &base = report.rows[impact.base];
    Json changes = Json::object();
    for (const MetricInfo& metric : kMetrics)
      if (const auto fraction = change(row[metric.metric], base[metric.metric]))
        changes[std::string(metric.name)] = *fraction;
    out.push_back({{"factor", impact.factor},
                   {"base", base.identity.name},
                   {"row", row.identity.name},
                   {"changes", std::move(changes)}});
  }
  return out;
}

Json verdict_json(const Report& report) {
  Json best = Json::array();
  for (const Winner& winner : winners(report))
    best.push_back({{"use", winner.use},
                    {"row", report.rows[winner.row].identity.name},
                    {"figure", winner.figure},
                    {"rule", winner.rule},
                    {"remark", winner.remark}});
  return Json{
      {"front_size_kld", names_of(report, pareto_front(report, Metric::file_size, Metric::kld))},
      {"front_speed_kld", names_of(report, pareto_front(report, Metric::generation_rate, Metric::kld))},
      {"best", std::move(best)},
      {"sentences", row_sentences(report)}};
}

}  // namespace

std::string report_json(const Report& report) {
  Json provenance = Json::object();
  for (const auto& [what, value] : report.provenance) provenance[what] = value;
  const std::vector<std::string> partial = partial_lines(report);
  Json out = {
      {"schema", kReportSchema},
      {"kind", "glim report"},
      {"title", report.title},
      {"partial", !partial.empty()},
      {"partial_because", partial},
      {"reference", report.reference ? Json(report.rows[*report.reference].identity.name) : Json(nullptr)},
      {"contexts", report.contexts},
      {"available_bytes", report.available_bytes},
      {"tests", {{"prompt", report.prompt_test}, {"generation", report.generation_test}}},
      {"rows", json_list(report.rows)},
      {"baselines", names_of(report, baseline_rows(report))},
      {"impacts", impacts_json(report)},
      {"verdict", verdict_json(report)},
      {"set", report.set_name},
      {"seed", report.seed},
      {"prompts", json_list(report.prompts)},
      {"differences", json_list(report.differences)},
      {"notes", report.notes},
      {"provenance", std::move(provenance)}};
  if (!report.replay.empty()) out["replay"] = Json::parse(report.replay, nullptr, false);
  // Pieces of tokens need not be whole characters.
  return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace glim::app::report
