#include "app/compare/compare_text.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "app/compare/diff.h"
#include "app/compare/totals.h"
#include "engine/base/text.h"
#include "ui/numbers.h"
#include "ui/sanitize.h"
#include "ui/text_layout.h"

namespace glim::app {
namespace {

constexpr std::size_t kHeatWidth = 64;

std::string quoted(const std::optional<TokenChance>& token) {
  return token ? "\"" + printable(token->text, 40) + "\"" : "(end)";
}

std::string chance(const std::optional<TokenChance>& token) {
  return token ? small_number(token->probability) : "-";
}

std::string list_of(const std::vector<TokenChance>& top) {
  std::string out;
  for (std::size_t i = 0; i < std::min<std::size_t>(top.size(), 4); ++i)
    out +=
        (i == 0 ? "" : "  ") + ("\"" + printable(top[i].text, 40) + "\" " + small_number(top[i].probability));
  return out;
}

std::string rate_text(double rate) {
  return rate > 0 ? ui::rate(rate) + " t/s" : "- t/s";
}

std::string change(double value, double base) {
  return value > 0 && base > 0 ? strf(" (%+.0f%%)", 100 * (value / base - 1)) : std::string();
}

std::string ending(const CompareAnswer& answer) {
  if (answer.error)
    return strf("failed: %s: %s", error_name(answer.error->code),
                printable(answer.error->message, 500).c_str());
  if (answer.finish) return finish_name(*answer.finish);
  return answer_state_name(answer.state);
}

std::string numbers(const CompareAnswer& answer, const CompareAnswer& reference) {
  const GenerationStats& stats = answer.stats;
  std::string out = strf("%s, %zu tok", ending(answer).c_str(), answer.tokens.size());
  if (!answer.finish) return out;
  out += ", " + rate_text(stats.decode_device_rate());
  if (&answer != &reference) out += change(stats.decode_device_rate(), reference.stats.decode_device_rate());
  out += ", prompt " + rate_text(stats.prefill_device_rate());
  out += ", first token " + ui::duration(stats.first_token_seconds);
  if (answer.joules) out += strf(", %.3g J", *answer.joules);
  return out;
}

std::string answer_body(const CompareAnswer& answer) {
  std::string out;
  if (!answer.thinking.empty()) out += "<think>\n" + ui::sanitize(answer.thinking) + "\n</think>\n";
  out += ui::sanitize(answer.text);
  while (!out.empty() && out.back() == '\n') out.pop_back();
  return out.empty() ? out : out + "\n";
}

std::string graft_part(const Graft& graft) {
  if (graft.error) return "graft      " + printable(graft.error->message, 300) + "\n";
  const std::string where = graft.rejoined          ? "and it is the reference's answer again"
                            : graft.next_split >= 0 ? strf("leaves again at tok %d", graft.next_split + 1)
                                                    : std::string();
  return strf("graft      forced tok %d, %s\n", graft.index + 1, where.c_str()) + ui::sanitize(graft.text) +
         "\n";
}

/// How an answer differs from the reference's.
std::string differences_part(const CompareAnswer& answer, const CompareAnswer& reference) {
  std::string out;
  if (answer.drift) {
    out += "drift      " + drift_text(answer.drift->summary) + (answer.drift->complete ? "" : "  (partial)") +
           "\n";
    if (!answer.drift->rows.empty()) out += "heat       " + heat_line(*answer.drift, kHeatWidth) + "\n";
  }
  if (answer.same_as_reference) return out + "same text as the reference\n";
  if (!answer.split) return out;
  out += "first split " + split_text(*answer.split) + "\n";
  if (!answer.split->reference_top.empty()) {
    out += "  reference " + list_of(answer.split->reference_top) + "\n";
    out += "  pane      " + list_of(answer.split->pane_top) + "\n";
  }
  if (!answer.text.empty() && !reference.text.empty())
    out += "diff       " + ui::sanitize(marked_diff(reference.text, answer.text)) + "\n";
  if (answer.graft) out += graft_part(*answer.graft);
  return out;
}

struct Column {
  const char* heading;
  bool right;
  std::string (*cell)(const Comparison& comparison, std::size_t pane, const PaneTotals& totals);
};

std::string drift_cell(const Comparison& comparison, std::size_t pane, const PaneTotals& t) {
  if (static_cast<std::int32_t>(pane) == comparison.settings.reference) return "0 (ref)";
  if (!t.drift) return "-";
  return (t.drift->bound ? "≥" : "") + small_number(t.drift->mean_kld);
}

constexpr std::array kColumns = {
    Column{"pane", false,
           [](const Comparison& c, std::size_t i, const PaneTotals&) {
             return std::string(1, pane_letter(i)) + " " + printable(c.panes[i].label, 40);
           }},
    Column{"type", false,
           [](const Comparison& c, std::size_t i, const PaneTotals&) {
             return printable(c.panes[i].format, 20);
           }},
    Column{"file", true,
           [](const Comparison& c, std::size_t i, const PaneTotals&) {
             return ui::bytes_short(static_cast<std::int64_t>(c.panes[i].file_bytes));
           }},
    Column{"bpw", true,
           [](const Comparison& c, std::size_t i, const PaneTotals&) {
             return strf("%.2f", c.panes[i].bits_per_weight);
           }},
    Column{"kv", false,
           [](const Comparison& c, std::size_t i, const PaneTotals&) {
             return std::string(quant(c.panes[i].plan.kv_type).name);
           }},
    Column{"memory", true,
           [](const Comparison& c, std::size_t i, const PaneTotals&) {
             return ui::bytes_short(static_cast<std::int64_t>(c.panes[i].plan.total_bytes()));
           }},
    Column{"load", true,
           [](const Comparison& c, std::size_t i, const PaneTotals&) {
             return c.panes[i].load_seconds > 0 ? ui::duration(c.panes[i].load_seconds) : std::string("-");
           }},
    Column{"prompt t/s", true,
           [](const Comparison&, std::size_t, const PaneTotals& t) {
             return t.prompt_rate > 0 ? ui::rate(t.prompt_rate) : std::string("-");
           }},
    Column{"gen t/s", true,
           [](const Comparison&, std::size_t, const PaneTotals& t) {
             return t.generation_rate > 0 ? ui::rate(t.generation_rate) : std::string("-");
           }},
    Column{"ttft", true,
           [](const Comparison&, std::size_t, const PaneTotals& t) {
             return t.first_token_seconds > 0 ? ui::duration(t.first_token_seconds) : std::string("-");
           }},
    Column{"KLD nats", true, drift_cell},
    Column{"top-1", true,
           [](const Comparison&, std::size_t, const PaneTotals& t) {
             return t.drift ? strf("%.1f%%", 100 * t.drift->top1) : std::string("-");
           }},
    Column{"split", true,
           [](const Comparison&, std::size_t, const PaneTotals& t) {
             return t.earliest_split >= 0 ? strf("tok %d", t.earliest_split + 1) : std::string("-");
           }},
    Column{"expect", true,
           [](const Comparison&, std::size_t, const PaneTotals& t) {
             return t.expected > 0 ? strf("%d/%d", t.met, t.expected) : std::string("-");
           }},
};

std::string table(const Comparison& comparison) {
  std::vector<std::array<std::string, kColumns.size()>> rows(1);
  for (std::size_t c = 0; c < kColumns.size(); ++c) rows[0][c] = kColumns[c].heading;
  for (std::size_t i = 0; i < comparison.panes.size(); ++i) {
    const PaneTotals own = totals(comparison, i);
    rows.emplace_back();
    for (std::size_t c = 0; c < kColumns.size(); ++c) rows.back()[c] = kColumns[c].cell(comparison, i, own);
  }
  std::string out;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t c = 0; c < kColumns.size(); ++c) {
      int width = 0;
      for (const auto& other : rows) width = std::max(width, ui::display_width(other[c]));
      const std::string blanks(static_cast<std::size_t>(width - ui::display_width(row[c])), ' ');
      line += (c == 0 ? "" : "  ") + (kColumns[c].right ? blanks + row[c] : row[c] + blanks);
    }
    while (!line.empty() && line.back() == ' ') line.pop_back();
    out += line + "\n";
  }
  return out;
}

}  // namespace

char pane_letter(std::size_t pane) {
  return static_cast<char>('A' + pane);
}

std::string small_number(double value) {
  if (value == 0) return "0";
  if (value >= 9.995) return strf("%.1f", value);
  if (value >= 0.9995) return strf("%.2f", value);
  std::string text = strf(value < 0.0995 ? "%.4f" : "%.3f", value);
  if (value < 0.00005) text = strf("%.1e", value);
  return text.front() == '0' && text[1] == '.' ? text.substr(1) : text;
}

std::string heat_line(const PaneDrift& drift, std::size_t width) {
  constexpr std::array<const char*, 8> bars = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  constexpr std::array bounds = {0.002, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5};
  const std::size_t cells = std::min(width, drift.rows.size());
  std::string out;
  for (std::size_t cell = 0; cell < cells; ++cell) {
    const std::size_t first = cell * drift.rows.size() / cells, last = (cell + 1) * drift.rows.size() / cells;
    double worst = 0;
    for (std::size_t i = first; i < last; ++i) worst = std::max(worst, drift.rows[i].kld);
    const auto level = std::upper_bound(bounds.begin(), bounds.end(), worst) - bounds.begin();
    out += bars[static_cast<std::size_t>(level)];
  }
  return out;
}

std::string drift_text(const DriftSummary& drift) {
  if (drift.tokens == 0) return "nothing to score";
  std::string out = strf("KLD %s%s  top-1 %.1f%%", drift.bound ? "≥ " : "",
                         small_number(drift.mean_kld).c_str(), 100 * drift.top1);
  if (drift.worst_token >= 0)
    out += strf("  worst tok %d (%s)", drift.worst_token + 1, small_number(drift.largest_kld).c_str());
  return out +
         strf("  rank %d  ΔPPL %+.1f%%", drift.largest_rank, 100 * std::expm1(-drift.mean_delta_logprob));
}

std::string split_text(const FirstSplit& split) {
  return strf("tok %d %s/%s p %s/%s", split.index + 1, quoted(split.reference).c_str(),
              quoted(split.pane).c_str(), chance(split.reference).c_str(), chance(split.pane).c_str());
}

std::string prompt_text(const Comparison& comparison, std::size_t index) {
  const ComparePrompt& prompt = comparison.prompts[index];
  const auto reference = static_cast<std::size_t>(comparison.settings.reference);
  std::string out = strf("== prompt %zu of %zu", index + 1, comparison.prompts.size());
  if (prompt.id != std::to_string(index + 1)) out += " (" + printable(prompt.id, 60) + ")";
  out += ": " + ui::sanitize(prompt.text) + "\n";
  if (!prompt.token_mismatch.empty()) out += "note: " + printable(prompt.token_mismatch) + "\n";
  for (std::size_t i = 0; i < prompt.answers.size(); ++i) {
    const CompareAnswer& answer = prompt.answers[i];
    out += strf("\n-- [%c] %s%s: ", pane_letter(i), printable(comparison.panes[i].label, 60).c_str(),
                i == reference ? " (reference)" : "");
    out += numbers(answer, prompt.answers[reference]) + "\n" + answer_body(answer);
    if (answer.expected)
      out += *answer.expected ? "expected   yes\n"
                              : "expected   no, it " + printable(answer.expected_why) + "\n";
    if (i != reference) out += differences_part(answer, prompt.answers[reference]);
  }
  return out + "\n";
}

std::string summary_text(const Comparison& comparison) {
  const CompareSettings& settings = comparison.settings;
  std::string out = table(comparison) + "\n";
  out += strf("%s (%s), %s, seed %llu; rates over exclusive device time\n", compare_mode_name(settings.mode),
              settings.mode_reason.c_str(),
              settings.greedy ? "greedy" : strf("temperature %g", settings.temperature).c_str(),
              static_cast<unsigned long long>(settings.seed));
  for (std::size_t i = 0; i < comparison.panes.size(); ++i) {
    const ComparePane& pane = comparison.panes[i];
    if (pane.shares_weights_with)
      out += strf("%c shares the weights of %c\n", pane_letter(i),
                  pane_letter(static_cast<std::size_t>(*pane.shares_weights_with)));
    if (!pane.error) continue;
    out += strf("%c %s failed: %s: %s\n", pane_letter(i), printable(pane.label, 60).c_str(),
                error_name(pane.error->code), printable(pane.error->message, 500).c_str());
    if (!pane.error->help.empty()) out += "  help: " + printable(pane.error->help, 300) + "\n";
  }
  for (const std::string& note : comparison.notes) out += "note: " + printable(note, 400) + "\n";
  if (comparison.phase == ComparePhase::stopped)
    out += "partial: it was stopped before everything was done\n";
  return out;
}

std::string progress_text(const Comparison& comparison) {
  std::size_t done = 0, all = 0;
  for (const ComparePrompt& prompt : comparison.prompts) {
    for (const CompareAnswer& answer : prompt.answers) {
      ++all;
      done += answer.state != AnswerState::waiting && answer.state != AnswerState::running ? 1 : 0;
    }
  }
  std::string out = strf("%zu/%zu answers", done, all);
  for (std::size_t i = 0; i < comparison.panes.size(); ++i) {
    const ComparePane& pane = comparison.panes[i];
    if (pane.state == PaneState::waiting || pane.state == PaneState::ready || pane.state == PaneState::failed)
      continue;
    out += strf(", %c %s", pane_letter(i), pane_state_name(pane.state));
    if (pane.progress.what.empty()) continue;
    out += " " + printable(pane.progress.what, 40);
    if (pane.progress.total > 0)
      out += strf(" %.0f%%",
                  100 * static_cast<double>(pane.progress.done) / static_cast<double>(pane.progress.total));
  }
  return out;
}

}  // namespace glim::app
