#include "app/compare/report_view.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <ctime>
#include <numeric>

#include "app/compare/compare_text.h"
#include "app/compare/totals.h"
#include "app/report/from_comparison.h"
#include "app/report/report_tables.h"
#include "engine/base/text.h"
#include "ui/numbers.h"
#include "ui/sanitize.h"

namespace glim::app {
namespace {

std::size_t reference_of(const Comparison& comparison) {
  return static_cast<std::size_t>(comparison.settings.reference);
}

/// One pane with its totals.
struct Entry {
  std::size_t index;
  const ComparePane& pane;
  PaneTotals totals;
};

struct Context {
  const Comparison& comparison;
  const ui::GlyphSet& glyphs;
  std::vector<Entry> entries;  ///< in the order of the report

  const Entry& reference() const {
    return *std::find_if(entries.begin(), entries.end(),
                         [&](const Entry& e) { return e.index == reference_of(comparison); });
  }
};

std::string name_of(const Entry& e) {
  return std::string(1, pane_letter(e.index)) + " " + ui::sanitize_line(e.pane.label);
}

std::uint64_t planned_bytes(const ComparePane& pane) {
  return pane.planned ? pane.plan.total_bytes() : 0;
}

std::string gib(std::uint64_t bytes) {
  if (bytes == 0) return {};
  const double value = static_cast<double>(bytes) / 0x1p30;
  return strf(value < 0.1 ? "%.3f" : value < 99.995 ? "%.2f" : "%.1f", value);
}

bool is_reference(const Context& c, const Entry& e) {
  return e.index == reference_of(c.comparison);
}

struct Column {
  const char* heading;
  int rank;
  std::string (*cell)(const Context& c, const Entry& e);
};

constexpr std::array kColumns = {
    Column{"file GiB", 3, [](const Context&, const Entry& e) { return gib(e.pane.file_bytes); }},
    Column{"bits/w", 6,
           [](const Context&, const Entry& e) {
             return e.pane.bits_per_weight > 0 ? strf("%.2f", e.pane.bits_per_weight) : "";
           }},
    Column{"gen t/s", 1,
           [](const Context&, const Entry& e) {
             return e.totals.generation_rate > 0 ? ui::rate(e.totals.generation_rate) : "";
           }},
    Column{"pp t/s", 5,
           [](const Context&, const Entry& e) {
             return e.totals.prompt_rate > 0 ? ui::rate(e.totals.prompt_rate) : "";
           }},
    Column{"ttft p50", 8,
           [](const Context&, const Entry& e) {
             return e.totals.first_token_seconds > 0 ? ui::duration(e.totals.first_token_seconds) : "";
           }},
    Column{"load", 10,
           [](const Context&, const Entry& e) {
             return e.pane.load_seconds > 0 ? ui::duration(e.pane.load_seconds) : "";
           }},
    Column{"memory GiB", 4, [](const Context&, const Entry& e) { return gib(planned_bytes(e.pane)); }},
    Column{"KLD nats", 1,
           [](const Context& c, const Entry& e) {
             if (is_reference(c, e)) return std::string("0");
             if (!e.totals.drift) return std::string();
             return (e.totals.drift->bound ? std::string(c.glyphs.at_least) : std::string()) +
                    ui::nats(e.totals.drift->mean_kld);
           }},
    Column{"top-1", 2,
           [](const Context& c, const Entry& e) {
             if (is_reference(c, e)) return std::string("100%");
             return e.totals.drift ? ui::percent_fine(e.totals.drift->top1) : std::string();
           }},
    Column{"first split", 7,
           [](const Context& c, const Entry& e) {
             if (is_reference(c, e) || e.totals.answers == 0) return std::string();
             return e.totals.earliest_split >= 0 ? strf("tok %d", e.totals.earliest_split + 1) : "none";
           }},
    Column{"expected", 9,
           [](const Context&, const Entry& e) {
             return e.totals.expected > 0 ? strf("%d/%d", e.totals.met, e.totals.expected) : "";
           }},
    Column{"votes", 9,
           [](const Context& c, const Entry& e) {
             const VoteResults& votes = c.comparison.votes;
             if (votes.votes.empty() || e.index >= votes.ratings.size()) return std::string();
             const PaneRating& r = votes.ratings[e.index];
             return strf("%d-%d-%d", r.wins, r.losses, r.ties);
           }},
};

ui::ReportTable scorecard(const Context& c) {
  ui::ReportTable out;
  out.title = "QUANT SCORECARD";
  const Entry& reference = c.reference();
  out.detail = "reference: " + name_of(reference);
  if (c.comparison.settings.drift) {
    std::int64_t tokens = 0;
    for (const Entry& e : c.entries)
      if (e.totals.drift) tokens = std::max<std::int64_t>(tokens, e.totals.drift->tokens);
    out.detail += " (" + ui::tokens_long(tokens, c.glyphs) + " tokens scored)";
  }
  out.columns.push_back({"pane", true, 0});
  std::vector<const Column*> shown;
  for (const Column& column : kColumns) {
    const bool any = std::any_of(c.entries.begin(), c.entries.end(),
                                 [&](const Entry& e) { return !column.cell(c, e).empty(); });
    if (!any) continue;
    shown.push_back(&column);
    out.columns.push_back({column.heading, false, column.rank});
  }
  for (const Entry& e : c.entries) {
    ui::ReportTable::Row row;
    row.cells.push_back(name_of(e));
    for (const Column* column : shown) {
      std::string cell = column->cell(c, e);
      row.cells.push_back(cell.empty() ? std::string(c.glyphs.unknown) : std::move(cell));
    }
    if (e.pane.error) row.style = ui::Style::error;
    out.rows.push_back(std::move(row));
  }
  const std::int32_t answers = c.reference().totals.answers;
  out.notes.push_back("speeds: tokens over exclusive device time " + std::string(c.glyphs.dot) +
                      strf(answers == 1 ? " %d answer " : " %d answers ", answers) +
                      std::string(c.glyphs.dot) + " memory: planned, weights with KV cache and work space");
  if (!c.comparison.votes.votes.empty())
    out.notes.push_back("votes: win-loss-tie" +
                        std::string(c.comparison.votes.too_few ? ", too few for a rating" : ""));
  for (const Entry& e : c.entries)
    if (e.pane.error) out.notes.push_back(name_of(e) + ": " + ui::sanitize_line(e.pane.error->message));
  return out;
}

void add_plot(const Context& c, ui::ReportScreen& screen) {
  screen.plot.x_label = "gen t/s";
  screen.plot.y_label = "KLD";
  for (const Entry& e : c.entries) {
    if (e.totals.generation_rate <= 0 || (!is_reference(c, e) && !e.totals.drift)) continue;
    const double kld = is_reference(c, e) ? 0 : e.totals.drift->mean_kld;
    screen.plot.points.push_back({e.totals.generation_rate, kld, std::string(1, pane_letter(e.index)),
                                  is_reference(c, e) ? ui::Style::status_good : ui::Style::accent});
  }
  if (screen.plot.points.size() >= 2) return;
  screen.plot.points.clear();
  screen.plot_missing = "no plot: it needs the speed of two panes and their drift from the reference";
}

ui::ReportTable memory_table(const Context& c) {
  constexpr std::array<std::int64_t, 6> kContexts = {8192, 16384, 32768, 65536, 131072, 202752};
  ui::ReportTable out;
  out.title = "memory at context";
  std::int64_t trained = 0;
  for (const Entry& e : c.entries) trained = std::max<std::int64_t>(trained, e.pane.plan.trained_ctx);
  out.columns.push_back({"GiB", true, 0});
  std::vector<std::int64_t> contexts;
  for (const std::int64_t context : kContexts)
    if (context <= trained) contexts.push_back(context);
  if (contexts.empty() && trained > 0) contexts = {trained};
  for (std::size_t i = 0; i < contexts.size(); ++i)
    out.columns.push_back({contexts[i] % 1024 == 0 ? strf("%lldk", static_cast<long long>(contexts[i] / 1024))
                                                   : ui::tokens_short(contexts[i]),
                           false, static_cast<int>(1 + i)});
  for (const Entry& e : c.entries) {
    if (!e.pane.planned) continue;
    ui::ReportTable::Row row;
    row.cells.push_back(name_of(e) + " " + std::string(quant(e.pane.plan.kv_type).name));
    for (const std::int64_t context : contexts) {
      const Plan& plan = e.pane.plan;
      row.cells.push_back(gib(plan.weight_bytes + plan.scratch_bytes +
                              plan.kv_token_bytes * static_cast<std::uint64_t>(context)));
    }
    out.rows.push_back(std::move(row));
  }
  std::uint64_t available = 0;
  for (const Entry& e : c.entries) available = std::max(available, e.pane.plan.available_bytes);
  if (available > 0)
    out.notes.push_back("planned; available here: " + ui::bytes_long(static_cast<std::int64_t>(available)));
  return out;
}

/// The text around a token of the reference's answer, with a sign in its place.
std::string surroundings(const CompareAnswer& answer, std::size_t token, const ui::GlyphSet& g) {
  constexpr std::size_t kAround = 5;
  std::string before, after;
  for (std::size_t i = token < kAround ? 0 : token - kAround; i < token; ++i) before += answer.tokens[i].text;
  for (std::size_t i = token + 1; i < std::min(token + 1 + kAround, answer.tokens.size()); ++i)
    after += answer.tokens[i].text;
  before = ui::sanitize_line(before), after = ui::sanitize_line(after);
  while (before.ends_with(' ')) before.pop_back();
  while (after.starts_with(' ')) after.erase(0, 1);
  return before + " " + std::string(g.full) + " " + after;
}

ui::ReportTable differences(const Context& c, int selected) {
  ui::ReportTable out;
  out.title = "where they differ (worst tokens of the reference's answers)";
  const std::size_t reference = reference_of(c.comparison);
  out.columns = {{"prompt", true, 0},
                 {"token", false, 1},
                 {"context", true, 0},
                 {std::string(1, pane_letter(reference)), true, 1}};
  std::vector<std::size_t> panes;
  for (std::size_t i = 0; i < c.comparison.panes.size(); ++i)
    if (i != reference) panes.push_back(i);
  for (std::size_t k = 0; k < panes.size(); ++k)
    out.columns.push_back({strf("KLD %c", pane_letter(panes[k])), false, static_cast<int>(2 + k)});
  for (const WorstToken& worst : worst_tokens(c.comparison, kWorstTokens)) {
    const ComparePrompt& prompt = c.comparison.prompts[static_cast<std::size_t>(worst.prompt)];
    const CompareAnswer& answer = prompt.answers[reference];
    ui::ReportTable::Row row;
    row.cells = {ui::sanitize_line(prompt.id), strf("%zu", worst.token + 1),
                 surroundings(answer, worst.token, c.glyphs),
                 ui::sanitize_line(answer.tokens[worst.token].text)};
    for (const std::size_t pane : panes) {
      const auto& drift = prompt.answers[pane].drift;
      const bool known = drift && worst.token < drift->rows.size();
      row.cells.push_back(known ? ui::nats(drift->rows[worst.token].kld) : std::string(c.glyphs.unknown));
    }
    out.rows.push_back(std::move(row));
  }
  out.selected = std::clamp(selected, 0, std::max(0, static_cast<int>(out.rows.size()) - 1));
  return out;
}

void order(Context& c, ReportOrder by) {
  const auto key = [&](const Entry& e) -> double {
    switch (by) {
      case ReportOrder::panes:
        break;
      case ReportOrder::size:
        return -static_cast<double>(e.pane.file_bytes);
      case ReportOrder::speed:
        return -e.totals.generation_rate;
      case ReportOrder::drift:
        return is_reference(c, e) ? -1 : e.totals.drift ? e.totals.drift->mean_kld : HUGE_VAL;
    }
    return static_cast<double>(e.index);
  };
  std::vector<std::pair<double, std::size_t>> keys;
  for (const Entry& e : c.entries) keys.emplace_back(key(e), e.index);
  std::sort(keys.begin(), keys.end());
  std::vector<Entry> sorted;
  for (const auto& [value, index] : keys)
    sorted.push_back({index, c.comparison.panes[index], totals(c.comparison, index)});
  c.entries.swap(sorted);
}

std::string date_of(std::int64_t seconds) {
  const auto time = static_cast<std::time_t>(seconds);
  std::tm local = {};
  char text[32];
  if (seconds <= 0 || ::localtime_r(&time, &local) == nullptr ||
      std::strftime(text, sizeof text, "%Y-%m-%d %H:%M", &local) == 0)
    return {};
  return text;
}

}  // namespace

const char* report_order_name(ReportOrder order) {
  constexpr std::array<const char*, kReportOrders> kNames = {"pane", "size", "speed", "KLD"};
  return kNames[static_cast<std::size_t>(order)];
}

std::vector<WorstToken> worst_tokens(const Comparison& comparison, std::size_t most) {
  std::vector<WorstToken> out;
  const std::size_t reference = reference_of(comparison);
  for (std::size_t p = 0; p < comparison.prompts.size(); ++p) {
    const ComparePrompt& prompt = comparison.prompts[p];
    std::vector<double> worst(prompt.answers[reference].tokens.size(), 0);
    for (const CompareAnswer& answer : prompt.answers) {
      if (!answer.drift) continue;
      for (std::size_t t = 0; t < std::min(worst.size(), answer.drift->rows.size()); ++t)
        worst[t] = std::max(worst[t], answer.drift->rows[t].kld);
    }
    for (std::size_t t = 0; t < worst.size(); ++t)
      if (worst[t] > 0) out.push_back({static_cast<std::int32_t>(p), t, worst[t]});
  }
  std::stable_sort(out.begin(), out.end(),
                   [](const WorstToken& a, const WorstToken& b) { return a.kld > b.kld; });
  if (out.size() > most) out.resize(most);
  return out;
}

ui::ReportScreen report_screen(const Comparison& comparison, const ReportViewState& state,
                               const ui::GlyphSet& glyphs) {
  Context c{comparison, glyphs, {}};
  for (std::size_t i = 0; i < comparison.panes.size(); ++i)
    c.entries.push_back({i, comparison.panes[i], totals(comparison, i)});
  if (state.order != ReportOrder::panes) order(c, state.order);
  ui::ReportScreen out;
  out.glyphs = &glyphs;
  if (!comparison.set_name.empty()) out.facts.push_back("set " + ui::sanitize_line(comparison.set_name));
  out.facts.push_back(
      strf(comparison.prompts.size() == 1 ? "%zu prompt" : "%zu prompts", comparison.prompts.size()));
  out.facts.emplace_back(comparison.settings.greedy ? "greedy" : "sampled");
  out.facts.push_back(compare_mode_name(comparison.settings.mode));
  if (const std::string date = date_of(comparison.started_at); !date.empty()) out.facts.push_back(date);
  const bool going_on =
      comparison.phase == ComparePhase::running || comparison.phase == ComparePhase::planning;
  if (going_on) out.warnings.emplace_back("partial: answers are still being written");
  if (comparison.phase == ComparePhase::stopped) out.warnings.emplace_back("partial: it was stopped");
  for (const std::string& note : comparison.notes) out.warnings.push_back(ui::sanitize_line(note));
  out.scorecard = scorecard(c);
  add_plot(c, out);
  out.memory = memory_table(c);
  out.differences = differences(c, state.selected);
  for (const std::string& line : report::verdict_lines(report::report_of(comparison)))
    out.verdict.push_back(ui::sanitize_line(line));
  out.first = state.first;
  out.message = state.message;
  out.message_is_error = state.message_is_error;
  out.hints = {{"Esc", "back"},
               {std::string(glyphs.up) + std::string(glyphs.down), "token"},
               {"Enter", "open its prompt"},
               {"PgDn", "scroll"},
               {"s", std::string("sort: ") + report_order_name(state.order)},
               {"y", "copy table"},
               {"e", "export md csv json html"}};
  return out;
}

}  // namespace glim::app
