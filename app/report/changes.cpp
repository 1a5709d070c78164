#include "app/report/changes.h"

#include <algorithm>

#include "engine/base/error.h"
#include "engine/base/text.h"

namespace glim::app::report {
namespace {

constexpr std::size_t kMostBaselines = 4;

std::size_t row_named(const Report& report, const std::string& name) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < report.rows.size(); ++i) {
    names.push_back(report.rows[i].identity.name);
    if (names.back() == name) return i;
  }
  const std::string_view near = nearest(name, names);
  throw Error(ErrorCode::E501, "baseline " + printable(name) + ": no row of the report has this name",
              near.empty() ? "" : "did you mean " + printable(near) + "?");
}

double bits(const Row& row) {
  const Figure& figure = row[Metric::bits_per_weight];
  return figure.present() ? figure.value : 0;
}

/// The rows of one model, most bits per weight first.
std::vector<std::size_t> rows_of_model(const Report& report, const std::string& model) {
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < report.rows.size(); ++i)
    if (report.rows[i].factors.model == model) out.push_back(i);
  std::stable_sort(out.begin(), out.end(),
                   [&](std::size_t a, std::size_t b) { return bits(report.rows[a]) > bits(report.rows[b]); });
  return out;
}

/// Whether two rows agree in everything but `factor`.
bool same_but(const Row& a, const Row& b, const FactorInfo& factor) {
  return std::all_of(kFactors.begin(), kFactors.end(), [&](const FactorInfo& other) {
    return other.member == factor.member || a.factors.*other.member == b.factors.*other.member;
  });
}

std::string list_of(const std::vector<std::string_view>& names) {
  std::string out;
  for (std::size_t i = 0; i < names.size(); ++i)
    out += (i == 0 ? "" : i + 1 == names.size() ? " and " : ", ") + std::string(names[i]);
  return out;
}

}  // namespace

std::vector<std::string_view> differing_factors(const Row& a, const Row& b) {
  std::vector<std::string_view> out;
  for (const FactorInfo& factor : kFactors)
    if (a.factors.*factor.member != b.factors.*factor.member) out.push_back(factor.name);
  return out;
}

std::optional<double> change(const Figure& value, const Figure& base) {
  const bool comparable =
      value.kind == base.kind && (value.kind == FigureKind::measured || value.kind == FigureKind::planned);
  if (!comparable || base.value == 0 || value.at_least || base.at_least) return {};
  return value.value / base.value - 1;
}

std::vector<std::size_t> baseline_rows(const Report& report) {
  std::vector<std::size_t> out;
  const auto add = [&](std::size_t row) {
    if (out.size() < kMostBaselines && std::find(out.begin(), out.end(), row) == out.end())
      out.push_back(row);
  };
  for (const std::string& name : report.baselines) add(row_named(report, name));
  if (!out.empty()) return out;
  if (report.rows.size() <= kMostBaselines) {
    for (std::size_t i = 0; i < report.rows.size(); ++i) add(i);
    return out;
  }
  if (report.reference) add(*report.reference);
  for (const Row& row : report.rows) {
    const std::vector<std::size_t> rows = rows_of_model(report, row.factors.model);
    for (std::size_t i = 0; i < std::min<std::size_t>(2, rows.size()); ++i) add(rows[i]);
  }
  return out;
}

std::variant<Impact, std::string> impact_of(const Report& report, std::size_t row, std::size_t base) {
  const Row &a = report.rows.at(row), &b = report.rows.at(base);
  const std::vector<std::string_view> factors = differing_factors(a, b);
  if (factors.size() == 1) return Impact{factors.front(), row, base};
  const std::string pair = a.identity.name + " and " + b.identity.name;
  if (factors.empty()) return pair + " differ in nothing that the report knows of";
  return pair + " differ in " + list_of(factors) + ": what each of them does cannot be told";
}

std::vector<Impact> impacts(const Report& report) {
  std::vector<Impact> out;
  for (const FactorInfo& factor : kFactors) {
    std::vector<bool> seen(report.rows.size());
    for (std::size_t i = 0; i < report.rows.size(); ++i) {
      if (seen[i]) continue;
      std::vector<std::size_t> group;
      for (std::size_t j = i; j < report.rows.size(); ++j)
        if (same_but(report.rows[i], report.rows[j], factor)) group.push_back(j), seen[j] = true;
      std::size_t base = group.front();
      for (const std::size_t j : group)
        if (bits(report.rows[j]) > bits(report.rows[base])) base = j;
      if (report.reference && std::find(group.begin(), group.end(), *report.reference) != group.end())
        base = *report.reference;
      for (const std::size_t j : group)
        if (report.rows[j].factors.*factor.member != report.rows[base].factors.*factor.member)
          out.push_back({factor.name, j, base});
    }
  }
  return out;
}

}  // namespace glim::app::report
