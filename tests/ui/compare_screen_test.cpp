#include "ui/compare_screen.h"

#include <array>
#include <memory>

#include "tests/ui/golden_screen.h"
#include "ui/text_layout.h"

using namespace glim;
using namespace glim::ui;

namespace {

constexpr const char* kQuestion = "List three risks of lock-free queues.";
constexpr const char* kAnswer =
    "1. ABA: a slot is recycled between load and CAS, so a stale compare succeeds.\n"
    "2. Missing fences: on weakly ordered CPUs the payload is seen late.\n"
    "3. False sharing of head and tail.\n\n"
    "Use hazard pointers or epochs for 1, acquire/release for 2, padding for 3.";
constexpr const char* kOther =
    "1. ABA: a slot is recycled between load and CAS, so a stale compare succeeds.\n"
    "2. Too many fences: the CPU may deadlock on weakly ordered CPUs.\n"
    "3. False sharing of head and tail.\n\nUse mutexes for 1";

/// A comparison of `count` quants with the texts and numbers of each; the views live as long as it does.
struct Example {
  explicit Example(int count) {
    constexpr std::array kNames = {"glm-bf16", "glm-q8", "glm-q4km", "glm-iq2m"};
    constexpr std::array kRates = {9.04, 18.2, 27.9, 41.6};
    constexpr std::array kWeights = {55.8, 29.65, 17.2, 9.17};
    for (int i = 0; i < count; ++i) {
      const auto n = static_cast<std::size_t>(i);
      ComparePaneData pane;
      pane.title = kNames[n];
      if (i == 0) pane.note = "reference";
      pane.cost.gen_rate = kRates[n], pane.cost.prefill_rate = 131, pane.cost.ttft = 0.41 - 0.06 * i;
      pane.cost.tokens = i + 1 == count ? 64 : 97 + i, pane.cost.joules = 224.0 / (i + 1);
      pane.cost.weights = gib(kWeights[n]), pane.cost.kv = gib(0.88), pane.cost.kv_type = "q8_0";
      pane.cost.ctx = 32768, pane.cost.device = "vulkan0", pane.cost.load_seconds = 41.2 / (i + 1);
      pane.cost.peak = gib(kWeights[n] + 1.3);
      pane.drift.state = DriftData::State::reference;
      if (i > 0) {
        pane.cost.rate_ratio = kRates[n] / kRates[0], pane.cost.memory_ratio = kWeights[n] / kWeights[0];
        pane.cost.energy_ratio = 1.0 / (i + 1);
        pane.drift.state = DriftData::State::known;
        for (int t = 0; t < 97; ++t)
          pane.drift.per_token.push_back((t * 37 % 11 == 0 ? 0.4 : 0.004) * i + (t == 41 ? 1.1 * i : 0));
        pane.drift.tokens = 97, pane.drift.kld = 0.0155 * i * i, pane.drift.top1 = 1 - 0.03 * i;
        pane.drift.worst_token = 42, pane.drift.worst_kld = 1.1 * i, pane.drift.worst_rank = i;
        pane.drift.perplexity_change = 1 + 0.06 * i;
        pane.split = "split 42";
        screen.splits.push_back({.pane = std::string(1, static_cast<char>('A' + i)),
                                 .token = 42,
                                 .reference = "Missing",
                                 .other = "Too",
                                 .reference_chance = 0.71,
                                 .other_chance = 0.38 + 0.02 * i});
      }
      screen.panes.push_back(std::move(pane));
    }
    screen.panes.back().state = RunState::generating;
    screen.names = "BF16 ‖ Q8_0 ‖ Q4_K_M ‖ IQ2_M";
    screen.names = fit(screen.names, 7 * count + 3 * (count - 1), "");
    screen.facts = {"interleave", "sync:on", "diff:word", "heat:off", "blind:off", "greedy seed 42"};
    screen.split_hints = {{"n", "next"}, {"g", "graft"}};
    screen.set = "prompt 3 of 12 \"lock-free risks\"";
    screen.standing = {"wins A 1  B 1  C 0  tie 1", "rating A 1031±48  B 1024±47  C 945±61"};
    screen.votable = true;
    screen.state = RunState::generating;
    screen.status = {strf("%d/%d done", count - 1, count), "resident 61.3/94.1 GiB", "speeds are device time",
                     "same tokenizer ✓"};
    screen.memory.memory_is_ram = true, screen.memory.memory_used = gib(61.3);
    screen.memory.memory_budget = gib(94.1), screen.memory.backend_wide = "cpu 16 threads";
    screen.hints = {{"Tab", "pane"}, {"s", "sync"},   {"d", "diff"},   {"h", "heat"},  {"b", "blind"},
                    {"1-4", "vote"}, {"r", "report"}, {"Esc", "stop"}, {"F10", "quit"}};
  }

  std::vector<Message> messages(int index) const {
    const bool last = index + 1 == static_cast<int>(screen.panes.size());
    Message question;
    question.id = 1, question.name = "you", question.detail = "31 tok", question.text = kQuestion;
    Message reply;
    reply.id = 2, reply.role = Role::assistant, reply.text = last ? kOther : kAnswer;
    reply.thinking = "…", reply.thinking_seconds = 5.2, reply.thinking_tokens = 96;
    reply.streaming = last;
    if (!last) reply.timing = "■ end of turn · 97 tok · 5.3 s";
    if (last && index > 0 && !screen.blind) {
      auto marks = std::make_shared<TextMarks>();
      const std::string text = kOther;
      const std::size_t at = text.find("Too many"), mutexes = text.find("mutexes");
      marks->notes = {{at, "[Missing→", Style::diff_old},
                      {at + 8, "]", Style::diff_old},
                      {mutexes, "[", Style::diff_old},
                      {mutexes + 7, "]", Style::diff_old}};
      marks->tints = {{at, at + 8, Style::heat_most}, {mutexes, mutexes + 7, Style::heat_low}};
      reply.marks = marks;
    }
    return {question, reply};
  }

  Canvas paint(Size size) {
    views.clear();
    for (int i = 0; i < static_cast<int>(screen.panes.size()); ++i) {
      views.push_back(std::make_unique<TranscriptView>());
      views.back()->update(messages(i), transcript_options(screen, size, i));
      screen.panes[static_cast<std::size_t>(i)].transcript = views.back().get();
    }
    Canvas canvas(size);
    draw(canvas, screen);
    return canvas;
  }
  std::string text(Size size) { return paint(size).text() + "\n"; }

  CompareScreen screen;
  std::vector<std::unique_ptr<TranscriptView>> views;
};

bool has(const std::string& text, const char* part) {
  return text.find(part) != std::string::npos;
}

const SmokeData kSmoke = {{{"gibberish", SmokeData::Mark::good},
                           {"leak", SmokeData::Mark::bad},
                           {"tool", SmokeData::Mark::good},
                           {"code", SmokeData::Mark::unknown}},
                          "2/3"};

}  // namespace

TEST_CASE("two, three and four quants at every class of size") {
  check_screen("compare2_80x24", Example(2).text({24, 80}));
  check_screen("compare3_120x40", Example(3).text({40, 120}));
  check_screen("compare4_200x50", Example(4).text({50, 200}));
  check_screen("compare4_120x40", Example(4).text({40, 120}));
  check_screen("compare4_80x24", Example(4).text({24, 80}));
  check_screen("compare4_80x18", Example(4).text({18, 80}));
  check_screen("compare4_40x10", Example(4).text({10, 40}));
  check_screen("compare2_30x6", Example(2).text({6, 30}));
  check_screen("compare2_24x5", Example(2).text({5, 24}));
}

TEST_CASE("panes narrower than 38 columns become a carousel") {
  for (int count = 2; count <= 4; ++count) {
    Example e(count);
    const int enough = count * kNarrowestPane + count - 1;
    CHECK(!layout_of(e.screen, {40, enough}).carousel);
    CHECK(layout_of(e.screen, {40, enough - 1}).carousel);
    e.screen.focused = 1;
    const CompareLayout narrow = layout_of(e.screen, {40, enough - 1});
    CHECK(narrow.shown == std::vector<int>{1});
    CHECK(narrow.summaries.height == count - 1);
  }
  Example zoomed(3);
  zoomed.screen.zoomed = true;
  zoomed.screen.focused = 2;
  const std::string text = zoomed.text({40, 120});
  CHECK(has(text, "[C] glm-q4km"));
  CHECK(!has(text, "[A]"));
}

TEST_CASE("smoke tests have a row below the votes when a pane has some") {
  Example e(2);
  const std::string without = e.paint({50, 200}).text();
  CHECK(without.find("smoke") == without.npos);
  e.screen.panes[1].smoke = kSmoke;
  const std::string screen = e.paint({50, 200}).text();
  const std::size_t at = screen.find(" smoke – not run");
  REQUIRE(at != screen.npos);
  const std::string row = screen.substr(at, screen.find('\n', at) - at);
  CHECK(row.find("smoke gibberish ✓ leak ✗ tool ✓ code –") != row.npos);
  CHECK(row.find("2/3") != row.npos);
  CHECK(screen.rfind("vote", at) > screen.rfind("pp", at));
  // Where the names of the tests have no room, the score has.
  Example narrow(3);
  narrow.screen.panes[1].smoke = kSmoke;
  const std::string small = narrow.paint({40, 120}).text();
  const std::size_t begin = small.find("smoke gibberish");
  REQUIRE(begin != small.npos);
  CHECK(small.substr(begin, small.find('\n', begin) - begin).find("2/3") != small.npos);
  e.screen.blind = BlindData{};
  CHECK(e.paint({50, 200}).text().find("smoke") == std::string::npos);
  e.screen.blind.reset();
  CHECK(layout_of(e.screen, {24, 80}).smoke.empty());
}

TEST_CASE("no part of the screen lies on another at any size") {
  for (int count = 1; count <= 4; ++count)
    for (int rows = 6; rows <= 60; ++rows)
      for (const int cols : {30, 40, 59, 60, 77, 80, 110, 120, 155, 200}) {
        Example e(count);
        if (rows % 2 == 0) e.screen.panes[0].smoke = kSmoke;
        for (const bool blind : {false, true}) {
          if (blind) e.screen.blind = BlindData{};
          const CompareLayout l = layout_of(e.screen, {rows, cols});
          std::vector<Rect> parts = {l.header,   l.titles,      l.votes, l.smoke,       l.summaries, l.split,
                                     l.standing, l.middle_rule, l.input, l.status_rule, l.status,    l.hints};
          parts.push_back({l.text[0].row, 0, l.text[0].height, cols});
          parts.push_back({l.metrics[0].row, 0, l.metrics[0].height, cols});
          std::vector<int> used(static_cast<std::size_t>(rows), 0);
          for (const Rect& part : parts)
            for (int row = part.row; row < part.row + part.height; ++row) {
              REQUIRE(row >= 0);
              REQUIRE(row < rows);
              ++used[static_cast<std::size_t>(row)];
            }
          CAPTURE(count);
          CAPTURE(rows);
          CAPTURE(cols);
          CAPTURE(blind);
          for (const int n : used) CHECK(n == 1);
          CHECK(l.text[0].height >= 1);
        }
      }
}

TEST_CASE("a blind vote shows nothing but texts") {
  Example e(2);
  e.screen.blind = BlindData{.done = 2,
                             .progress = "prompt 4 of 12",
                             .choices = {{"←", "left"}, {"→", "right"}, {"t", "tie"}, {"x", "both bad"}},
                             .notes = {"4 of 12 · order shuffled per prompt"}};
  for (ComparePaneData& pane : e.screen.panes)
    pane.title.clear(), pane.note.clear(), pane.state = RunState::idle;
  e.screen.hints = {{"Esc", "pause"}};
  check_screen("compare_blind_80x24", e.text({24, 80}));
  for (const Size size : {Size{50, 200}, Size{40, 120}, Size{24, 80}, Size{10, 40}}) {
    const std::string text = e.text(size);
    for (const char* secret : {"q8", "Q8", "bf16", "BF16", "t/s", "GiB", "KLD", "tok 42", "1031", "42"})
      CHECK_MESSAGE(!has(text, secret), secret);
  }
  e.screen.blind->done = 1;
  const std::string waiting = e.text({24, 80});
  CHECK(has(waiting, "writing… 1 of 2 complete"));
  CHECK(!has(waiting, "ABA"));
}

TEST_CASE("ASCII signs all the way") {
  Example e(2);
  e.screen.glyphs = &kAsciiGlyphs;
  e.screen.names = "BF16 | Q8_0", e.screen.standing.clear(), e.screen.status = {"1/2 done"};
  for (const Size size : {Size{24, 80}, Size{40, 120}, Size{50, 200}}) {
    Canvas canvas = e.paint(size);
    int others = 0;
    for (const char c : canvas.text()) others += static_cast<unsigned char>(c) >= 0x80;
    // What is left are the signs in the texts of this example: one dot per column of times.
    std::string text = canvas.text();
    for (const char* own : {"■", "·", "→", "…", "✓"})
      for (std::size_t at; (at = text.find(own)) != std::string::npos;)
        text.erase(at, std::string(own).size());
    for (const char c : text) CHECK(static_cast<unsigned char>(c) < 0x80);
    CHECK(others > 0);
  }
}

TEST_CASE("marks lie on the bytes they are for") {
  Example e(2);
  const Canvas canvas = e.paint({24, 80});
  int hot = 0, low = 0;
  for (int row = 0; row < canvas.rows(); ++row)
    for (int col = 0; col < canvas.cols(); ++col) {
      const Style style = canvas.at(row, col).ink.style;
      hot += style == Style::heat_most, low += style == Style::heat_low;
    }
  CHECK(hot == 8);  // "Too many"
  CHECK(low == 7);  // "mutexes"
  CHECK(has(canvas.text(), "[Missing→Too many] fences"));
  // Without colour the heat is still there.
  const auto attributes = [](Style style) { return default_theme().of(style, ColorMode::none).attributes; };
  CHECK(attributes(Style::heat_low) == underline);
  CHECK(attributes(Style::heat_high) == (underline | bold));
  CHECK(attributes(Style::heat_most) == (reverse | bold));
}

TEST_CASE("bars show the largest value of each cell") {
  std::vector<double> values(100, 0.0);
  values[57] = 0.7;
  std::string text;
  for (const Span& span : heat_line(values, 10, kUnicodeGlyphs)) text += span.text;
  CHECK(text == "▁▁▁▁▁█▁▁▁▁");
  CHECK(heat_line({}, 10, kUnicodeGlyphs).empty());
  CHECK(display_width(heat_line({0.1, 0.2}, 10, kUnicodeGlyphs)) == 2);
  CHECK(!heat_style(0.019));
  CHECK(heat_style(0.02) == Style::heat_low);
  CHECK(heat_style(0.1) == Style::heat_high);
  CHECK(heat_style(0.5) == Style::heat_most);
}

TEST_CASE("a click finds its pane") {
  Example e(3);
  const Size size = {40, 120};
  CHECK(pane_at(e.screen, size, {5, 0}) == 0);
  CHECK(pane_at(e.screen, size, {1, 60}) == 1);
  CHECK(pane_at(e.screen, size, {20, 119}) == 2);
  CHECK(!pane_at(e.screen, size, {39, 0}));
  CHECK(!pane_at(e.screen, size, {0, 0}));
}
