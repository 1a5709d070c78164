#include <doctest/doctest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "app/report/changes.h"
#include "app/report/html_text.h"
#include "app/report/plots.h"
#include "app/report/report_tables.h"
#include "app/report/table.h"
#include "app/report/verdict.h"
#include "app/report/writers.h"
#include "engine/base/error.h"
#include "tests/support/temp_dir.h"
#include "ui/text_layout.h"

namespace glim::app::report {
namespace {

constexpr double kGB = 1e9, kGiB = 0x1p30;

struct Numbers {
  double generation, prompt, latency, gigabytes, memory;
  bool measured;
};

Row row_of(const std::string& model, const std::string& quant, const Numbers& numbers) {
  const auto figure = [&](Unit unit, double value) {
    return numbers.measured ? measured(unit, value) : estimated(unit, value, "not tested yet");
  };
  Row row;
  row.identity.name = model + "-" + quant;
  row.factors = {model, quant, "f16", "65536", "gpu", "", ""};
  row[Metric::generation_rate] = figure(Unit::tokens_per_second, numbers.generation);
  row[Metric::prompt_rate] = figure(Unit::tokens_per_second, numbers.prompt);
  row[Metric::latency_cold] = figure(Unit::seconds, numbers.latency);
  row[Metric::file_size] = measured(Unit::bytes, numbers.gigabytes * kGB);
  row[Metric::bits_per_weight] = measured(Unit::bits, quant == "Q4" ? 4.8 : quant == "Q8" ? 8.5 : 16);
  row.memory = {{65536, planned(Unit::bytes, (numbers.memory - 3.3) * kGiB), planned(Unit::bytes, 3.3 * kGiB),
                 planned(Unit::bytes, 0), planned(Unit::bytes, numbers.memory * kGiB)}};
  return row;
}

/// The measurements of the quantization comparison of January 2026: three rows and one that was guessed.
Report january() {
  Report report;
  report.title = "January";
  report.contexts = {65536};
  report.rows = {row_of("Flash", "Q8", {18, 130, 0.3, 33, 21, true}),
                 row_of("Flash", "BF16", {9, 110, 1.2, 56, 24, true}),
                 row_of("REAP", "Q8", {18, 130, 0.5, 26, 18, false}),
                 row_of("REAP", "BF16", {10, 110, 1.2, 43, 24, true})};
  report.reference = 0;
  return report;
}

/// The cell of a table by the heading of its column and the text of its first cell.
std::string cell(const Table& table, const std::string& row, const std::string& heading) {
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    if (table.columns[i].heading != heading) continue;
    for (const auto& cells : table.rows)
      if (cells.front().text == row) return cells[i].text;
  }
  return "no such cell";
}

Table table_named(const std::vector<Table>& tables, const std::string& title) {
  for (const Table& table : tables)
    if (table.title == title) return table;
  return {};
}

/// Two quants of a small model with a text, answers and drift; the model writes markup and escapes.
Report hostile() {
  Report report;
  report.title = "<script>alert(1)</script>";
  for (const char* name : {"base", "a|b`<i>"}) {
    Row row;
    row.identity.name = name;
    row.factors = {"m", name, "f16", "512", "cpu", "2", ""};
    row[Metric::file_size] = measured(Unit::bytes, 20e6);
    row[Metric::kld] = measured(Unit::nats, name[0] == 'b' ? 0 : 0.031, 0.002);
    row[Metric::generation_rate] = measured(Unit::tokens_per_second, name[0] == 'b' ? 9.04 : 18.2, 0.1);
    report.rows.push_back(row);
  }
  report.reference = 0;
  report.set_name = "set, one";
  report.seed = "42";
  PromptPart prompt;
  prompt.id = "p\"1";
  prompt.text = "say <b>hi</b>";
  Answer reference;
  reference.text = "</pre></details><img src=x onerror=alert(1)>\x1b[31m\xe2\x80\xae";
  reference.stop = "eos";
  reference.token_ids = {1, 2};
  reference.generation_rate = measured(Unit::tokens_per_second, 9.04);
  Answer other = reference;
  other.kld = measured(Unit::nats, 0.3);
  other.kld.at_least = true;
  other.heat = {{"\xe2\x82", 0.3, true, false, 3, -1}, {"\xac</span>", 0.01, true, true, 1, 0}};
  other.split = Split{1, {{"<x>", 0.7}}, {{"y", 0.4}}};
  prompt.answers = {reference, other};
  report.prompts = {prompt};
  report.differences = {{"p\"1",
                         1,
                         "<before>",
                         "after",
                         "\x1b]0;x\x07",
                         {measured(Unit::nats, 0), other.kld},
                         {{"a", 0.7}, {"<y>", 0.4}}}};
  report.provenance = {{"version", "1.0"}, {"command", "glim <x> | \"y\""}};
  return report;
}

ErrorCode refusal(const std::string& path) {
  try {
    check_report_path(path);
  } catch (const Error& error) {
    return error.code();
  }
  return ErrorCode::E901;
}

std::string file_text(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("figures say their unit, spread and kind") {
  CHECK(figure_in_words(measured(Unit::bytes, 18.47e9)) == "18.47 GB");
  CHECK(figure_in_words(measured(Unit::bytes, 18.47e9), true) == "17.20 GiB");
  CHECK(figure_in_words(measured(Unit::bytes, 20.24e6)) == "20.24 MB");
  CHECK(figure_in_words(measured(Unit::tokens_per_second, 18.2, 0.1)) == "18.20 ± 0.10 t/s");
  CHECK(figure_in_words(measured(Unit::tokens_per_second, 1231.4)) == "1231 t/s");
  CHECK(figure_in_words(estimated(Unit::tokens_per_second, 41.6, "bandwidth")) == "~41.60 t/s");
  CHECK(figure_in_words(measured(Unit::seconds, 0.0123)) == "12.30 ms");
  CHECK(figure_in_words(measured(Unit::fraction, 0.962)) == "96.20 %");
  CHECK(figure_in_words(measured(Unit::nats, 0.00094)) == "0.000940 nats");
  CHECK(figure_in_words(absent("shape: weights are noise")) == "not available: shape: weights are noise");
  CHECK(!measured(Unit::seconds, std::nan("")).present());
  Figure bound = measured(Unit::nats, 0.034);
  bound.at_least = true;
  CHECK(figure_text(bound, {}) == "≥ 0.0340");
  Figure ranged = measured(Unit::seconds, 0.3);
  ranged.range = {0.27, 0.36};
  CHECK(figure_in_words(ranged) == "0.300 (0.270 to 0.360) s");
  CHECK(figure_text(absent("x"), {}) == "–");
}

TEST_CASE("a column has one scale and says what is planned and what is missing") {
  const std::vector<Figure> list = {planned(Unit::bytes, 60e9), planned(Unit::bytes, 500e6),
                                    absent("no file")};
  TableBuilder builder("T", 3);
  builder.text(
      "name", [](std::size_t i) { return std::string(1, static_cast<char>('a' + i)); }, 0, true);
  builder.figures("size", [&](std::size_t i) -> const Figure& { return list[i]; });
  const Table table = builder.take();
  CHECK(table.columns[1].unit == "GB planned");
  CHECK(table.rows[1][1].text == "0.500");
  CHECK(table.rows[2][1].text == "–");
  CHECK(table.notes == std::vector<std::string>{"size – no file"});

  const std::vector<Figure> mixed = {planned(Unit::bytes, 2e9), measured(Unit::bytes, 1e9),
                                     estimated(Unit::bytes, 3e9, "a guess")};
  TableBuilder second("T", 3);
  second.figures("size", [&](std::size_t i) -> const Figure& { return mixed[i]; });
  const Table both = second.take();
  CHECK(both.columns[0].unit == "GB");
  CHECK(both.rows[0][0].text == "2.00 planned");
  CHECK(both.rows[1][0].text == "1.00");
  CHECK(both.rows[2][0].text == "~3.00");
}

TEST_CASE("the percentages of January come out, without the guesses") {
  const Report report = january();
  const std::vector<Table> tables = change_tables(report);
  const Table speed = table_named(tables, "Percentages: generation");
  CHECK(cell(speed, "Flash-Q8", "against Flash-Q8") == "baseline");
  CHECK(cell(speed, "Flash-Q8", "against Flash-BF16") == "+100 %");
  CHECK(cell(speed, "Flash-BF16", "against Flash-Q8") == "-50.0 %");
  CHECK(cell(speed, "Flash-BF16", "against REAP-BF16") == "-10.0 %");
  CHECK(cell(speed, "REAP-BF16", "against Flash-BF16") == "+11.1 %");
  CHECK(cell(speed, "REAP-Q8", "against Flash-Q8") == "–");
  const Table size = table_named(tables, "Percentages: size");
  CHECK(cell(size, "Flash-Q8", "against Flash-BF16") == "-41.1 %");
  CHECK(cell(size, "REAP-BF16", "against Flash-BF16") == "-23.2 %");
  CHECK(cell(size, "REAP-Q8", "against REAP-BF16") == "-39.5 %");
  const Table memory = table_named(tables, "Percentages: memory at 65536");
  CHECK(cell(memory, "Flash-BF16", "against Flash-Q8") == "+14.3 %");
  CHECK(cell(memory, "REAP-Q8", "against Flash-Q8") == "-14.3 %");
}

TEST_CASE("two changes at once are no impact of either") {
  const Report report = january();
  CHECK(differing_factors(report.rows[3], report.rows[0]) == std::vector<std::string_view>{"model", "quant"});
  const auto refused = impact_of(report, 3, 0);
  REQUIRE(std::holds_alternative<std::string>(refused));
  CHECK(std::get<std::string>(refused) ==
        "REAP-BF16 and Flash-Q8 differ in model and quant: what each of them does cannot be told");
  const auto named = impact_of(report, 1, 0);
  REQUIRE(std::holds_alternative<Impact>(named));
  CHECK(std::get<Impact>(named).factor == "quant");
  CHECK(std::holds_alternative<std::string>(impact_of(report, 2, 2)));
  for (const Impact& impact : impacts(report))
    CHECK(differing_factors(report.rows[impact.row], report.rows[impact.base]).size() == 1);
  CHECK(impacts(report).size() == 4);  // a quant per model, a model per quant

  const std::vector<Table> tables = change_tables(report);
  const Table speed = table_named(tables, "Percentages: generation");
  CHECK(cell(speed, "REAP-BF16", "against Flash-Q8") == "-44.4 % †");
  const Table impact = table_named(tables, "Impact of model");
  CHECK(cell(impact, "Flash", "rows") == "Flash-Q8 → REAP-Q8");
  CHECK(cell(impact, "Flash", "size") == "-21.2 %");
  CHECK(cell(impact, "Flash", "generation") == "–");
  CHECK(contains(tables.back().notes.front(), "REAP-BF16 against Flash-Q8 differ in model and quant"));
}

TEST_CASE("percentages are of figures of one kind") {
  CHECK(*change(measured(Unit::seconds, 3), measured(Unit::seconds, 2)) == doctest::Approx(0.5));
  CHECK(change(planned(Unit::bytes, 3), planned(Unit::bytes, 2)).has_value());
  CHECK(!change(planned(Unit::bytes, 3), measured(Unit::bytes, 2)));
  CHECK(!change(estimated(Unit::bytes, 3, ""), estimated(Unit::bytes, 2, "")));
  CHECK(!change(measured(Unit::bytes, 3), measured(Unit::bytes, 0)));
  CHECK(!change(absent(""), measured(Unit::bytes, 1)));
}

TEST_CASE("baselines are few and can be named") {
  Report report = january();
  CHECK(baseline_rows(report) == std::vector<std::size_t>{0, 1, 2, 3});
  report.rows.push_back(row_of("Flash", "Q4", {27, 140, 0.2, 18, 12, true}));
  CHECK(baseline_rows(report) == std::vector<std::size_t>{0, 1, 3, 2});
  report.baselines = {"Flash-Q4"};
  CHECK(baseline_rows(report) == std::vector<std::size_t>{4});
  report.baselines = {"Flash-Q5"};
  CHECK_THROWS_AS(baseline_rows(report), Error);
}

TEST_CASE("the front holds what nothing beats, and winners name their rule") {
  Report report = january();
  for (const auto& [row, kld] : std::vector<std::pair<std::size_t, double>>{{0, 0.0}, {1, 0.02}, {3, 0.3}})
    report.rows[row][Metric::kld] = measured(Unit::nats, kld, 0.001);
  report.rows.push_back(row_of("Flash", "Q4", {30, 140, 0.2, 18, 12, true}));
  report.rows.back()[Metric::kld] = measured(Unit::nats, 0.04, 0.03);
  CHECK(pareto_front(report, Metric::file_size, Metric::kld) == std::vector<std::size_t>{4, 0});
  CHECK(pareto_front(report, Metric::generation_rate, Metric::kld) == std::vector<std::size_t>{4, 0});
  CHECK(pareto_front(report, Metric::bits_per_weight, Metric::kld).empty());
  report.available_bytes = static_cast<std::uint64_t>(20 * kGiB);
  const std::vector<Winner> all = winners(report);
  const auto winner = [&](const std::string& use) {
    for (const Winner& one : all)
      if (one.use == use) return one;
    return Winner{};
  };
  CHECK(winner("fastest generation").row == 4);
  CHECK(winner("fastest generation").figure == "30.00 t/s");
  CHECK(winner("least memory").rule == "lowest memory at a context of 65536 tokens");
  CHECK(winner("closest to the reference").row == 1);
  CHECK(winner("closest to the reference").remark == "within the spread: Flash-Q4");
  CHECK(winner("balance of speed and quality").row == 4);
  CHECK(winner("best for this device").row == 4);  // the only one with a KLD that fits
  CHECK(!fits_with_headroom(report, report.rows[0].memory[0]));
  const std::vector<std::string> sentences = row_sentences(report);
  REQUIRE(sentences.size() == 3);
  CHECK(sentences[0] ==
        "Flash-BF16 is close to Flash-Q8 here (KLD 0.0200 ± 0.0010): file +69.7 %, generation "
        "0.50 times as fast.");
}

TEST_CASE("a terminal of any width gets a table that fits") {
  const Report report = january();
  for (const int width : {40, 80, 120, 200}) {
    std::istringstream lines(report_text(report, width));
    std::string line;
    while (std::getline(lines, line)) {
      CAPTURE(line);
      CHECK(ui::display_width(line) <= width);
    }
  }
  const std::string wide = terminal_text(scorecard(report), 120);
  CHECK(contains(wide, "Flash-BF16  56.00  52.15   16.00         24.00    9.00"));
  CHECK(contains(terminal_text(scorecard(report), 40), "no room here for:"));
}

TEST_CASE("markdown of a small report") {
  Report report;
  report.title = "small";
  Row row;
  row.identity.name = "q4_k_m";
  row[Metric::file_size] = measured(Unit::bytes, 18.47e9);
  row[Metric::kld] = absent("no text was given");
  report.rows = {row};
  report.provenance = {{"version", "glim 1"}};
  CHECK(report_markdown(report) ==
        "# small\n\n"
        "## Scorecard\n\n"
        "| name | size, GB | size, GiB |\n"
        "|---|---:|---:|\n"
        "| q4\\_k\\_m | 18.47 | 17.20 |\n\n"
        "KLD – no text was given  \n\n"
        "## Size\n\n"
        "| name | size, GB | size, GiB |\n"
        "|---|---:|---:|\n"
        "| q4\\_k\\_m | 18.47 | 17.20 |\n\n"
        "GB are 10^9 bytes, GiB 2^30: 18.47 GB and 17.20 GiB are the same file.  \n\n"
        "## Provenance\n\n"
        "| what | value |\n"
        "|---|---|\n"
        "| version | glim 1 |\n");
}

TEST_CASE("nothing that a model writes becomes markup") {
  const Report report = hostile();
  const std::string html = report_html(report), markdown = report_markdown(report);
  for (const std::string& text : {html, markdown}) {
    CHECK(!contains(text, "<script"));
    CHECK(!contains(text, "<img"));
    CHECK(!contains(text, "<b>"));
    CHECK(!contains(text, "<i>"));
    CHECK(!contains(text, "\x1b"));
    CHECK(!contains(text, "\x07"));
    CHECK(!contains(text, "\xe2\x80\xae"));
    CHECK(contains(text, "&lt;/pre&gt;&lt;/details&gt;"));
  }
  CHECK(!contains(html, "http://"));
  CHECK(!contains(html, "https://"));
  CHECK(!contains(html, " src=\""));
  CHECK(!contains(html, "url("));
  CHECK(contains(html, "p&quot;1"));
  CHECK(contains(html, "<span class=\"h2\" title=\"KLD 0.300, rank 3\">€&lt;/span&gt;</span>"));
  CHECK(contains(html, "quality against speed"));
  CHECK(contains(html, "size against KL divergence"));
  CHECK(contains(markdown, "a\\|b\\`&lt;i\\>"));
  CHECK(html_text("a\nb<\"'&>") == "a\nb&lt;&quot;&#39;&amp;&gt;");
  CHECK(html_line("a\nb") == "a b");
}

TEST_CASE("tags of the page are closed in order") {
  const std::string html = report_html(hostile());
  std::vector<std::string> open;
  for (std::size_t at = html.find("<body>"); at != html.npos; at = html.find('<', at + 1)) {
    if (html.compare(at, 7, "</html>") == 0) break;
    const std::size_t end = html.find_first_of(" />", at + 2);
    const std::size_t close = html.find('>', at);
    const std::string name = html.substr(at + 1, end - at - 1);
    if (html[at + 1] == '/') {
      REQUIRE(!open.empty());
      CHECK(open.back() == html.substr(at + 2, close - at - 2));
      open.pop_back();
    } else if (html[close - 1] != '/') {
      open.push_back(name);
    }
  }
  CHECK(open == std::vector<std::string>{});
}

TEST_CASE("the file for spreadsheets has a line per prompt and row, or per row") {
  const std::string answers = report_csv(hostile());
  std::istringstream lines(answers);
  std::string head, first, second;
  std::getline(lines, head);
  std::getline(lines, first);
  std::getline(lines, second);
  CHECK(
      head ==
      "set,prompt_id,pane,profile,file_sha256,quant,bpw,seed,backend,device,build,ctx,kv_type,n_prompt,n_gen,"
      "stop,pp_tps,gen_tps,ttft_ms,load_s,peak_bytes,joules,kld,kld_is_bound,top1,first_split,expect_ok,"
      "vote_w,vote_l,vote_t\r");
  CHECK(first == "\"set, one\",\"p\"\"1\",1,base,,base,,42,cpu,,1.0,512,f16,0,2,eos,,9.04,,,,,,,,,,,,\r");
  CHECK(second ==
        "\"set, one\",\"p\"\"1\",2,a|b`<i>,,a|b`<i>,,42,cpu,,1.0,512,f16,0,2,eos,,9.04,,,,,0.3,1,,1,,,,\r");

  const std::string rows = report_csv(january());
  CHECK(
      contains(rows,
               "name,model,quant,kv_type,context,device,threads,source,file,hash,file_size,file_size_spread,"
               "file_size_kind"));
  CHECK(contains(rows, "generation_rate,generation_rate_spread,generation_rate_kind"));
  CHECK(contains(rows, "18,,estimated"));
  CHECK(contains(rows, "memory_65536"));
}

TEST_CASE("JSON has a row per quant, kinds, and says what is partial") {
  Report report = hostile();
  auto json = nlohmann::json::parse(report_json(report));
  CHECK(json["schema"] == kReportSchema);
  REQUIRE(json["rows"].size() == 2);
  CHECK(json["rows"][1]["figures"]["kld"]["value"] == 0.031);
  CHECK(json["rows"][1]["figures"]["kld"]["unit"] == "nats");
  CHECK(json["rows"][1]["figures"]["kld"]["kind"] == "measured");
  CHECK(json["rows"][1]["figures"]["perplexity"]["kind"] == "absent");
  CHECK(json["prompts"][0]["answers"][1]["first_split"]["token"] == 1);
  CHECK(json["prompts"][0]["answers"][1]["drift"].size() == 2);
  CHECK(json["reference"] == "base");
  CHECK(json["partial"] == false);
  report.partial = "stopped by a signal";
  report.rows[1].failure = "GLIM-E101: x.gguf: no such file";
  json = nlohmann::json::parse(report_json(report));
  CHECK(json["partial"] == true);
  CHECK(json["partial_because"].size() == 2);
}

TEST_CASE("what is partial stands at the top of every format") {
  Report report = january();
  report.partial = "stopped by a signal";
  report.rows[2].failure = "does not fit";
  for (const std::string& text :
       {report_markdown(report), report_html(report).substr(report_html(report).find("<body>")),
        report_text(report, 80)}) {
    const std::size_t partial = text.find("stopped by a signal"), why = text.find("does not fit");
    REQUIRE(partial != text.npos);
    REQUIRE(why != text.npos);
    CHECK(partial < text.find("Scorecard"));
    CHECK(why < text.find("Scorecard"));
  }
  CHECK(contains(report_csv(report), "stopped by a signal"));
}

TEST_CASE("the extension chooses the format, and other ones are refused before the work") {
  CHECK(refusal("report.pdf") == ErrorCode::E501);
  CHECK(refusal("report") == ErrorCode::E501);
  CHECK(refusal("report.HTML") == ErrorCode::E901);
  const TempDir dir;
  const Report report = january();
  for (const auto& [name, text] :
       std::vector<std::pair<std::string, std::string>>{{"r.md", report_markdown(report)},
                                                        {"r.csv", report_csv(report)},
                                                        {"r.json", report_json(report)},
                                                        {"r.html", report_html(report)}}) {
    write_report(report, dir / name);
    CHECK(file_text(dir / name) == text);
  }
  CHECK_THROWS_AS(write_report(report, dir / "none" / "r.md"), Error);
}

TEST_CASE("plots place what they show") {
  Scatter scatter{"t", "x", "y", {{10, 0, "zero", 0, false, true}, {40, 0.5, "far", 1, true, true}}, true};
  const std::string svg = scatter_svg(scatter);
  CHECK(contains(svg, "class=\"s1 hollow\""));
  CHECK(contains(svg, ">far</text>"));
  CHECK(contains(svg, "class=\"front\""));
  CHECK(scatter_svg({}).empty());
  CHECK(heat_level(0.019) == 0);
  CHECK(heat_level(0.02) == 1);
  CHECK(heat_level(0.1) == 2);
  CHECK(heat_level(0.5) == 3);
  Report report = january();
  report.available_bytes = static_cast<std::uint64_t>(22 * kGiB);
  CHECK(contains(memory_svg(report), "available 22.0"));
  CHECK(memory_svg(Report{}).empty());
  // Points that lie on each other share no label.
  Scatter crowd{"t", "x", "y", {}, false};
  for (int i = 0; i < 40; ++i) crowd.points.push_back({5, 5, "same-place", 0, false, false});
  const std::string crowded = scatter_svg(crowd);
  std::size_t labels = 0;
  for (std::size_t at = crowded.find("class=\"label\""); at != crowded.npos;
       at = crowded.find("class=\"label\"", at + 1))
    ++labels;
  CHECK(labels > 0);
  CHECK(labels <= 8);
}

}  // namespace glim::app::report
