#include <cmath>

#include "app/report/html_text.h"
#include "app/report/plots.h"
#include "app/report/report_tables.h"
#include "app/report/table.h"
#include "app/report/writers.h"
#include "engine/base/text.h"
#include "engine/base/utf8.h"

namespace glim::app::report {
namespace {

constexpr std::string_view kStyle = R"css(
:root { color-scheme: light dark; --bg:#fff; --ink:#1b1f24; --soft:#59636e; --line:#d8dee4; --card:#f6f8fa;
  --warn:#9a3412; --warn-bg:#fff1e7; --s0:#0b62c4; --s1:#c2410c; --s2:#15803d; --s3:#7e22ce; --s4:#0e7490; --s5:#a16207;
  --h1:#ffe9a8; --h2:#ffc27a; --h3:#ff8f80; --m0:#0b62c4; --m1:#4f93e0; --m2:#85b6ec; --m3:#b3d3f5; --m4:#d6e7fa; }
@media (prefers-color-scheme: dark) { :root { --bg:#0f1319; --ink:#e4e9ef; --soft:#98a3af; --line:#2c343e; --card:#171d25;
  --warn:#ffb48a; --warn-bg:#3a2014; --s0:#6cb0ff; --s1:#ff9d6b; --s2:#5fd38a; --s3:#cd9bff; --s4:#5fd0e3; --s5:#e5c04d;
  --h1:#5b4a0d; --h2:#7d4a12; --h3:#8f2f28; --m0:#4a90e2; --m1:#3a71b3; --m2:#2f5a8d; --m3:#27476d; --m4:#213a56; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 24px 20px 60px; max-width: 1240px; background: var(--bg); color: var(--ink);
  font: 15px/1.5 system-ui, "DejaVu Sans", sans-serif; }
h1 { font-size: 24px; margin: 0 0 4px; } h2 { font-size: 18px; margin: 32px 0 6px; } h3 { font-size: 15px; margin: 20px 0 6px; }
p { margin: 6px 0; } .soft, .note { color: var(--soft); font-size: 13px; } .note { margin: 2px 0; }
.partial { background: var(--warn-bg); color: var(--warn); border-left: 4px solid var(--warn); padding: 8px 14px; margin: 14px 0; }
.scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: 6px; margin: 8px 0; }
table { border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums; width: 100%; }
th, td { padding: 4px 10px; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap; vertical-align: top; }
th { background: var(--card); font-weight: 600; vertical-align: bottom; } tr:last-child td { border-bottom: 0; }
th small { display: block; color: var(--soft); font-weight: 400; }
.left { text-align: left; } td.long { white-space: normal; min-width: 220px; }
td.estimated { color: var(--soft); font-style: italic; } td.absent { color: var(--soft); }
tbody tr:hover td { background: var(--card); }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 350px), 1fr)); gap: 16px; margin: 12px 0; }
.plots figure { margin: 0; border: 1px solid var(--line); border-radius: 6px; padding: 8px; } .plots .wide { grid-column: 1 / -1; }
svg { width: 100%; height: auto; display: block; } svg text { fill: var(--soft); font-size: 12px; paint-order: stroke; stroke: var(--bg); stroke-width: 3px; }
svg .head { fill: var(--ink); font-size: 14px; font-weight: 600; } svg .label { fill: var(--ink); }
.grid { stroke: var(--line); } .limit { stroke: var(--warn); stroke-width: 2; stroke-dasharray: 5 4; }
.front { fill: none; stroke: var(--soft); stroke-dasharray: 3 3; }
circle { stroke: var(--bg); stroke-width: 1; }
.s0 { fill: var(--s0); } .s1 { fill: var(--s1); } .s2 { fill: var(--s2); } .s3 { fill: var(--s3); } .s4 { fill: var(--s4); } .s5 { fill: var(--s5); }
circle.hollow { fill-opacity: .15; stroke: var(--soft); stroke-width: 1.5; }
.m0 { fill: var(--m0); } .m1 { fill: var(--m1); } .m2 { fill: var(--m2); } .m3 { fill: var(--m3); } .m4 { fill: var(--m4); }
.strip { background: var(--card); border-radius: 3px; } .strip .h0 { fill: var(--line); } .strip .h1 { fill: var(--h1); } .strip .h2 { fill: var(--h2); } .strip .h3 { fill: var(--h3); }
.text { white-space: pre-wrap; overflow-wrap: anywhere; background: var(--card); border-radius: 6px; padding: 8px 12px; margin: 6px 0;
  font: 13px/1.6 ui-monospace, "DejaVu Sans Mono", monospace; }
.text .h1 { background: var(--h1); } .text .h2 { background: var(--h2); text-decoration: underline dotted; } .text .h3 { background: var(--h3); text-decoration: underline; }
.heats { display: grid; grid-template-columns: max-content 1fr max-content; gap: 4px 12px; align-items: center; font-size: 13px; }
details { margin: 4px 0; } summary { cursor: pointer; }
)css";

std::string paragraph(const std::string& style, const std::string& text) {
  return "<p class=\"" + style + "\">" + html_line(text) + "</p>\n";
}

std::string cell_html(const Table::Column& column, const Table::Cell& cell) {
  constexpr std::size_t kLong = 48;
  std::string style = column.left ? "left" : "";
  if (cell.text.size() > kLong) style += " long";
  if (cell.kind == FigureKind::estimated || cell.kind == FigureKind::absent)
    style += " " + std::string(figure_kind_name(cell.kind));
  return "<td" + (style.empty() ? "" : " class=\"" + style + "\"") + ">" + html_line(cell.text) + "</td>";
}

std::string table_html(const Table& table) {
  if (table.empty()) return {};
  std::string out = "<section>\n<h2>" + html_line(table.title) + "</h2>\n";
  if (!table.lead.empty()) out += paragraph("soft", table.lead);
  out += "<div class=\"scroll\"><table>\n<thead><tr>";
  for (const Table::Column& column : table.columns) {
    out += std::string("<th") + (column.left ? " class=\"left\"" : "") + ">" + html_line(column.heading);
    if (!column.unit.empty()) out += "<small>" + html_line(column.unit) + "</small>";
    out += "</th>";
  }
  out += "</tr></thead>\n<tbody>\n";
  for (const auto& row : table.rows) {
    out += "<tr>";
    for (std::size_t i = 0; i < row.size(); ++i) out += cell_html(table.columns[i], row[i]);
    out += "</tr>\n";
  }
  out += "</tbody></table></div>\n";
  for (const std::string& note : table.notes) out += paragraph("note", note);
  return out + "</section>\n";
}

/// The reference's answer coloured by how far another row is from it. Tokens that end inside a character
/// are joined with the next one.
std::string heat_text(const std::vector<TokenHeat>& heat) {
  std::string out, text;
  double worst = 0;
  std::int32_t rank = 0;
  for (std::size_t i = 0; i < heat.size(); ++i) {
    text += heat[i].text;
    worst = std::max(worst, heat[i].kld);
    rank = std::max(rank, heat[i].rank);
    if (utf8_incomplete_tail(text) > 0 && i + 1 < heat.size()) continue;
    const int level = heat_level(worst);
    const std::string shown = html_text(text);
    out += level == 0 ? shown
                      : strf("<span class=\"h%d\" title=\"KLD %.3f, rank %d\">", level, worst, rank) + shown +
                            "</span>";
    text.clear();
    worst = 0, rank = 0;
  }
  return out;
}

std::string split_text(const Split& split) {
  const auto list = [](const std::vector<Alternative>& alternatives) {
    std::string out;
    for (const Alternative& one : alternatives) {
      out += (out.empty() ? "“" : ", “") + one.text + "”";
      if (one.probability) out += strf(" %.2f", *one.probability);
    }
    return out;
  };
  return strf("first split at token %lld: reference ", static_cast<long long>(split.token)) +
         list(split.reference) + "; here " + list(split.own);
}

std::string answer_html(const Row& row, const Answer& answer) {
  std::string summary = row.identity.name;
  if (!answer.stop.empty()) summary += " · " + answer.stop;
  if (!answer.token_ids.empty()) summary += strf(" · %zu tokens", answer.token_ids.size());
  if (answer.generation_rate.present()) summary += " · " + figure_in_words(answer.generation_rate);
  if (answer.same_as_reference) summary += " · same as the reference";
  if (answer.expected) summary += *answer.expected ? " · as expected" : " · not as expected";
  std::string out = "<details><summary>" + html_line(summary) + "</summary>\n";
  if (!answer.failure.empty()) out += paragraph("partial", answer.failure);
  if (!answer.expected_why.empty()) out += paragraph("soft", answer.expected_why);
  if (answer.split) out += paragraph("soft", split_text(*answer.split));
  if (!answer.thinking.empty())
    out += "<p class=\"soft\">thoughts</p><div class=\"text\">" + html_text(answer.thinking) + "</div>\n";
  if (!answer.text.empty()) out += "<div class=\"text\">" + html_text(answer.text) + "</div>\n";
  if (!answer.heat.empty())
    out +=
        "<p class=\"soft\">the reference's answer, marked where this row is far from it</p><div "
        "class=\"text\">" +
        heat_text(answer.heat) + "</div>\n";
  return out + "</details>\n";
}

std::string prompt_html(const Report& report, const PromptPart& prompt) {
  std::string out = "<h3>" + html_line(prompt.id) + "</h3>\n";
  if (!prompt.system.empty())
    out += "<details><summary>system prompt</summary><div class=\"text\">" + html_text(prompt.system) +
           "</div></details>\n";
  out += "<div class=\"text\">" + html_text(prompt.text) + "</div>\n";
  std::string strips;
  for (std::size_t i = 0; i < prompt.answers.size() && i < report.rows.size(); ++i) {
    const Answer& answer = prompt.answers[i];
    if (answer.heat.empty()) continue;
    strips += "<span>" + html_line(report.rows[i].identity.name) + "</span>" + heat_svg(answer.heat) +
              "<span>" + (answer.kld.present() ? "KLD " + html_line(figure_in_words(answer.kld)) : "") +
              "</span>\n";
  }
  if (!strips.empty()) out += "<div class=\"heats\">" + strips + "</div>\n";
  for (std::size_t i = 0; i < prompt.answers.size() && i < report.rows.size(); ++i)
    out += answer_html(report.rows[i], prompt.answers[i]);
  return out;
}

std::string plots_html(const Report& report) {
  std::string out;
  for (const Plot& plot : report_plots(report))
    out += std::string("<figure") + (plot.wide ? " class=\"wide\"" : "") + ">" + plot.svg + "</figure>\n";
  return out.empty() ? out : "<div class=\"plots\">\n" + out + "</div>\n";
}

std::string list_html(const std::vector<std::string>& lines) {
  std::string out;
  for (const std::string& line : lines) out += "<li>" + html_line(line) + "</li>\n";
  return out.empty() ? out : "<ul>\n" + out + "</ul>\n";
}

}  // namespace

std::string report_html(const Report& report) {
  std::string out =
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
      "'unsafe-inline'\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>";
  out += html_line(report.title) + "</title>\n<style>" + std::string(kStyle) + "</style>\n</head>\n<body>\n";
  out += "<h1>" + html_line(report.title) + "</h1>\n";
  if (const auto lines = partial_lines(report); !lines.empty()) {
    out += "<div class=\"partial\">";
    for (const std::string& line : lines) out += "<p>" + html_line(line) + "</p>";
    out += "</div>\n";
  }
  out += table_html(scorecard(report)) + plots_html(report) + table_html(verdict_table(report)) +
         list_html(verdict_lines(report));
  for (const Table& table : figure_tables(report)) out += table_html(table);
  for (const Table& table : change_tables(report)) out += table_html(table);
  out += table_html(difference_table(report));
  if (!report.prompts.empty()) {
    out += "<h2>Prompts and answers</h2>\n";
    for (const PromptPart& prompt : report.prompts) out += prompt_html(report, prompt);
  }
  if (!report.notes.empty()) out += "<h2>Notes</h2>\n" + list_html(report.notes);
  out += "<h2>Provenance</h2>\n<div class=\"scroll\"><table><tbody>\n";
  for (const auto& [what, value] : report.provenance)
    out += "<tr><td class=\"left\">" + html_line(what) + "</td><td class=\"left long\">" + html_line(value) +
           "</td></tr>\n";
  return out + "</tbody></table></div>\n</body>\n</html>\n";
}

}  // namespace glim::app::report
