#include <algorithm>
#include <functional>
#include <optional>

#include "app/eval/suite_report.h"
#include "engine/base/text.h"
#include "ui/text_layout.h"

namespace glim::app {
namespace {

using Row = std::vector<std::string>;
using Find = std::function<const TestResult*(const SuiteModel&)>;

constexpr std::string_view kNothing = "\u2014";

/// What stands in a cell: one line, without what would end the cell.
std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c;
  }
  return out;
}

std::string bold(const std::string& text) {
  return "**" + text + "**";
}

/// Rows of equal length, the first one the heading, in columns that line up.
std::string markdown(const std::vector<Row>& rows) {
  std::vector<int> widths(rows.front().size(), 3);
  for (const Row& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], ui::display_width(row[i]));
  std::string out;
  const auto write = [&](const Row& row) {
    for (std::size_t i = 0; i < row.size(); ++i) out += "| " + ui::pad(row[i], widths[i]) + " ";
    out += "|\n";
  };
  write(rows.front());
  for (const int width : widths) out += "|" + std::string(static_cast<std::size_t>(width) + 2, '-');
  out += "|\n";
  for (std::size_t i = 1; i < rows.size(); ++i) write(rows[i]);
  return out;
}

std::string rate_text(double rate) {
  return rate > 0 ? strf("%.1f", rate) : std::string(kNothing);
}

std::string title_of(const TestResult& test) {
  return "`" + test.name + "`" + (test.title.empty() ? "" : " (" + test.title + ")");
}

std::vector<TestResult> tests_of(const SuiteModel& model, std::string_view suite) {
  std::vector<TestResult> out;
  for (const TestResult& test : model.result.tests)
    if (test.suite == suite) out.push_back(test);
  return out;
}

const TestResult* find(const SuiteModel& model, const TestResult& like) {
  for (const TestResult& test : model.result.tests)
    if (test.suite == like.suite && test.name == like.name) return &test;
  return nullptr;
}

/// The rows of a suite: those of the first model that has any; all models were given the same.
std::vector<TestResult> rows_of(std::span<const SuiteModel> models, std::string_view suite) {
  for (const SuiteModel& model : models)
    if (auto tests = tests_of(model, suite); !tests.empty()) return tests;
  return {};
}

std::string verdict_text(const TestResult& test) {
  std::string out = verdict_name(test.verdict);
  std::string why = is_bad(test.verdict) && !test.failures.empty() ? test.failures.front() : test.detail;
  if (is_bad(test.verdict) && test.failures.size() > 1)
    why += strf(" (and %zu more)", test.failures.size() - 1);
  // Two words of their own say more than PASS.
  if (test.verdict == Verdict::pass && (why == "OK" || why == "CLEAN")) return why;
  if (test.throughput) return (test.verdict == Verdict::pass ? "" : out + " \u2014 ") + cell(why);
  return why.empty() ? out : out + " \u2014 " + cell(why);
}

Row heading(std::span<const SuiteModel> models, std::string first, std::string_view single) {
  Row row = {std::move(first)};
  for (const SuiteModel& model : models)
    row.push_back(models.size() == 1 ? std::string(single) : cell(model.label));
  return row;
}

std::string result_table(std::span<const SuiteModel> models, std::string_view suite, std::string first) {
  std::vector<Row> rows = {heading(models, std::move(first), "Result")};
  for (const TestResult& test : rows_of(models, suite)) {
    Row row = {title_of(test)};
    for (const SuiteModel& model : models) {
      const TestResult* found = find(model, test);
      row.push_back(found == nullptr ? std::string(kNothing) : verdict_text(*found));
    }
    rows.push_back(std::move(row));
  }
  Row overall = {"`overall_status`"};
  for (const SuiteModel& model : models) {
    const auto tests = tests_of(model, suite);
    overall.push_back(tests.empty() ? std::string(kNothing) : bold(score_of(tests).text()));
  }
  rows.push_back(std::move(overall));
  return markdown(rows);
}

/// How much faster the first is; empty unless both are known.
std::string difference(double first, double other) {
  return first > 0 && other > 0 ? strf("%+.0f %%", 100 * (first / other - 1)) : std::string(kNothing);
}

/// The rate of a test that ran to its end, else 0.
double rate_of(const TestResult* test) {
  const bool measured = test != nullptr && is_final(test->verdict) && test->verdict != Verdict::interrupted &&
                        test->verdict != Verdict::error;
  return measured ? test->speed.rate() : 0;
}

std::string agent_rates(std::span<const SuiteModel> models) {
  Row head = {"Scenario"};
  for (const SuiteModel& model : models) {
    head.push_back(cell(model.label) + " (t/s)");
    if (&model != &models.front()) head.push_back("\u0394");
  }
  std::vector<Row> rows = {std::move(head)};
  std::vector<double> sums(models.size(), 0);
  std::size_t complete = 0;
  const std::vector<TestResult> tests = rows_of(models, "hermes");
  const auto add_row = [&](std::string name, const std::vector<double>& rates,
                           const std::function<std::string(const std::string&)>& style) {
    Row row = {std::move(name)};
    for (std::size_t i = 0; i < rates.size(); ++i) {
      row.push_back(style(rate_text(rates[i])));
      if (i > 0) row.push_back(style(difference(rates.front(), rates[i])));
    }
    rows.push_back(std::move(row));
  };
  for (const TestResult& test : tests) {
    std::vector<double> rates;
    for (const SuiteModel& model : models) rates.push_back(rate_of(find(model, test)));
    const bool all = std::all_of(rates.begin(), rates.end(), [](double rate) { return rate > 0; });
    if (all) ++complete;
    for (std::size_t i = 0; all && i < rates.size(); ++i) sums[i] += rates[i];
    add_row(title_of(test), rates, [](const std::string& text) { return text; });
  }
  for (double& sum : sums) sum = complete > 0 ? sum / static_cast<double>(complete) : 0;
  std::string name = bold("Mean");
  if (complete < tests.size()) name += strf(" of the %zu that all have", complete);
  add_row(std::move(name), sums, bold);
  return markdown(rows);
}

std::string context_name(std::int32_t target) {
  return target % 1024 == 0 ? strf("%d K", target / 1024) : std::to_string(target);
}

std::string context_table(const SuiteModel& model) {
  std::vector<Row> rows = {{"Ctx target", "pp t/s", "tg t/s", "Result"}};
  for (const TestResult& test : tests_of(model, "ctx")) {
    const ContextFigures& figures = *test.context;
    std::string result = test.verdict == Verdict::pass ? test.detail : verdict_text(test);
    if (test.verdict == Verdict::skip) result = test.detail;
    rows.push_back({context_name(figures.target), rate_text(figures.prefill_rate),
                    rate_text(figures.decode_rate), cell(result)});
  }
  std::string out = markdown(rows);
  if (const auto& fit = model.result.prefill_fit)
    out += strf(
        "\nA prompt token takes %.3g ms + %.3g ms per 1000 tokens before it; both parts are equal at "
        "position "
        "%.0f.\n",
        1e3 * fit->base, 1e6 * fit->slope, fit->crossover());
  return out;
}

}  // namespace

std::string suite_tables(std::span<const SuiteModel> models) {
  std::string out;
  const auto section = [&](const std::string& title, const std::string& body) {
    out += (out.empty() ? "### " : "\n### ") + title + "\n\n" + body;
  };
  if (!rows_of(models, "mesh").empty()) section("mesh_eval", result_table(models, "mesh", "Test"));
  if (!rows_of(models, "hermes").empty()) {
    section("hermes_loop", result_table(models, "hermes", "Scenario"));
    section("Agent-loop throughput", agent_rates(models));
  }
  for (const SuiteModel& model : models) {
    if (tests_of(model, "ctx").empty()) continue;
    section("Context scaling" + (models.size() == 1 ? "" : ": " + model.label), context_table(model));
  }
  for (const SuiteModel& model : models)
    if (!model.error.empty()) out += "\n" + model.label + " was not measured: " + model.error + "\n";
  return out;
}

}  // namespace glim::app
