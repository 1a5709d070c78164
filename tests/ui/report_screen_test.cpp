#include "ui/report_screen.h"

#include "tests/ui/golden_screen.h"

using namespace glim;
using namespace glim::ui;

namespace {

ReportScreen example() {
  ReportScreen s;
  s.facts = {"set \"risks-12\"", "12 prompts", "greedy", "seed 42", "2026-11-21 14:20"};
  s.scorecard.title = "QUANT SCORECARD";
  s.scorecard.detail = "reference: A bf16";
  s.scorecard.columns = {{"quant", true, 0}, {"GiB", false, 2}, {"bits/w", false, 6}, {"gen t/s", false, 1},
                         {"pp t/s", false, 5}, {"ttft", false, 8}, {"peak GiB", false, 4},
                         {"KLD nats", false, 1}, {"top-1", false, 3}, {"first split", false, 7},
                         {"votes", false, 9}};
  s.scorecard.rows = {
      {{"A bf16", "55.80", "16.00", "9.04", "110", "550ms", "58.6", "0", "100%", "", "4-1-7"}},
      {{"B q8_0", "29.65", "8.50", "18.2", "131", "410ms", "31.4", ".0009", "99.1%", "tok 611", "3-1-8"}},
      {{"C q4_k_m", "17.20", "4.93", "27.9", "142", "370ms", "19.0", ".021", "96.2%", "tok 118", "3-2-7"}},
      {{"D iq2_m", "9.17", "2.63", "41.6", "149", "220ms", "10.9", ".310", "84.0%", "tok 37", "0-8-4"}}};
  s.scorecard.notes = {"speeds: exclusive device time"};
  s.plot = {.x_label = "gen t/s", .y_label = "KLD", .points = {}};
  s.plot.points = {{9.04, 0, "A"}, {18.2, 0.0009, "B"}, {27.9, 0.021, "C"}, {41.6, 0.31, "D"}};
  s.memory.title = "memory at context";
  s.memory.columns = {{"GiB", true, 0}, {"8k", false, 1}, {"32k", false, 2}, {"128k", false, 3}};
  s.memory.rows = {{{"A f16", "57.1", "58.4", "63.3"}}, {{"B q8_0", "30.8", "31.4", "34.1"}},
                   {{"C q8_0", "18.3", "19.0", "21.6"}}, {{"D q8_0", "10.3", "10.9", "13.6"}}};
  s.differences.title = "where they differ";
  s.differences.columns = {{"prompt", true, 0}, {"token", false, 1}, {"context", true, 0}, {"A", true, 1},
                           {"D", true, 1}, {"KLD D", false, 1}};
  s.differences.rows = {{{"3", "42", "… 2. ▮ fences: on weakly ordered", "Missing", "Too", "2.91"}},
                        {{"7", "203", "returns ▮ when the queue is full", "false", "NULL", "2.10"}}};
  s.differences.selected = 1;
  s.verdict = {"B q8_0 is hardly to be told from bf16 here at twice the speed.",
               "D iq2_m is the fastest and changes facts."};
  s.message = "saved: report.md";
  s.hints = {{"Esc", "back"}, {"Enter", "open prompt"}, {"s", "sort"}, {"e", "export"}};
  return s;
}

std::string paint(const ReportScreen& screen, Size size) {
  Canvas canvas(size);
  draw(canvas, screen);
  return canvas.text() + "\n";
}

std::string text_of(const std::vector<Line>& lines) {
  std::string out;
  for (const Line& line : lines) out += glim::ui::text_of(line) + "\n";
  return out;
}

}  // namespace

TEST_CASE("the report at four sizes") {
  for (const Size size : {Size{50, 200}, Size{40, 120}, Size{24, 80}, Size{10, 40}, Size{5, 24}})
    check_screen(named("report", size), paint(example(), size));
}

TEST_CASE("what does not fit on the page is reached by scrolling") {
  ReportScreen screen = example();
  const std::string top = paint(screen, {24, 80});
  CHECK(top.find("rows below") != std::string::npos);
  CHECK(top.find("changes facts") == std::string::npos);
  screen.first = 1000;
  const std::string end = paint(screen, {24, 80});
  CHECK(end.find("changes facts") != std::string::npos);
  CHECK(end.find("rows below") == std::string::npos);
}

TEST_CASE("the selected difference is where selected_row says") {
  const ReportScreen screen = example();
  for (const int width : {40, 80, 120, 200}) {
    const std::vector<Line> lines = report_lines(screen, width);
    const auto row = static_cast<std::size_t>(selected_row(screen, width));
    REQUIRE(row < lines.size());
    const std::string text = glim::ui::text_of(lines[row]);
    CHECK(text.find("7 ") != std::string::npos);
    CHECK((lines[row].spans.back().ink.emphasis & reverse) != 0);
    for (const Line& line : lines) CHECK(display_width(line.spans) <= width);
  }
}

TEST_CASE("columns go by rank and are named") {
  const ReportScreen screen = example();
  const std::string text = text_of(table_lines(screen.scorecard, 60, kUnicodeGlyphs));
  CHECK(text.find("quant") != std::string::npos);
  CHECK(text.find("KLD nats") != std::string::npos);
  CHECK(text.find("no room for ") != std::string::npos);
  CHECK(text.find("votes") > text.find("no room for "));
  const std::string wide = text_of(table_lines(screen.scorecard, 200, kUnicodeGlyphs));
  CHECK(wide.find("no room for ") == std::string::npos);
}

TEST_CASE("better is lower and faster is farther right") {
  const PlotData data = example().plot;
  const std::vector<Line> lines = plot_lines(data, 60, 12, kUnicodeGlyphs);
  REQUIRE(lines.size() == 12);
  int rows[4] = {-1, -1, -1, -1};
  std::size_t cols[4] = {};
  for (std::size_t i = 0; i < lines.size(); ++i)
    for (int p = 0; p < 4; ++p) {
      const std::string text = glim::ui::text_of(lines[i]), label = std::string(1, static_cast<char>('A' + p)) + " ●";
      if (const std::size_t at = text.find(label); at != text.npos)
        rows[p] = static_cast<int>(i), cols[p] = static_cast<std::size_t>(display_width(text.substr(0, at)));
    }
  for (const int row : rows) REQUIRE(row >= 0);
  CHECK(rows[3] < rows[2]);
  CHECK(rows[2] < rows[1]);
  CHECK(rows[1] < rows[0]);
  CHECK(rows[0] == 9);  // not positive: the last row, marked 0
  CHECK(glim::ui::text_of(lines[9]).find("0 │") != std::string::npos);
  CHECK(cols[0] < cols[1]);
  CHECK(cols[1] < cols[2]);
  CHECK(cols[2] < cols[3]);
}

TEST_CASE("plots of odd data have their size and no crash") {
  const std::vector<PlotData> all = {
      {.x_label = "x", .y_label = "y", .points = {{0, 0, "A"}}},
      {.x_label = "x", .y_label = "y", .points = {{1e-12, 1e12, "A"}, {1e12, 1e-12, "B"}}},
      {.x_label = "x", .y_label = "y", .points = {{5, .5, "A"}, {5, .5, "B"}, {5, .5, "C"}, {5, .5, "D"}}},
      {.x_label = "x", .y_label = "y", .log_y = false, .points = {{5, .5, "A"}, {2, .1, "B"}}}};
  for (const PlotData& data : all)
    for (const int width : {10, 24, 60, 100})
      for (const int height : {5, 9, 20}) {
        const std::vector<Line> lines = plot_lines(data, width, height, kAsciiGlyphs);
        CHECK(static_cast<int>(lines.size()) == height);
        for (const Line& line : lines) CHECK(display_width(line.spans) <= width);
      }
}
