#include <ctime>

#include "app/eval/suite_report.h"
#include "app/eval/test_run.h"
#include "engine/base/text.h"
#include "engine/text/json_text.h"

namespace glim::app {
namespace {

using Report = nlohmann::ordered_json;

std::string utc_now() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

/// A rate that is not known is null, not 0.
Report known(double value) {
  return value > 0 ? Report(value) : Report(nullptr);
}

Report calls_json(const std::vector<ToolCall>& calls) {
  Report out = Report::array();
  for (const ToolCall& call : calls) {
    const auto arguments = read_json(call.arguments);
    out.push_back({{"id", call.id},
                   {"name", call.name},
                   {"arguments", arguments ? *arguments : Report(call.arguments)}});
  }
  return out;
}

Report message_json(const ChatMessage& message) {
  Report out = {{"role", message.role}, {"content", message.content}};
  if (!message.name.empty()) out["name"] = message.name;
  if (!message.tool_call_id.empty()) out["tool_call_id"] = message.tool_call_id;
  return out;
}

Report exchange_json(const Exchange& exchange) {
  Report sent = Report::array();
  for (const ChatMessage& message : exchange.sent) sent.push_back(message_json(message));
  const Answer& reply = exchange.reply;
  Report out = {{"continues", exchange.continues}};
  out["thinking"] = exchange.thinking ? Report(*exchange.thinking) : Report("default");
  out["sent"] = std::move(sent);
  out["reply"] = {{"content", reply.text},
                  {"reasoning_content", reply.thinking},
                  {"tool_calls", calls_json(reply.tool_calls)},
                  {"finish_reason", reply.finish ? Report(finish_word(reply)) : Report(nullptr)},
                  {"prompt_tokens", reply.stats.prompt_tokens},
                  {"reused_tokens", reply.stats.reused_tokens},
                  {"generated_tokens", reply.stats.generated_tokens},
                  {"prefill_seconds", reply.stats.prefill_seconds},
                  {"decode_seconds", reply.stats.decode_seconds}};
  return out;
}

Report test_json(const TestResult& test, bool transcript) {
  Report out = {{"suite", test.suite},
                {"test", test.name},
                {"result", verdict_name(test.verdict)},
                {"scored", test.scored},
                {"detail", test.detail},
                {"failures", test.failures},
                {"tokens", test.speed.generated},
                {"rounds", test.speed.rounds},
                {"tokens_per_second", known(test.speed.rate())},
                {"generation_seconds", test.speed.decode_seconds},
                {"prompt_tokens_per_second", known(test.speed.prefill_rate())},
                {"wall_seconds", test.wall_seconds}};
  if (const auto& figures = test.throughput) {
    out["throughput"] = {{"tokens_per_second", figures->rates},
                         {"mean", figures->mean},
                         {"stdev", figures->deviation},
                         {"previous_mean", figures->previous ? Report(*figures->previous) : Report(nullptr)}};
  }
  if (const auto& figures = test.context) {
    out["context"] = {{"target", figures->target},
                      {"prompt_tokens", figures->prompt_tokens},
                      {"pp_tokens_per_second", known(figures->prefill_rate)},
                      {"tg_tokens_per_second", known(figures->decode_rate)},
                      {"coherent", figures->coherent}};
  }
  if (!transcript) return out;
  Report exchanges = Report::array();
  for (const Exchange& exchange : test.exchanges) exchanges.push_back(exchange_json(exchange));
  out["transcript"] = std::move(exchanges);
  return out;
}

/// The tests of one suite with their score, in the order in which suites were run.
Report suites_json(const SuiteResult& result) {
  Report out = Report::object();
  for (const std::string_view suite : suite_names()) {
    std::vector<TestResult> tests;
    for (const TestResult& test : result.tests)
      if (test.suite == suite) tests.push_back(test);
    if (tests.empty()) continue;
    const SuiteScore score = score_of(tests);
    Report rows = Report::array();
    for (const TestResult& test : tests) rows.push_back(test_json(test, true));
    out[std::string(suite)] = {{"overall_status", score.text()},
                               {"passed", score.passed},
                               {"scored", score.scored},
                               {"skipped", score.skipped},
                               {"tests", std::move(rows)}};
  }
  return out;
}

Report model_json(const SuiteModel& model) {
  Report out = {{"model", model.name}, {"label", model.label}};
  if (!model.error.empty()) {
    out["error"] = model.error;
    return out;
  }
  out["name"] = model.card.name;
  out["architecture"] = model.card.architecture;
  out["format"] = model.card.format;
  out["file_bytes"] = model.card.file_bytes;
  out["backend"] = model.backend;
  out["kv_type"] = model.kv_type;
  out["ctx"] = model.ctx;
  out["load_seconds"] = model.load_seconds;
  out["interrupted"] = model.result.interrupted != 0;
  out["suites"] = suites_json(model.result);
  if (const auto& fit = model.result.prefill_fit) {
    out["prefill_fit"] = {{"base_seconds_per_token", fit->base},
                          {"slope_seconds_per_token_and_position", fit->slope},
                          {"crossover_position", fit->crossover()}};
  }
  return out;
}

}  // namespace

Report suite_json(std::span<const SuiteModel> models) {
  Report rows = Report::array();
  bool interrupted = false;
  for (const SuiteModel& model : models) {
    interrupted = interrupted || model.result.interrupted != 0;
    rows.push_back(model_json(model));
  }
  return {{"format", "glim-suite-1"},   {"glim", GLIM_VERSION},
          {"date", utc_now()},          {"sampling", {{"temperature", 0}, {"seed", kSuiteSeed}}},
          {"interrupted", interrupted}, {"models", std::move(rows)}};
}

std::vector<TestResult> tests_of(const Report& model) {
  std::vector<TestResult> out;
  const auto suites = model.find("suites");
  if (suites == model.end() || !suites->is_object()) return out;
  for (const auto& [name, suite] : suites->items()) {
    if (!suite.is_object()) continue;
    for (const Report& test : suite.value("tests", Report::array())) {
      const auto verdict = verdict_named(test.value("result", ""));
      if (!verdict) continue;
      TestResult& one = out.emplace_back();
      one.suite = name;
      one.name = test.value("test", "");
      one.scored = test.value("scored", false);
      one.verdict = *verdict;
    }
  }
  return out;
}

std::string suite_items(std::span<const SuiteModel> models) {
  std::string out;
  for (const SuiteModel& model : models) {
    for (const TestResult& test : model.result.tests) {
      Report row = {{"model", model.name}, {"label", model.label}};
      row.update(test_json(test, false));
      out += row.dump(-1, ' ', false, Report::error_handler_t::replace) + "\n";
    }
  }
  return out;
}

}  // namespace glim::app
