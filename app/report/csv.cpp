#include <array>
#include <cmath>
#include <functional>

#include "app/report/writers.h"
#include "engine/base/text.h"

namespace glim::app::report {
namespace {

std::string quoted(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == text.npos) return text;
  std::string out = "\"";
  for (const char c : text) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + "\"";
}

std::string line_of(const std::vector<std::string>& cells) {
  std::string out;
  for (std::size_t i = 0; i < cells.size(); ++i) out += (i == 0 ? "" : ",") + quoted(cells[i]);
  return out + "\r\n";
}

std::string number(double value) {
  return std::isfinite(value) ? strf("%.10g", value) : std::string();
}

std::string number(const Figure& figure) {
  return figure.present() ? number(figure.value) : std::string();
}

std::string whole(std::int64_t value) {
  return strf("%lld", static_cast<long long>(value));
}

/// What a line about an answer is made of.
struct Place {
  const Report& report;
  const Row& row;
  const PromptPart& prompt;
  const Answer& answer;
};

struct AnswerColumn {
  std::string_view name;
  std::string (*cell)(const Place&);
};

std::string vote(const Place& at, std::int64_t VoteCount::*member) {
  return at.row.votes ? whole(*at.row.votes.*member) : std::string();
}

std::string provenance(const Report& report, std::string_view what) {
  for (const auto& [name, value] : report.provenance)
    if (name == what) return value;
  return {};
}

constexpr std::array kAnswerColumns = {
    AnswerColumn{"set", [](const Place& at) { return at.report.set_name; }},
    AnswerColumn{"prompt_id", [](const Place& at) { return at.prompt.id; }},
    AnswerColumn{"pane", [](const Place& at) { return whole(&at.row - at.report.rows.data() + 1); }},
    AnswerColumn{"profile", [](const Place& at) { return at.row.identity.name; }},
    AnswerColumn{"file_sha256", [](const Place& at) { return at.row.identity.hash; }},
    AnswerColumn{"quant", [](const Place& at) { return at.row.factors.quant; }},
    AnswerColumn{"bpw", [](const Place& at) { return number(at.row[Metric::bits_per_weight]); }},
    AnswerColumn{"seed", [](const Place& at) { return at.report.seed; }},
    AnswerColumn{"backend", [](const Place& at) { return at.row.factors.device; }},
    AnswerColumn{"device", [](const Place& at) { return provenance(at.report, "processor"); }},
    AnswerColumn{"build", [](const Place& at) { return provenance(at.report, "version"); }},
    AnswerColumn{"ctx", [](const Place& at) { return at.row.factors.context; }},
    AnswerColumn{"kv_type", [](const Place& at) { return at.row.factors.kv_type; }},
    AnswerColumn{"n_prompt", [](const Place& at) { return whole(at.answer.prompt_tokens); }},
    AnswerColumn{
        "n_gen",
        [](const Place& at) { return whole(static_cast<std::int64_t>(at.answer.token_ids.size())); }},
    AnswerColumn{"stop", [](const Place& at) { return at.answer.stop; }},
    AnswerColumn{"pp_tps", [](const Place& at) { return number(at.answer.prompt_rate); }},
    AnswerColumn{"gen_tps", [](const Place& at) { return number(at.answer.generation_rate); }},
    AnswerColumn{"ttft_ms",
                 [](const Place& at) {
                   const Figure& figure = at.answer.first_token;
                   return figure.present() ? number(figure.value * 1e3) : std::string();
                 }},
    AnswerColumn{"load_s", [](const Place& at) { return number(at.row[Metric::load]); }},
    AnswerColumn{"peak_bytes", [](const Place& at) { return number(at.row[Metric::peak_memory]); }},
    AnswerColumn{"joules", [](const Place& at) { return number(at.answer.joules); }},
    AnswerColumn{"kld", [](const Place& at) { return number(at.answer.kld); }},
    AnswerColumn{
        "kld_is_bound",
        [](const Place&
               at) { return std::string(!at.answer.kld.present() ? ""
                                        : at.answer.kld.at_least ? "1"
                                                                 : "0"); }},
    AnswerColumn{"top1", [](const Place& at) { return number(at.answer.top1); }},
    AnswerColumn{
        "first_split",
        [](const Place& at) { return at.answer.split ? whole(at.answer.split->token) : std::string(); }},
    AnswerColumn{
        "expect_ok",
        [](const Place&
               at) { return std::string(!at.answer.expected   ? ""
                                        : *at.answer.expected ? "1"
                                                              : "0"); }},
    AnswerColumn{"vote_w", [](const Place& at) { return vote(at, &VoteCount::wins); }},
    AnswerColumn{"vote_l", [](const Place& at) { return vote(at, &VoteCount::losses); }},
    AnswerColumn{"vote_t", [](const Place& at) { return vote(at, &VoteCount::ties); }}};

std::string answers_csv(const Report& report) {
  std::vector<std::string> head;
  for (const AnswerColumn& column : kAnswerColumns) head.emplace_back(column.name);
  std::string out = line_of(head);
  for (const PromptPart& prompt : report.prompts)
    for (std::size_t i = 0; i < prompt.answers.size() && i < report.rows.size(); ++i) {
      std::vector<std::string> cells;
      for (const AnswerColumn& column : kAnswerColumns)
        cells.push_back(column.cell({report, report.rows[i], prompt, prompt.answers[i]}));
      out += line_of(cells);
    }
  return out;
}

using Cells = std::vector<std::pair<std::string, std::string>>;

void add(Cells& cells, const std::string& name, const Figure& figure) {
  cells.emplace_back(name, number(figure));
  cells.emplace_back(name + "_spread", figure.present() && figure.spread ? number(*figure.spread) : "");
  cells.emplace_back(name + "_kind", std::string(figure_kind_name(figure.kind)));
}

Cells row_cells(const Report& report, const Row& row) {
  Cells cells = {{"name", row.identity.name}};
  for (const FactorInfo& factor : kFactors) {
    std::string name(factor.name);
    for (char& c : name) c = c == ' ' ? '_' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    cells.emplace_back(name, row.factors.*factor.member);
  }
  cells.emplace_back("file", row.identity.file);
  cells.emplace_back("hash", row.identity.hash);
  for (const MetricInfo& metric : kMetrics) add(cells, std::string(metric.name), row[metric.metric]);
  for (std::size_t c = 0; c < report.contexts.size(); ++c) {
    const MemoryAt none;
    const MemoryAt& at = c < row.memory.size() ? row.memory[c] : none;
    add(cells, "kv_" + whole(report.contexts[c]), at.kv);
    add(cells, "memory_" + whole(report.contexts[c]), at.total);
  }
  cells.emplace_back("failure", row.failure);
  cells.emplace_back("partial", report.partial);
  return cells;
}

}  // namespace

std::string report_csv(const Report& report) {
  if (!report.prompts.empty()) return answers_csv(report);
  std::string out;
  for (const Row& row : report.rows) {
    std::vector<std::string> head, line;
    for (const auto& [name, cell] : row_cells(report, row)) {
      head.push_back(name);
      line.push_back(cell);
    }
    if (out.empty()) out = line_of(head);
    out += line_of(line);
  }
  return out;
}

}  // namespace glim::app::report
