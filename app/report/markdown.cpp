#include "app/report/html_text.h"
#include "app/report/report_tables.h"
#include "app/report/table.h"
#include "app/report/verdict.h"
#include "app/report/writers.h"
#include "engine/base/text.h"
#include "ui/text_layout.h"

namespace glim::app::report {
namespace {

/// Text of a model in a block of its own; nothing in it can end the block.
std::string folded(const std::string& summary, const std::string& text) {
  return "<details><summary>" + html_line(summary) + "</summary>\n\n<pre>" + html_text(text) +
         "</pre>\n\n</details>\n\n";
}

std::string list(const std::vector<std::string>& lines) {
  std::string out;
  for (const std::string& line : lines) out += "- " + markdown_escaped(line) + "\n";
  return out.empty() ? out : out + "\n";
}

std::string answer_summary(const Row& row, const Answer& answer) {
  std::string out = row.identity.name;
  if (!answer.failure.empty()) return out + ": failed";
  if (answer.generation_rate.present()) out += ", " + figure_in_words(answer.generation_rate);
  if (answer.kld.present()) out += ", KLD " + figure_in_words(answer.kld);
  if (answer.same_as_reference) out += ", same as the reference";
  if (answer.split) out += strf(", first split at token %lld", static_cast<long long>(answer.split->token));
  if (answer.expected) out += *answer.expected ? ", as expected" : ", not as expected";
  return out;
}

std::string prompts(const Report& report) {
  if (report.prompts.empty()) return {};
  std::string out = "## Prompts and answers\n\n";
  for (const PromptPart& prompt : report.prompts) {
    out += "### " + markdown_escaped(prompt.id) + "\n\n";
    if (!prompt.system.empty()) out += folded("system prompt", prompt.system);
    out += folded("prompt", prompt.text);
    for (std::size_t i = 0; i < prompt.answers.size() && i < report.rows.size(); ++i) {
      const Answer& answer = prompt.answers[i];
      std::string text = answer.failure.empty() ? answer.text : answer.failure;
      if (!answer.thinking.empty()) text = "[thinks] " + answer.thinking + "\n\n" + text;
      if (!answer.expected_why.empty()) text += "\n\n[expected] " + answer.expected_why;
      out += folded(answer_summary(report.rows[i], answer), text);
    }
  }
  return out;
}

}  // namespace

std::string report_text(const Report& report, int width) {
  std::string out;
  const auto say = [&](const std::string& text) {
    for (const ui::Line& line : ui::wrap(printable(text, 4000), width)) out += ui::text_of(line) + "\n";
  };
  for (const std::string& line : partial_lines(report)) say("! " + line);
  if (!out.empty()) out += "\n";
  const auto add = [&](const std::string& part) {
    if (!part.empty()) out += part + "\n";
  };
  add(terminal_text(scorecard(report), width));
  if (report.contexts.size() > 1) add(terminal_text(memory_table(report), width));
  add(terminal_text(verdict_table(report), width));
  for (const std::string& line : verdict_lines(report)) say(line);
  for (const std::string& note : report.notes) say(note);
  return out;
}

std::string report_markdown(const Report& report) {
  std::string out = "# " + markdown_escaped(report.title) + "\n\n";
  if (const auto lines = partial_lines(report); !lines.empty()) {
    for (const std::string& line : lines) out += "> **" + markdown_escaped(line) + "**  \n";
    out += "\n";
  }
  out += markdown_text(scorecard(report));
  out += markdown_text(verdict_table(report));
  out += list(verdict_lines(report));
  for (const Table& table : figure_tables(report)) out += markdown_text(table);
  for (const Table& table : change_tables(report)) out += markdown_text(table);
  out += markdown_text(difference_table(report));
  out += prompts(report);
  if (!report.notes.empty()) out += "## Notes\n\n" + list(report.notes);
  out += "## Provenance\n\n| what | value |\n|---|---|\n";
  for (const auto& [what, value] : report.provenance)
    out += "| " + markdown_escaped(what) + " | " + markdown_escaped(value) + " |\n";
  return out;
}

}  // namespace glim::app::report
