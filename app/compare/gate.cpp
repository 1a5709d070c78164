#include "app/compare/gate.h"

#include <array>
#include <cmath>
#include <cstdlib>
#include <optional>

#include "app/compare/totals.h"
#include "engine/base/error.h"
#include "engine/base/text.h"

namespace glim::app {
namespace {

struct Value {
  double number = 0;
  bool bound = false;  ///< the true value may be larger
};
using Measured = std::optional<Value>;

Measured positive(double number) {
  return number > 0 ? Measured(Value{number, false}) : std::nullopt;
}

struct GateMetric {
  std::string_view name;
  Measured (*of)(const ComparePane& pane, const PaneTotals& totals);
};

constexpr std::array kMetrics = {
    GateMetric{"kld",
               [](const ComparePane&, const PaneTotals& t) {
                 return t.drift ? Measured(Value{t.drift->mean_kld, t.drift->bound}) : std::nullopt;
               }},
    GateMetric{"kld_max",
               [](const ComparePane&, const PaneTotals& t) {
                 return t.drift ? Measured(Value{t.drift->largest_kld, t.drift->bound}) : std::nullopt;
               }},
    GateMetric{"top1",
               [](const ComparePane&, const PaneTotals& t) {
                 return t.drift ? Measured(Value{t.drift->top1, false}) : std::nullopt;
               }},
    GateMetric{
        "ppl",
        [](const ComparePane&, const PaneTotals& t) {
          return t.drift ? Measured(Value{std::exp(-t.drift->mean_delta_logprob), false}) : std::nullopt;
        }},
    GateMetric{"tps", [](const ComparePane&, const PaneTotals& t) { return positive(t.generation_rate); }},
    GateMetric{"pp_tps", [](const ComparePane&, const PaneTotals& t) { return positive(t.prompt_rate); }},
    GateMetric{"ttft",
               [](const ComparePane&, const PaneTotals& t) { return positive(t.first_token_seconds); }},
    GateMetric{"memory",
               [](const ComparePane& pane, const PaneTotals&) {
                 return positive(pane.planned ? static_cast<double>(pane.plan.total_bytes()) : 0);
               }},
    GateMetric{"expect",
               [](const ComparePane&, const PaneTotals& t) {
                 return t.expected > 0 ? Measured(Value{static_cast<double>(t.met) / t.expected, false})
                                       : std::nullopt;
               }},
    GateMetric{"smoke",
               [](const ComparePane& pane, const PaneTotals&) {
                 if (!pane.smoke || pane.smoke->score.scored == 0) return Measured();
                 const SuiteScore& score = pane.smoke->score;
                 return Measured(Value{static_cast<double>(score.passed) / score.scored, false});
               }},
};

const GateMetric* find_metric(std::string_view name) {
  for (const GateMetric& metric : kMetrics)
    if (metric.name == name) return &metric;
  return nullptr;
}

std::string known_metrics() {
  std::string out;
  for (const GateMetric& metric : kMetrics) out += (out.empty() ? "" : ", ") + std::string(metric.name);
  return out;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

GateRule rule_of(std::string_view text) {
  const auto wrong = [&](const std::string& what) {
    return Error(ErrorCode::E501, "--gate: \"" + printable(text, 60) + "\" " + what,
                 "for example --gate \"kld<0.03,tps>0.9x,smoke=all\"; known are " + known_metrics());
  };
  GateRule rule;
  rule.text = text;
  const std::size_t at = text.find_first_of("<>=");
  if (at == text.npos) throw wrong("has no <, > or =");
  rule.metric = trimmed(text.substr(0, at));
  if (find_metric(rule.metric) == nullptr) throw wrong("names no figure that is measured");
  if (text[at] == '=') {
    if (trimmed(text.substr(at + 1)) != "all" || (rule.metric != "smoke" && rule.metric != "expect"))
      throw wrong("has = with another word than smoke=all or expect=all");
    rule.less = false, rule.equal = true, rule.limit = 1;
    return rule;
  }
  rule.less = text[at] == '<';
  std::string_view rest = text.substr(at + 1);
  if (rest.starts_with('=')) rule.equal = true, rest.remove_prefix(1);
  rest = trimmed(rest);
  double scale = 1;
  if (rest.ends_with('x'))
    rule.relative = true, rest.remove_suffix(1);
  else if (rest.ends_with('%'))
    scale = 0.01, rest.remove_suffix(1);
  const std::string number(rest);
  char* end = nullptr;
  rule.limit = std::strtod(number.c_str(), &end) * scale;
  if (number.empty() || *end != '\0' || !std::isfinite(rule.limit))
    throw wrong("has no number to compare with");
  return rule;
}

bool holds(const GateRule& rule, double value, double limit) {
  if (rule.equal && value == limit) return true;
  return rule.less ? value < limit : value > limit;
}

/// What is wrong with a pane, or nothing.
std::string broken(const GateRule& rule, const Value& value, double limit) {
  if (!holds(rule, value.number, limit))
    return strf("is %s%.4g, wanted %s (%.4g)", value.bound ? "at least " : "", value.number,
                rule.text.c_str(), limit);
  if (value.bound && rule.less)
    return strf("is at least %.4g, which does not prove %s; use --mode interleave for the exact value",
                value.number, rule.text.c_str());
  return {};
}

}  // namespace

std::vector<GateRule> parse_gate(std::string_view text) {
  std::vector<GateRule> rules;
  for (const std::string& part : split_words(text, ',')) rules.push_back(rule_of(trimmed(part)));
  return rules;
}

std::vector<std::string> broken_rules(const std::vector<GateRule>& rules, const Comparison& comparison) {
  std::vector<std::string> out;
  const auto reference = static_cast<std::size_t>(comparison.settings.reference);
  const PaneTotals base = totals(comparison, reference);
  for (std::size_t i = 0; i < comparison.panes.size(); ++i) {
    if (i == reference) continue;
    const ComparePane& pane = comparison.panes[i];
    const PaneTotals own = totals(comparison, i);
    for (const GateRule& rule : rules) {
      const GateMetric& metric = *find_metric(rule.metric);
      const Measured value = metric.of(pane, own);
      const Measured unit =
          rule.relative ? metric.of(comparison.panes[reference], base) : Measured(Value{1, false});
      std::string what = "was not measured, wanted " + rule.text;
      if (rule.metric == "smoke") what += "; run glim eval --suite smoke -m " + pane.asked + " once";
      if (value && unit) what = broken(rule, *value, rule.limit * unit->number);
      if (!what.empty()) out.push_back(pane.label + ": " + rule.metric + " " + what);
    }
  }
  return out;
}

}  // namespace glim::app
