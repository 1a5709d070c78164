#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "app/report/from_comparison.h"
#include "app/report/writers.h"

namespace glim::app::report {
namespace {

ComparePane pane_of(const std::string& label, std::uint64_t bytes) {
  ComparePane pane;
  pane.label = label;
  pane.asked = "spark:" + label;
  pane.format = label;
  pane.file_bytes = bytes;
  pane.bits_per_weight = static_cast<double>(bytes) / 2.5e6;
  pane.planned = true;
  pane.plan.ctx = 4096;
  pane.plan.trained_ctx = 16384;
  pane.plan.weight_bytes = bytes;
  pane.plan.kv_token_bytes = 1000;
  pane.plan.kv_bytes = 4096 * 1000;
  pane.load_seconds = 0.5;
  return pane;
}

CompareAnswer answer_of(const std::string& text, double seconds) {
  CompareAnswer answer;
  answer.state = AnswerState::done;
  answer.text = text;
  for (const char c : text) answer.tokens.push_back({c, std::string(1, c)});
  answer.finish = FinishReason::end_of_turn;
  answer.prompt_tokens = 7;
  answer.stats.generated_tokens = static_cast<std::int32_t>(text.size());
  answer.stats.decode_seconds = seconds;
  answer.stats.first_token_seconds = 0.1;
  return answer;
}

void score(CompareAnswer& answer, const std::vector<double>& klds) {
  answer.drift.emplace();
  for (const double kld : klds) {
    auto& row = answer.drift->rows.emplace_back();
    row.kld = kld;
    row.same_top = kld < 0.5;
  }
}

Comparison two_panes() {
  Comparison comparison;
  comparison.panes = {pane_of("q8_0", 20'000'000), pane_of("q4_k_m", 10'000'000)};
  comparison.phase = ComparePhase::idle;
  comparison.set_name = "set";
  comparison.available_bytes = 1u << 30;
  for (int i = 0; i < 2; ++i) {
    ComparePrompt prompt;
    prompt.id = std::to_string(i + 1);
    prompt.text = "say abcd";
    prompt.answers = {answer_of("abcd", 3), answer_of("abxy", 1.5)};
    score(prompt.answers[1], {0, 0.02, i == 0 ? 1.0 : 0.5, 0});
    prompt.answers[1].split = FirstSplit{2, TokenChance{'c', "c", 0.6}, TokenChance{'x', "x", 0.5}, {}, {}};
    prompt.answers[1].expected = i == 0;
    prompt.answers[1].expected_why = "no c";
    comparison.prompts.push_back(std::move(prompt));
  }
  return comparison;
}

}  // namespace

TEST_CASE("a comparison becomes a report with a row per pane") {
  const Report report = report_of(two_panes());
  REQUIRE(report.rows.size() == 2);
  CHECK(report.title == "Comparison of q8_0, q4_k_m");
  CHECK(report.reference == 0u);
  CHECK(report.partial.empty());
  const Row &base = report.rows[0], &other = report.rows[1];
  CHECK(base[Metric::kld].value == 0);
  CHECK(other[Metric::kld].value == doctest::Approx((0.02 + 1 + 0.02 + 0.5) / 8));
  CHECK(other[Metric::kld].spread.has_value());
  CHECK(other[Metric::kld_max].value == 1);
  CHECK(other[Metric::top1].value == doctest::Approx(0.75));
  CHECK(other[Metric::generation_rate].value == doctest::Approx(2 * base[Metric::generation_rate].value));
  CHECK(other[Metric::load_rate].value == 20e6);
  CHECK(other.factors.model == "spark");
  CHECK(other.factors.quant == "q4_k_m");
  CHECK(other.first_split == 2);
  CHECK(other.splits_known);
  REQUIRE(other.checks.size() == 2);
  CHECK(other.checks[0].result == "PASS");
  CHECK(other.checks[1].result == "FAIL: no c");
}

TEST_CASE("memory is given for the pane's context and the usual ones up to the trained length") {
  const Report report = report_of(two_panes());
  CHECK(report.contexts == std::vector<std::int64_t>{4096, 8192, 16384});
  CHECK(report.rows[1].memory[2].total.value == 10e6 + 16384 * 1000);
  CHECK(report.rows[1].memory[2].total.kind == FigureKind::planned);
}

TEST_CASE("prompts keep answers, drift per token, splits and the places that differ most") {
  const Report report = report_of(two_panes());
  REQUIRE(report.prompts.size() == 2);
  const Answer& answer = report.prompts[0].answers[1];
  CHECK(answer.text == "abxy");
  CHECK(answer.token_ids.size() == 4);
  REQUIRE(answer.heat.size() == 4);
  CHECK(answer.heat[2].text == "c");
  CHECK(answer.heat[2].kld == 1);
  REQUIRE(answer.split.has_value());
  CHECK(answer.split->reference.front().text == "c");
  CHECK(answer.split->own.front().text == "x");
  REQUIRE(report.differences.size() == 2);
  CHECK(report.differences[0].prompt == "1");
  CHECK(report.differences[0].token == 2);
  CHECK(report.differences[0].before == "ab");
  CHECK(report.differences[0].after == "d");
  CHECK(report.differences[1].kld[1].value == 0.5);
  const auto json = nlohmann::json::parse(report_json(report));
  CHECK(json["rows"].size() == 2);
  CHECK(json["prompts"][1]["answers"][1]["drift"][2]["kld"] == 0.5);
}

TEST_CASE("a pane that failed and a comparison that was stopped are marked") {
  Comparison comparison = two_panes();
  comparison.panes[1].error = CompareError{ErrorCode::E101, "x.gguf: no such file", ""};
  comparison.phase = ComparePhase::stopped;
  const Report report = report_of(comparison);
  CHECK(report.rows[1].failure == "GLIM-E101: x.gguf: no such file");
  CHECK(partial_lines(report).size() == 2);
  comparison = two_panes();
  comparison.prompts[1].answers[0].state = AnswerState::running;
  CHECK(report_of(comparison).partial == "1 of 2 prompts have not all answers");
}

TEST_CASE("lower bounds stay lower bounds") {
  Comparison comparison = two_panes();
  comparison.prompts[0].answers[1].drift->rows[1].bound = true;
  const Report report = report_of(comparison);
  CHECK(report.rows[1][Metric::kld].at_least);
  CHECK(figure_in_words(report.rows[1][Metric::kld]).rfind("≥ ", 0) == 0);
}

}  // namespace glim::app::report
