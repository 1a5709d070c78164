#include "ui/compare_pane.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "engine/base/text.h"
#include "ui/header.h"
#include "ui/numbers.h"
#include "ui/text_layout.h"

namespace glim::ui {
namespace {

using Facts = std::vector<Spans>;

Spans plain(std::string text, Ink ink = Style::status) {
  if (text.empty()) return {};
  return {{std::move(text), ink}};
}

std::string sign_of(RunState state, const GlyphSet& g) {
  constexpr std::array kSigns = {&GlyphSet::idle,     &GlyphSet::prefilling, &GlyphSet::generating,
                                 &GlyphSet::loading,  &GlyphSet::stopped,    &GlyphSet::failed,
                                 &GlyphSet::suspended};
  return std::string(g.*kSigns[static_cast<std::size_t>(state)]);
}

std::string kld_text(const DriftData& d, const GlyphSet& g) {
  return "KLD " + std::string(d.bound ? g.at_least : std::string_view()) + nats(d.kld);
}

Ink kld_ink(double kld) {
  return kld >= kHeatMost ? Style::status_bad : kld >= kHeatHigh ? Style::status_warn : Style::status;
}

std::string rate_text(const CostData& c, const char* unit, const GlyphSet& g) {
  if (c.gen_rate) return rate(*c.gen_rate) + unit;
  return c.gen_pending ? std::string(g.ellipsis) + unit : std::string();
}

std::string ratio_text(const std::optional<double>& ratio, const GlyphSet& g) {
  return ratio ? change(*ratio, g) : std::string();
}

std::string with_unit(const char* name, const std::optional<double>& value, std::string (*format)(double)) {
  return value ? name + format(*value) : std::string();
}

std::string joules_per_token(const CostData& c, const char* unit) {
  return c.joules && c.tokens > 0 ? strf("%.2f%s", *c.joules / static_cast<double>(c.tokens), unit)
                                  : std::string();
}

std::string token_count(const DriftData& d) {
  return strf("%lld", static_cast<long long>(*d.worst_token));
}

/// Without numbers: why.
Facts drift_words(const DriftData& d) {
  switch (d.state) {
    case DriftData::State::none:
      return {plain(d.note, Style::dim)};
    case DriftData::State::reference:
      return {plain(d.note.empty() ? "reference" : d.note, Style::dim)};
    case DriftData::State::waiting:
      return {plain("drift: when the reference has answered", Style::dim)};
    case DriftData::State::scoring:
    case DriftData::State::known:
      break;
  }
  return {};
}

Facts drift_facts(const DriftData& d, bool wide, const GlyphSet& g) {
  if (d.per_token.empty()) {
    if (d.state == DriftData::State::scoring) return {plain("scoring" + std::string(g.ellipsis), Style::dim)};
    return drift_words(d);
  }
  Facts out = {plain(kld_text(d, g), kld_ink(d.kld)), plain("top-1 " + percent_fine(d.top1))};
  if (d.worst_token) {
    std::string worst = (wide ? "worst tok " : "worst ") + token_count(d);
    if (wide) worst += " (" + nats(d.worst_kld) + ")";
    out.push_back(plain(std::move(worst)));
  }
  if (d.worst_rank > 1) out.push_back(plain(strf("rank %lld", static_cast<long long>(d.worst_rank))));
  if (d.perplexity_change)
    out.push_back(plain(std::string(g.delta) + "PPL " + change(*d.perplexity_change, g)));
  if (d.state == DriftData::State::scoring)
    out.push_back(plain(strf("%zu/%lld", d.per_token.size(), static_cast<long long>(d.tokens)), Style::dim));
  return out;
}

Facts short_cost(const CostData& c, const GlyphSet& g) {
  return {plain(rate_text(c, "t/s", g)),
          plain(with_unit("ttft ", c.ttft, duration)),
          plain(c.tokens > 0 ? tokens_short(c.tokens) + "t" : ""),
          plain(c.weights > 0 ? bytes_short(c.weights + c.kv) : ""),
          plain(joules_per_token(c, "J")),
          plain(ratio_text(c.rate_ratio, g), Style::accent)};
}

/// Draws facts from the left and, when there is room, one at the right end.
struct Row {
  Facts facts;
  Spans right = {};
};

void draw_row(Canvas& canvas, const Rect& at, const Row& row, std::string_view separator) {
  if (at.empty()) return;
  const int end = at.col + at.width, right = display_width(row.right);
  const int room = at.width - 1 - (right > 0 ? right + 1 : 0);
  const int col = canvas.put({at.row, at.col + 1}, fact_line(row.facts, room, separator), end);
  canvas.put_right({at.row, col + 1}, row.right, end);
}

std::vector<Row> block_cost(const CostData& c, const GlyphSet& g) {
  const auto bytes = [](const char* name, std::int64_t n) {
    return plain(n > 0 ? name + bytes_long(n) : std::string());
  };
  return {{{plain(rate_text(c, " t/s", g)), plain(with_unit("pp ", c.prefill_rate, rate)),
            plain(with_unit("ttft ", c.ttft, duration))},
           plain(ratio_text(c.rate_ratio, g), Style::accent)},
          {{plain(c.tokens > 0 ? tokens_short(c.tokens) + " tok" : ""), plain(joules_per_token(c, " J/tok")),
            plain(c.joules ? strf("%.3g J", *c.joules) : "")},
           plain(ratio_text(c.energy_ratio, g), Style::accent)},
          {{bytes("weights ", c.weights), bytes("kv ", c.kv)},
           plain(ratio_text(c.memory_ratio, g), Style::accent)}};
}

std::vector<Row> tall_cost(const CostData& c, const GlyphSet& g) {
  const auto bytes = [](const char* name, std::int64_t n) {
    return n > 0 ? name + bytes_long(n) : std::string();
  };
  std::string kv = bytes("kv ", c.kv);
  if (!kv.empty() && !c.kv_type.empty()) kv += " (" + c.kv_type + ")";
  return {{{plain(c.gen_rate || c.gen_pending ? "gen " + rate_text(c, " t/s", g) : ""),
            plain(c.prefill_rate ? "pp " + rate(*c.prefill_rate) + " t/s" : ""),
            plain(with_unit("ttft ", c.ttft, duration))},
           plain(ratio_text(c.rate_ratio, g), Style::accent)},
          {{plain(with_unit("load ", c.load_seconds, duration)),
            plain(c.tokens > 0 ? tokens_short(c.tokens) + " tok" : ""), plain(joules_per_token(c, " J/tok")),
            plain(c.joules ? strf("%.3g J", *c.joules) : "")},
           plain(ratio_text(c.energy_ratio, g), Style::accent)},
          {{plain(bytes("weights ", c.weights)), plain(std::move(kv)), plain(bytes("peak ", c.peak))},
           plain(ratio_text(c.memory_ratio, g), Style::accent)},
          {{plain(c.ctx > 0 ? "ctx " + tokens_long(c.ctx, g) : ""), plain(c.device)}}};
}

/// Cuts an area from the top, row by row.
class Rows {
 public:
  explicit Rows(const Rect& area) : area_(area) {}
  Rect next() { return area_.line(row_++); }

 private:
  Rect area_;
  int row_ = 0;
};

void draw_block(Canvas& canvas, const Rect& area, const ComparePaneData& pane, bool tall, const GlyphSet& g) {
  Rows rows(area);
  draw_rule(canvas, rows.next(), g, plain("drift", Style::dim));
  const Rect bars = rows.next();
  if (!pane.drift.per_token.empty() && bars.width > 2)
    canvas.put({bars.row, bars.col + 1}, heat_line(pane.drift.per_token, bars.width - 2, g),
               bars.col + bars.width);
  draw_row(canvas, rows.next(), {drift_facts(pane.drift, true, g)}, "  ");
  if (tall)
    draw_rule(canvas, rows.next(), g, plain("speed and cost", Style::dim));
  else
    rows.next();
  for (const Row& row : tall ? tall_cost(pane.cost, g) : block_cost(pane.cost, g))
    draw_row(canvas, rows.next(), row, tall ? "   " : "  ");
}

void draw_lines(Canvas& canvas, const Rect& area, const ComparePaneData& pane, bool two, const GlyphSet& g) {
  Facts cost = short_cost(pane.cost, g), drift = drift_facts(pane.drift, false, g);
  if (two) {
    draw_row(canvas, area.line(0), {std::move(cost)}, " ");
    draw_row(canvas, area.line(1), {std::move(drift)}, "  ");
    return;
  }
  Facts both = {cost[0]};
  both.insert(both.end(), drift.begin(), drift.end());
  both.insert(both.end(), cost.begin() + 1, cost.end());
  draw_row(canvas, area.line(0), {std::move(both)}, " ");
}

}  // namespace

std::optional<Style> heat_style(double kld) {
  if (kld >= kHeatMost) return Style::heat_most;
  if (kld >= kHeatHigh) return Style::heat_high;
  return kld >= kHeatLow ? std::optional(Style::heat_low) : std::nullopt;
}

Spans heat_line(const std::vector<double>& values, int width, const GlyphSet& g) {
  const std::array<std::string_view, 8> bars = {g.spark1, g.spark2, g.spark3, g.spark4,
                                                g.spark5, g.spark6, g.spark7, g.spark8};
  // Two bars for each factor of about two and a half: the lowest is calm, the fifth where the heat is high.
  constexpr std::array kSteps = {0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5};
  Spans out;
  const std::size_t cells = std::min(values.size(), static_cast<std::size_t>(std::max(width, 0)));
  for (std::size_t i = 0; i < cells; ++i) {
    const std::size_t begin = i * values.size() / cells, end = (i + 1) * values.size() / cells;
    double most = 0;
    for (std::size_t k = begin; k < end; ++k) most = std::max(most, values[k]);
    const auto level =
        static_cast<std::size_t>(std::upper_bound(kSteps.begin(), kSteps.end(), most) - kSteps.begin());
    const Style style = most >= kHeatMost   ? Style::status_bad
                        : most >= kHeatHigh ? Style::status_warn
                                            : Style::meter;
    if (out.empty() || out.back().ink.style != style) out.push_back({"", style});
    out.back().text += bars[level];
  }
  return out;
}

int metrics_rows(MetricsSize size) {
  constexpr std::array kRows = {0, 1, 2, 7, 8};
  return kRows[static_cast<std::size_t>(size)];
}

void draw_metrics(Canvas& canvas, const Rect& area, const ComparePaneData& pane, MetricsSize size,
                  const GlyphSet& glyphs) {
  switch (size) {
    case MetricsSize::none:
      break;
    case MetricsSize::line:
    case MetricsSize::two_lines:
      draw_lines(canvas, area, pane, size == MetricsSize::two_lines, glyphs);
      break;
    case MetricsSize::block:
    case MetricsSize::tall:
      draw_block(canvas, area, pane, size == MetricsSize::tall, glyphs);
      break;
  }
}

void draw_smoke(Canvas& canvas, const Rect& area, const SmokeData& smoke, const GlyphSet& g) {
  Facts facts = {plain("smoke", Style::dim)};
  if (smoke.items.empty()) facts.push_back(plain(std::string(g.unknown) + " not run", Style::dim));
  for (const SmokeData::Item& item : smoke.items) {
    const bool good = item.mark == SmokeData::Mark::good, bad = item.mark == SmokeData::Mark::bad;
    const std::string_view sign = good ? g.check : bad ? g.failed : g.unknown;
    facts.push_back({{item.label + " ", Style::text},
                     {std::string(sign), good  ? Style::status_good
                                         : bad ? Style::status_bad
                                               : Style::dim}});
  }
  draw_row(canvas, area, {std::move(facts), plain(smoke.score)}, " ");
}

Spans pane_summary(const ComparePaneData& pane, char letter, int width, const GlyphSet& g) {
  std::string name(1, letter);
  if (width >= 24) name += " " + fit(pane.title, width / 3, g.ellipsis);
  Facts facts = {plain(name, Style::title)};
  facts[0].push_back(
      {" " + sign_of(pane.state, g), pane.state == RunState::failed ? Style::status_bad : Style::accent});
  facts.push_back(plain(rate_text(pane.cost, "t/s", g)));
  facts.push_back(plain(pane.split, Style::dim));
  const bool scored = !pane.drift.per_token.empty();
  if (scored) facts.push_back(plain(kld_text(pane.drift, g), kld_ink(pane.drift.kld)));
  if (pane.cost.tokens > 0) facts.push_back(plain(tokens_short(pane.cost.tokens) + "t"));
  if (scored) facts.push_back(plain("top-1 " + percent_fine(pane.drift.top1)));
  return fact_line(facts, width, "  ");
}

Spans pane_title(const ComparePaneData& pane, const std::string& letter, bool focused, int width,
                 const GlyphSet& g) {
  const Ink ink(Style::title, focused ? reverse : 0);
  Spans out = {{"[" + letter + "]", ink}};
  const std::string sign = pane.state == RunState::idle ? "" : " " + sign_of(pane.state, g);
  const int room = width - display_width(out) - display_width(sign) - 1;
  std::string text = pane.title;
  if (!pane.note.empty()) text += " " + std::string(g.dot) + " " + pane.note;
  if (!text.empty() && room > 0) out.push_back({" " + fit(text, room, g.ellipsis), Style::title});
  if (!sign.empty())
    out.push_back({sign, pane.state == RunState::failed ? Style::status_bad : Style::accent});
  return out;
}

}  // namespace glim::ui
