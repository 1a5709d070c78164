#include "app/report/verdict.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>

#include "app/report/changes.h"
#include "engine/base/text.h"

namespace glim::app::report {
namespace {

/// Beyond it the choice of words changes often enough to be seen.
constexpr double kSmallDrift = 0.05;
constexpr double kHeadroom = 0.9;

struct Closeness {
  double below;
  const char* words;
};
constexpr std::array kCloseness = {Closeness{0.01, "hardly to be told from"},
                                   Closeness{kSmallDrift, "close to"},
                                   Closeness{0.2, "visibly different from"}, Closeness{HUGE_VAL, "far from"}};

bool counts(const Figure& figure) {
  return figure.kind == FigureKind::measured || figure.kind == FigureKind::planned;
}

/// Larger is better.
double merit(const Figure& figure, Better better) {
  return better == Better::lower ? -figure.value : figure.value;
}

bool is_reference(const Report& report, std::size_t row) {
  return report.reference && *report.reference == row;
}

std::string tokens_text(std::int64_t context) {
  return strf("%lld tokens", static_cast<long long>(context));
}

/// How a use case chooses.
struct Rule {
  std::string use, words;
  std::function<const Figure&(const Row&)> figure;
  Better better;
  std::function<bool(std::size_t row)> candidate = [](std::size_t) { return true; };
};

/// Two figures whose difference is within their joint spread.
bool same_within_spread(const Figure& a, const Figure& b) {
  if (!a.spread || !b.spread) return a.value == b.value;
  return std::fabs(a.value - b.value) <= std::hypot(*a.spread, *b.spread);
}

void choose(const Report& report, const Rule& rule, std::vector<Winner>& out) {
  std::vector<std::size_t> candidates;
  for (std::size_t i = 0; i < report.rows.size(); ++i)
    if (counts(rule.figure(report.rows[i])) && rule.candidate(i)) candidates.push_back(i);
  // A choice among one says nothing.
  if (report.rows.size() < 2 || candidates.empty()) return;
  const std::size_t best =
      *std::max_element(candidates.begin(), candidates.end(), [&](std::size_t a, std::size_t b) {
        return merit(rule.figure(report.rows[a]), rule.better) <
               merit(rule.figure(report.rows[b]), rule.better);
      });
  const Figure& figure = rule.figure(report.rows[best]);
  Winner winner{rule.use, best, figure_in_words(figure, figure.unit == Unit::bytes), rule.words, {}};
  for (const std::size_t i : candidates)
    if (i != best && same_within_spread(rule.figure(report.rows[i]), figure))
      winner.remark += (winner.remark.empty() ? "within the spread: " : ", ") + report.rows[i].identity.name;
  out.push_back(std::move(winner));
}

bool close_enough(const Report& report, std::size_t row) {
  const Figure& kld = report.rows[row][Metric::kld];
  return is_reference(report, row) || (counts(kld) && kld.value <= kSmallDrift);
}

std::function<const Figure&(const Row&)> of(Metric metric) {
  return [metric](const Row& row) -> const Figure& { return row[metric]; };
}

/// The best file for this device: closest to the reference or, where no quality is known, with the most bits.
Rule best_that_fits(const Report& report, std::size_t context) {
  const bool knows_quality = std::any_of(report.rows.begin(), report.rows.end(), [&](const Row& row) {
    return &row != &report.rows[report.reference.value_or(0)] && counts(row[Metric::kld]);
  });
  const std::string fits =
      " of those that fit with a tenth of the memory to spare at " + tokens_text(report.contexts[context]);
  Rule rule{"best for this device",
            knows_quality ? "lowest KL divergence" + fits
                          : "most bits per weight" + fits + "; quality was not measured",
            of(knows_quality ? Metric::kld : Metric::bits_per_weight),
            knows_quality ? Better::lower : Better::higher,
            {}};
  rule.candidate = [&report, context](std::size_t row) {
    const std::vector<MemoryAt>& memory = report.rows[row].memory;
    return context < memory.size() && fits_with_headroom(report, memory[context]);
  };
  return rule;
}

}  // namespace

std::vector<std::size_t> pareto_front(const Report& report, Metric a, Metric b) {
  const Better better_a = metric_info(a).better, better_b = metric_info(b).better;
  if (better_a == Better::none || better_b == Better::none) return {};
  struct Point {
    std::size_t row;
    double x, y;
  };
  std::vector<Point> points;
  for (std::size_t i = 0; i < report.rows.size(); ++i) {
    const Row& row = report.rows[i];
    if (counts(row[a]) && counts(row[b]))
      points.push_back({i, merit(row[a], better_a), merit(row[b], better_b)});
  }
  std::stable_sort(points.begin(), points.end(),
                   [](const Point& p, const Point& q) { return p.x != q.x ? p.x > q.x : p.y > q.y; });
  std::vector<std::size_t> out;
  double best = -HUGE_VAL;
  for (const Point& point : points)
    if (point.y > best) best = point.y, out.push_back(point.row);
  return out;
}

bool fits_with_headroom(const Report& report, const MemoryAt& memory) {
  return memory.total.present() && report.available_bytes > 0 &&
         memory.total.value <= kHeadroom * static_cast<double>(report.available_bytes);
}

std::vector<Winner> winners(const Report& report) {
  std::vector<Winner> out;
  const auto add = [&](const Rule& rule) { choose(report, rule, out); };
  add({"fastest generation", "highest measured generation rate", of(Metric::generation_rate),
       Better::higher});
  add({"fastest prompt", "highest measured prompt rate", of(Metric::prompt_rate), Better::higher});
  add({"shortest answer", "lowest measured time for \"Count 1 to 5\" with 10 tokens, prompt not cached",
       of(Metric::latency_cold), Better::lower});
  const std::optional<std::size_t> context = largest_context(report);
  if (context) {
    const std::string at = tokens_text(report.contexts[*context]);
    add({"least memory", "lowest memory at a context of " + at,
         [context](const Row& row) -> const Figure& {
           static const Figure none = absent("");
           return *context < row.memory.size() ? row.memory[*context].total : none;
         },
         Better::lower});
  }
  add({"closest to the reference", "lowest mean KL divergence", of(Metric::kld), Better::lower,
       [&](std::size_t row) { return !is_reference(report, row); }});
  const bool knows_quality = std::any_of(
      out.begin(), out.end(), [](const Winner& winner) { return winner.use == "closest to the reference"; });
  if (knows_quality) {
    add({"balance of speed and quality",
         strf("highest generation rate of those with a mean KL divergence of at most %.2f nats", kSmallDrift),
         of(Metric::generation_rate), Better::higher,
         [&](std::size_t row) { return close_enough(report, row); }});
    add({"smallest good file",
         strf("smallest of those with a mean KL divergence of at most %.2f nats", kSmallDrift),
         of(Metric::file_size), Better::lower, [&](std::size_t row) { return close_enough(report, row); }});
  }
  if (context && report.available_bytes > 0) add(best_that_fits(report, *context));
  return out;
}

std::vector<std::string> row_sentences(const Report& report) {
  std::vector<std::string> out;
  if (!report.reference) return out;
  const Row& base = report.rows[*report.reference];
  for (std::size_t i = 0; i < report.rows.size(); ++i) {
    const Row& row = report.rows[i];
    const Figure& kld = row[Metric::kld];
    if (is_reference(report, i) || !counts(kld)) continue;
    const auto place = std::find_if(kCloseness.begin(), kCloseness.end(),
                                    [&](const Closeness& closeness) { return kld.value < closeness.below; });
    std::string line = strf("%s is %s %s here (KLD %s", row.identity.name.c_str(), place->words,
                            base.identity.name.c_str(), figure_text(kld, {}).c_str());
    if (const Figure& top = row[Metric::top1]; counts(top))
      line += strf(", %.1f %% same top token", 100 * top.value);
    line += ")";
    if (const auto size = change(row[Metric::file_size], base[Metric::file_size]))
      line += ": file " + change_text(*size);
    if (const auto speed = change(row[Metric::generation_rate], base[Metric::generation_rate]))
      line += strf(", generation %.2f times as fast", 1 + *speed);
    out.push_back(line + ".");
  }
  return out;
}

std::string sentence_rule() {
  std::string out = "In words, by mean KL divergence in nats:";
  for (const Closeness& closeness : kCloseness) {
    const bool last = std::isinf(closeness.below);
    out += strf("%s \"%s\"", &closeness == kCloseness.data() ? "" : ",", closeness.words);
    if (!last) out += strf(" below %.2f", closeness.below);
    if (last) out += " above";
  }
  return out + ".";
}

}  // namespace glim::app::report
