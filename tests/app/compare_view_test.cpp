#include "app/compare/compare_view.h"

#include <doctest/doctest.h>
#include <algorithm>
#include <cmath>

#include "app/compare/compare_keys.h"
#include "app/compare/report_view.h"
#include "engine/base/error.h"
#include "engine/base/text.h"
#include "ui/text_layout.h"

using namespace glim;
using namespace glim::app;

namespace {

std::vector<AnswerToken> tokens_of(const std::vector<std::string>& pieces) {
  std::vector<AnswerToken> out;
  for (const std::string& piece : pieces) {
    AnswerToken token;
    token.text = piece;
    token.id = 0;
    for (const char c : piece) token.id = token.id * 31 + static_cast<unsigned char>(c);
    token.logprob = std::log(0.5F);
    out.push_back(std::move(token));
  }
  return out;
}

CompareAnswer answer(const std::vector<std::string>& pieces, AnswerState state = AnswerState::done) {
  CompareAnswer out;
  out.state = state;
  out.prompt_tokens = 31;
  out.tokens = tokens_of(pieces);
  for (const std::string& piece : pieces) out.text += piece;
  if (state != AnswerState::done) return out;
  out.finish = FinishReason::end_of_turn;
  out.stats.prompt_tokens = 31;
  out.stats.generated_tokens = static_cast<std::int32_t>(pieces.size());
  out.stats.decode_steps = out.stats.generated_tokens - 1;
  out.stats.decode_device_seconds = 0.1;
  out.stats.prefill_device_seconds = 0.2;
  out.stats.first_token_seconds = 0.3;
  return out;
}

ComparePane pane(const std::string& label, std::uint64_t weights) {
  ComparePane out;
  out.label = label;
  out.asked = "spark:" + label;
  out.format = label;
  out.planned = true;
  out.plan.weight_bytes = weights;
  out.plan.kv_bytes = 1 << 20;
  out.plan.kv_token_bytes = 100;
  out.plan.trained_ctx = 32768;
  out.plan.ctx = 4096;
  out.file_bytes = weights;
  out.state = PaneState::ready;
  out.resident = true;
  out.backend = "cpu";
  out.tokenizer_hash = out.template_hash = 7;
  return out;
}

PaneDrift drift_of(const std::vector<double>& klds) {
  PaneDrift out;
  for (const double kld : klds) {
    TokenDrift row;
    row.kld = kld;
    row.same_top = kld < 0.1;
    row.rank = kld < 0.1 ? 1 : 3;
    out.rows.push_back(row);
    out.summary.mean_kld += kld / static_cast<double>(klds.size());
    out.summary.top1 += (row.same_top ? 1.0 : 0.0) / static_cast<double>(klds.size());
    if (kld > out.summary.largest_kld) {
      out.summary.largest_kld = kld;
      out.summary.worst_token = static_cast<std::int32_t>(out.rows.size()) - 1;
    }
  }
  out.summary.tokens = static_cast<std::int32_t>(klds.size());
  out.complete = true;
  return out;
}

/// Two quants on one question; the second leaves the first at its third token.
Comparison example() {
  Comparison c;
  c.panes = {pane("bf16", 19 << 20), pane("iq2_xxs", 5 << 20)};
  c.settings.mode_reason = "all 2 panes fit: 0.1 of 8 GiB";
  c.phase = ComparePhase::idle;
  c.position = 0;
  ComparePrompt prompt;
  prompt.id = "1";
  prompt.text = "List risks.";
  prompt.answers = {answer({"1. ", "Use ", "hazard ", "pointers", "."}),
                    answer({"1. ", "Use ", "mutexes", "."})};
  CompareAnswer& other = prompt.answers[1];
  other.drift = drift_of({0.001, 0.03, 0.7, 0.2, 0.0});
  other.split.emplace();
  other.split->index = 2;
  other.split->reference = TokenChance{1, "hazard ", 0.71};
  other.split->pane = TokenChance{2, "mutexes", 0.38};
  c.prompts.push_back(std::move(prompt));
  return c;
}

std::string painted(const Comparison& comparison, const CompareViewState& state, ui::Size size,
                    const ui::GlyphSet& glyphs = ui::kUnicodeGlyphs) {
  CompareTexts texts(glyphs);
  texts.update(comparison, state);
  ui::CompareScreen screen = compare_screen(comparison, state, texts, glyphs);
  std::vector<ui::TranscriptView> views(comparison.panes.size());
  for (std::size_t place = 0; place < views.size(); ++place) {
    const std::size_t pane = pane_at_place(state, place);
    views[pane].update(texts.messages(pane), ui::transcript_options(screen, size, static_cast<int>(place)));
    screen.panes[place].transcript = &views[pane];
  }
  ui::Canvas canvas(size);
  ui::draw(canvas, screen);
  return canvas.text();
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

std::string marked(const Comparison& c, DiffMode mode) {
  CompareViewState state;
  state.diff = mode;
  return painted(c, state, {24, 80});
}

}  // namespace

TEST_CASE("every token has its place in the shown text") {
  ShownAnswer shown;
  CompareAnswer a = answer({"<think>", "hm", "</think>", "\n", "Hé", "llo \x1b[31m", "w", "\xc3", "\xbc"});
  for (int i = 0; i < 3; ++i) a.tokens[static_cast<std::size_t>(i)].thinking = true;
  a.text = "Héllo \x1b[31mw\xc3\xbc";
  shown.update({a.tokens, a.text, "hm", true});
  CHECK(shown.text() == "Héllo [esc]wü");
  CHECK(shown.thinking() == "hm");
  REQUIRE(shown.places().size() == 9);
  for (int i = 0; i < 4; ++i) CHECK(shown.places()[static_cast<std::size_t>(i)].empty());
  const auto text_at = [&](std::size_t i) {
    return shown.text().substr(shown.places()[i].begin, shown.places()[i].end - shown.places()[i].begin);
  };
  CHECK(text_at(4) == "Hé");
  CHECK(text_at(5) == "llo [esc]");
  CHECK(text_at(6) == "w");
  CHECK(text_at(8) == "ü");
}

TEST_CASE("a growing answer is taken piece by piece, a new one from the beginning") {
  ShownAnswer shown;
  const std::vector<std::string> pieces = {"One", " two", " three"};
  for (std::size_t n = 1; n <= pieces.size(); ++n) {
    const CompareAnswer a =
        answer({pieces.begin(), pieces.begin() + static_cast<std::ptrdiff_t>(n)}, AnswerState::running);
    shown.update({a.tokens, a.text, a.thinking, false});
  }
  CHECK(shown.text() == "One two three");
  CHECK(shown.places()[2] == ShownRange{7, 13});
  CHECK(shown.generation() == 0);
  const CompareAnswer again = answer({"Un"}, AnswerState::running);
  shown.update({again.tokens, again.text, again.thinking, false});
  CHECK(shown.text() == "Un");
  CHECK(shown.generation() == 1);
}

TEST_CASE("differences in words, in tokens, and the first split alone") {
  const Comparison c = example();
  CHECK(has(marked(c, DiffMode::words), "[hazard pointers.→mutexes.]"));
  CHECK(has(marked(c, DiffMode::tokens), "[hazard pointers→mutexes]."));
  CHECK(has(marked(c, DiffMode::splits), "[hazard →mutexes]."));
  CHECK(!has(marked(c, DiffMode::off), "→"));
}

TEST_CASE("what is not written yet is no difference") {
  Comparison c = example();
  c.prompts[0].answers[1] = answer({"1. ", "Use "}, AnswerState::running);
  CHECK(!has(marked(c, DiffMode::words), "→"));
  c.prompts[0].answers[1] = answer({"1. ", "Use "});
  CHECK(has(marked(c, DiffMode::words), "[hazard pointers.→]"));
  c.prompts[0].answers[0] = answer({"1. "}, AnswerState::running);
  CHECK(!has(marked(c, DiffMode::words), "[Use"));
}

TEST_CASE("the screen says what the panes did") {
  const std::string text = painted(example(), {}, {40, 120});
  for (const char* part :
       {"[A] bf16 · reference", "[B] iq2_xxs", "you · 31 tok", "■ end of turn · 5 tok", "KLD .186",
        "top-1 60.0%", "worst tok 3", "first split", "tok 3 \"hazard \"/\"mutexes\" p .71/.38", "2/2 done",
        "interleave: all 2 panes fit", "same tokenizer ✓", "vote 1", "prompt 1 of 1"})
    CHECK_MESSAGE(has(text, part), part);
}

TEST_CASE("heat tints what was scored in the pane's own words, and all of the reference") {
  const Comparison c = example();
  CompareViewState state;
  state.heat = true;
  CompareTexts texts(ui::kUnicodeGlyphs);
  texts.update(c, state);
  const auto tints = [&](std::size_t pane) {
    const auto messages = texts.messages(pane);
    return messages[1].marks ? messages[1].marks->tints : std::vector<ui::TextMarks::Tint>{};
  };
  REQUIRE(tints(0).size() == 3);
  CHECK(tints(0)[0].style == ui::Style::heat_low);
  CHECK(tints(0)[1].style == ui::Style::heat_most);
  CHECK(tints(0)[2].style == ui::Style::heat_high);
  CHECK(tints(0)[1].begin == 7);
  REQUIRE(tints(1).size() == 2);  // up to and with the token where it left
  CHECK(tints(1)[1].end == std::string("1. Use mutexes").size());
}

TEST_CASE("a blind round gives nothing away") {
  Comparison c = example();
  c.notes = {"iq2_xxs: another template"};
  c.prompts[0].answers[1].thinking = "I am iq2";
  CompareViewState state;
  state.heat = true;
  state.blind = BlindRound{{1, 0}, 0, ""};
  state.focused = 1;
  for (const ui::Size size : {ui::Size{50, 200}, ui::Size{40, 120}, ui::Size{24, 80}, ui::Size{10, 40}}) {
    const std::string text = painted(c, state, size);
    for (const char* secret :
         {"bf16", "iq2", "IQ2", "t/s", "KLD", "MiB", "GiB", "tok", "hazard pointers.→", "fit"})
      CHECK_MESSAGE(!has(text, secret), secret);
  }
  const std::string wide = painted(c, state, {24, 80});
  CHECK(has(wide, "which answer is better?"));
  CHECK(wide.find("mutexes") < wide.find("hazard"));  // the order of the round
  c.prompts[0].answers[0].state = AnswerState::running;
  const std::string waiting = painted(c, state, {24, 80});
  CHECK(!has(waiting, "mutexes"));
  CHECK(has(waiting, "1 of 2 complete"));
  c.panes[1].error = CompareError{ErrorCode::E101, "iq2_xxs.gguf is gone", ""};
  c.prompts[0].answers[1].state = AnswerState::failed;
  c.prompts[0].answers[1].error = c.panes[1].error;
  c.prompts[0].answers[0].state = AnswerState::done;
  CHECK(!has(painted(c, state, {24, 80}), "iq2"));
}

TEST_CASE("a pane that failed says why and the others stay") {
  Comparison c = example();
  c.panes[1].state = PaneState::failed;
  c.panes[1].error = CompareError{ErrorCode::E101, "no.gguf: no such file", "check the path"};
  c.prompts[0].answers[1] = {};
  c.prompts[0].answers[1].state = AnswerState::failed;
  c.prompts[0].answers[1].error = c.panes[1].error;
  const std::string text = painted(c, {}, {40, 120});
  CHECK(has(text, "GLIM-E101: no.gguf: no such file"));
  CHECK(has(text, "hazard pointers"));
  CHECK(has(text, "iq2_xxs · failed"));
}

TEST_CASE("a pane that was swapped out after its answer does not wait for anything") {
  Comparison c = example();
  c.settings.mode = CompareMode::sequential;
  c.panes[0].state = PaneState::waiting;
  c.panes[0].resident = false;
  CHECK(has(painted(c, {}, {40, 120}), "[A] bf16 · reference"));
  c.phase = ComparePhase::running;
  c.prompts[0].answers[0] = {};
  CHECK(has(painted(c, {}, {40, 120}), "[A] bf16 · waits for its turn to load"));
}

TEST_CASE("nothing of a model reaches the screen raw") {
  Comparison c = example();
  c.panes[0].label = "evil\x1b]0;title\x07";
  c.prompts[0].answers[0] = answer({"a\x1b[2Jb",
                                    "\x9b"
                                    "31m"});
  c.prompts[0].text = "q\x1b[1m";
  c.prompts[0].answers[1].split->reference->text = "\x1b[5m\n";
  c.notes = {"note\x1b[3m"};
  for (const DiffMode mode : {DiffMode::off, DiffMode::words, DiffMode::tokens, DiffMode::splits}) {
    const std::string text = marked(c, mode);
    for (const char byte : text) CHECK((static_cast<unsigned char>(byte) >= 0x20 || byte == '\n'));
  }
}

TEST_CASE("a place belongs to the same sentence in the other pane") {
  Comparison c = example();
  c.prompts[0].answers[0] = answer({"One. ", "Two. ", "Three."});
  c.prompts[0].answers[1] = answer({"A much longer first one. ", "Two. ", "Three."});
  CompareTexts texts(ui::kUnicodeGlyphs);
  texts.update(c, {});
  const ui::Place here = texts.place_of(0, 5);
  const ui::Place there = texts.matching_place(0, here, 1);
  CHECK(there.offset == std::string("A much longer first one. ").size());
  CHECK(there.message == texts.messages(1)[1].id);
}

TEST_CASE("keys are letters while a prompt is written") {
  ui::KeyEvent key;
  key.key = ui::Key::character;
  key.text = "d";
  CHECK(!compare_action(key, {.typing = true}));
  CHECK(compare_action(key, {.typing = false}) == CompareAction::diff);
  key.text = "t";
  CHECK(!compare_action(key, {.typing = false}));
  CHECK(compare_action(key, {.typing = false, .blind = true}) == CompareAction::tie);
  key.key = ui::Key::f10;
  CHECK(compare_action(key, {.typing = true}) == CompareAction::quit);
  CHECK(compare_command_named("gr").name == "graft");
  CHECK_THROWS_AS(compare_command_named("nonsense"), Error);
}

TEST_CASE("the report puts the panes beside each other") {
  Comparison c = example();
  const ui::ReportScreen page = report_screen(c, {}, ui::kUnicodeGlyphs);
  REQUIRE(page.scorecard.rows.size() == 2);
  CHECK(page.scorecard.rows[0].cells[0] == "A bf16");
  REQUIRE(page.plot.points.size() == 2);
  CHECK(page.plot.points[0].y == 0);
  CHECK(page.plot.points[1].y == doctest::Approx(0.1862));
  REQUIRE(page.differences.rows.size() == 4);
  CHECK(page.differences.rows[0].cells[1] == "3");
  CHECK(page.differences.rows[0].cells[3] == "hazard ");
  CHECK(has(page.differences.rows[0].cells[2], "1. Use █ pointers."));
  REQUIRE(page.memory.rows.size() == 2);
  CHECK(page.memory.columns.at(1).heading == "8k");
  CHECK(std::any_of(page.verdict.begin(), page.verdict.end(), [](const std::string& line) {
    return has(line, "iq2_xxs is visibly different from bf16");
  }));

  ReportViewState by_size;
  by_size.order = ReportOrder::drift;
  std::swap(c.panes[0], c.panes[1]);
  std::swap(c.prompts[0].answers[0], c.prompts[0].answers[1]);
  c.settings.reference = 1;
  CHECK(report_screen(c, by_size, ui::kUnicodeGlyphs).scorecard.rows[0].cells[0] == "B bf16");
  c.phase = ComparePhase::stopped;
  CHECK(has(report_screen(c, {}, ui::kUnicodeGlyphs).warnings.at(0), "partial"));
}

TEST_CASE("only ASCII where the locale has nothing else") {
  Comparison c = example();
  for (const ui::Size size : {ui::Size{50, 200}, ui::Size{24, 80}, ui::Size{10, 40}})
    for (const bool blind : {false, true}) {
      CompareViewState state;
      if (blind) state.blind = BlindRound{{0, 1}, 0, "left"};
      for (const char byte : painted(c, state, size, ui::kAsciiGlyphs))
        CHECK(static_cast<unsigned char>(byte) < 0x80);
    }
}
