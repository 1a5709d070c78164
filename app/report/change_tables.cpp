#include <algorithm>
#include <map>

#include "app/report/changes.h"
#include "app/report/report_tables.h"
#include "engine/base/text.h"

namespace glim::app::report {
namespace {

constexpr std::string_view kSeveral =
    " †";  ///< behind percentages between rows that differ in several factors

/// A column of figures that percentages can be formed of: a metric, or memory at a context.
struct Subject {
  std::string title;
  std::function<const Figure&(std::size_t row)> figure;
  bool binary = false;
};

std::vector<Subject> subjects(const Report& report) {
  std::vector<Subject> out;
  const auto add = [&](Metric metric) {
    out.push_back({std::string(metric_info(metric).heading),
                   [&report, metric](std::size_t i) -> const Figure& { return report.rows[i][metric]; }});
  };
  for (const Metric metric : {Metric::generation_rate, Metric::prompt_rate, Metric::latency_cold,
                              Metric::latency_warm, Metric::first_token, Metric::load, Metric::file_size})
    add(metric);
  for (std::size_t c = 0; c < report.contexts.size(); ++c)
    out.push_back({strf("memory at %lld", static_cast<long long>(report.contexts[c])),
                   [&report, c](std::size_t i) -> const Figure& {
                     static const Figure none;
                     const std::vector<MemoryAt>& memory = report.rows[i].memory;
                     return c < memory.size() ? memory[c].total : none;
                   },
                   true});
  for (const Metric metric : {Metric::energy, Metric::perplexity}) add(metric);
  return out;
}

std::string cell(const Report& report, const Subject& subject, std::size_t row, std::size_t base) {
  if (row == base) return "baseline";
  const auto fraction = change(subject.figure(row), subject.figure(base));
  if (!fraction) return {};
  const bool several = differing_factors(report.rows[row], report.rows[base]).size() > 1;
  return change_text(*fraction) + (several ? std::string(kSeveral) : "");
}

Table matrix(const Report& report, const Subject& subject, const std::vector<std::size_t>& baselines) {
  TableBuilder table("Percentages: " + subject.title, report.rows.size());
  table.text(
      "name", [&](std::size_t i) { return report.rows[i].identity.name; }, 0, true);
  table.figures(subject.title, subject.figure, {.binary = subject.binary});
  table.table().notes.clear();  // reasons stand with the figures themselves
  std::size_t filled = 0;
  bool several = false;
  for (const std::size_t base : baselines)
    table.text("against " + report.rows[base].identity.name, [&](std::size_t i) {
      const std::string text = cell(report, subject, i, base);
      filled += text.empty() || i == base ? 0 : 1;
      several = several || text.find(kSeveral) != text.npos;
      return text;
    });
  if (filled == 0) return {};
  table.table().lead = "x / base - 1; estimates are left out.";
  if (several)
    table.table().notes.push_back(
        "† more than one thing differs (model, quant, ...), so this is not what one of them does");
  return table.take();
}

Table impact_table(const Report& report, std::string_view factor, const std::vector<Impact>& pairs) {
  TableBuilder table("Impact of " + std::string(factor), pairs.size());
  const auto member = std::find_if(kFactors.begin(), kFactors.end(), [&](const FactorInfo& info) {
                        return info.name == factor;
                      })->member;
  table.text(
      "from", [&](std::size_t i) { return report.rows[pairs[i].base].factors.*member; }, 0, true);
  table.text(
      "to", [&](std::size_t i) { return report.rows[pairs[i].row].factors.*member; }, 0, true);
  table.text(
      "rows",
      [&](std::size_t i) {
        return report.rows[pairs[i].base].identity.name + " → " + report.rows[pairs[i].row].identity.name;
      },
      2, true);
  for (const Subject& subject : subjects(report))
    table.text(
        subject.title,
        [&](std::size_t i) {
          const auto fraction = change(subject.figure(pairs[i].row), subject.figure(pairs[i].base));
          return fraction ? change_text(*fraction) : std::string();
        },
        1);
  if (table.table().columns.size() <= 3) return {};
  table.table().lead = "Nothing else differs between the two rows of a line.";
  return table.take();
}

/// Pairs of a row and a baseline that no impact is printed for, as one line per baseline.
std::vector<std::string> refusals(const Report& report, const std::vector<std::size_t>& baselines) {
  std::vector<std::string> out;
  for (const std::size_t base : baselines) {
    std::map<std::string, std::vector<std::string>> by_factors;
    for (std::size_t i = 0; i < report.rows.size(); ++i) {
      if (i == base) continue;
      const std::vector<std::string_view> factors = differing_factors(report.rows[i], report.rows[base]);
      if (factors.size() < 2) continue;
      std::string names;
      for (const std::string_view factor : factors)
        names += (names.empty() ? "" : factor == factors.back() ? " and " : ", ") + std::string(factor);
      by_factors[names].push_back(report.rows[i].identity.name);
    }
    for (const auto& [factors, rows] : by_factors)
      out.push_back(rows.size() == 1
                        ? strf("Not shown as an impact: %s against %s differ in %s.", rows.front().c_str(),
                               report.rows[base].identity.name.c_str(), factors.c_str())
                        : strf("Not shown as impacts: %zu rows against %s differ in %s.", rows.size(),
                               report.rows[base].identity.name.c_str(), factors.c_str()));
  }
  return out;
}

}  // namespace

std::vector<Table> change_tables(const Report& report) {
  std::vector<Table> out;
  if (report.rows.size() < 2) return out;
  const std::vector<std::size_t> baselines = baseline_rows(report);
  for (const Subject& subject : subjects(report)) {
    Table table = matrix(report, subject, baselines);
    if (!table.empty()) out.push_back(std::move(table));
  }
  const std::vector<Impact> all = impacts(report);
  for (const FactorInfo& factor : kFactors) {
    std::vector<Impact> pairs;
    std::copy_if(all.begin(), all.end(), std::back_inserter(pairs),
                 [&](const Impact& impact) { return impact.factor == factor.name; });
    Table table = impact_table(report, factor.name, pairs);
    if (!table.empty()) out.push_back(std::move(table));
  }
  const std::vector<std::string> refused = refusals(report, baselines);
  if (!out.empty()) out.back().notes.insert(out.back().notes.end(), refused.begin(), refused.end());
  return out;
}

}  // namespace glim::app::report
