#include <doctest/doctest.h>

#include <cmath>

#include "engine/base/error.h"
#include "tests/app/compare_fixture.h"

namespace glim::app {
namespace {

double log_sum(const std::vector<float>& logits) {
  double sum = 0;
  for (const float logit : logits) sum += std::exp(static_cast<double>(logit));
  return std::log(sum);
}

double divergence(const std::vector<float>& base, const std::vector<float>& other) {
  double sum = 0;
  for (std::size_t i = 0; i < base.size(); ++i) {
    const double p = static_cast<double>(base[i]) - log_sum(base);
    sum += std::exp(p) * (p - (static_cast<double>(other[i]) - log_sum(other)));
  }
  return sum;
}

/// KL(reference || pane) of every token of the reference's row, as the definition says.
std::vector<double> divergences(const ScriptedModel& reference, const ScriptedModel& pane) {
  std::vector<double> out;
  std::vector<TokenId> text = {7};
  for (const TokenId next : reference.row) {
    out.push_back(divergence(reference(text), pane(text)));
    text.push_back(next);
  }
  return out;
}

ErrorCode code_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.code();
  }
  FAIL("nothing was thrown");
  return ErrorCode::E901;
}

}  // namespace

TEST_CASE("panes that fit together are all loaded, answer, and score the reference's answer exactly") {
  CompareFixture fixture;
  fixture.add("a", {});
  fixture.add("b", peaked(2.5f));
  fixture.add("c", changed({{2, 4}}));
  fixture.start();
  const Comparison& done = fixture.finish();
  CHECK(done.phase == ComparePhase::idle);
  CHECK(done.settings.mode == CompareMode::interleave);
  CHECK(done.settings.mode_reason.find("all 3 panes fit together") == 0);
  CHECK(fixture.most_alive == 3);
  CHECK(fixture.written(0) == "12312");
  CHECK(fixture.written(1) == "12312");
  CHECK(fixture.written(2) == "12412");

  CHECK_FALSE(fixture.answer(0).drift.has_value());
  const CompareAnswer& same = fixture.answer(1);
  CHECK(same.same_as_reference);
  CHECK_FALSE(same.split.has_value());
  REQUIRE(same.drift.has_value());
  CHECK(same.drift->complete);
  const std::vector<double> expected = divergences(fixture.models["a"], fixture.models["b"]);
  REQUIRE(same.drift->rows.size() == expected.size());
  double sum = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    CHECK(same.drift->rows[i].kld == doctest::Approx(expected[i]));
    CHECK(same.drift->rows[i].kld > 0);
    CHECK_FALSE(same.drift->rows[i].bound);
    CHECK(same.drift->rows[i].same_top);
    CHECK(same.drift->rows[i].rank == 1);
    sum += expected[i];
  }
  CHECK(same.drift->summary.mean_kld == doctest::Approx(sum / 5));
  CHECK(same.drift->summary.top1 == 1);

  const CompareAnswer& other = fixture.answer(2);
  REQUIRE(other.split.has_value());
  CHECK(other.split->index == 2);
  CHECK(other.split->reference->id == 3);
  CHECK(other.split->pane->id == 4);
  REQUIRE(other.drift->rows.size() == 5);
  CHECK_FALSE(other.drift->rows[2].same_top);
  CHECK(other.drift->rows[2].rank == 3);
  CHECK(other.drift->summary.worst_token == 2);
  CHECK(other.drift->summary.top1 == doctest::Approx(0.8));
  REQUIRE(other.split->reference_top.size() == 5);
  CHECK(other.split->reference_top[0].id == 3);
  CHECK(other.split->reference_top[0].text == "t3 ");
  CHECK(other.split->pane_top[0].id == 4);
  double all = 0;
  for (const TokenChance& one : other.split->pane_top) all += one.probability;
  CHECK(all == doctest::Approx(1));
}

TEST_CASE("energy is told where one pane works at a time") {
  CompareFixture fixture;
  fixture.sys = fixture.dir / "sys";
  std::filesystem::create_directories(fixture.sys / "class/hwmon/hwmon0");
  const auto counter = [&](const char* microjoules) {
    std::ofstream(fixture.sys / "class/hwmon/hwmon0/energy1_input") << microjoules;
  };
  counter("1000000");
  fixture.add("a", {});
  fixture.add("b", {});
  fixture.settings.asked = CompareMode::sequential;
  fixture.start();
  fixture.until([&] { return fixture.answer(0).state == AnswerState::running; });
  counter("3500000");
  fixture.finish();
  REQUIRE(fixture.answer(0).joules);
  CHECK(*fixture.answer(0).joules == doctest::Approx(2.5));
  CHECK(*fixture.answer(1).joules == 0);
  fixture.settings.asked = CompareMode::interleave;
  fixture.start();
  fixture.finish();
  CHECK_FALSE(fixture.answer(0).joules);
}

TEST_CASE("a model against itself has no drift at all") {
  CompareFixture fixture;
  fixture.add("a", {});
  fixture.wishes.words.push_back(fixture.wishes.words.front());
  fixture.start();
  const Comparison& done = fixture.finish();
  CHECK(done.panes[1].label == "a#2");
  CHECK(done.panes[1].shares_weights_with == 0);
  CHECK(done.needed_bytes == 100);
  CHECK(fixture.answer(1).drift->summary.mean_kld < 1e-6);
  CHECK(fixture.answer(1).drift->summary.top1 == 1);
  CHECK(fixture.answer(1).same_as_reference);
}

TEST_CASE("panes that do not fit take turns in memory, the reference first, and each is loaded once") {
  CompareFixture fixture;
  fixture.available = 700;
  fixture.add("large", peaked(3), 500);
  fixture.add("reference", {}, 400);
  fixture.add("small", changed({{1, 4}}), 200);
  fixture.settings.reference = 1;
  fixture.start({"one", "two words", "three"});
  const Comparison& done = fixture.finish();
  CHECK(done.settings.mode == CompareMode::sequential);
  CHECK(done.settings.mode_reason.find("do not fit together") != std::string::npos);
  CHECK(fixture.opened == std::vector<std::string>{"reference", "small", "large"});
  CHECK(fixture.most_alive == 1);
  for (std::size_t prompt = 0; prompt < 3; ++prompt) {
    CHECK(fixture.written(1, prompt) == "12312");
    const std::vector<double> expected = divergences(fixture.models["reference"], fixture.models["large"]);
    const CompareAnswer& large = fixture.answer(0, prompt);
    REQUIRE(large.drift.has_value());
    CHECK(large.drift->complete);
    for (std::size_t i = 0; i < expected.size(); ++i) {
      CHECK(large.drift->rows[i].kld == doctest::Approx(expected[i]));
      CHECK_FALSE(large.drift->rows[i].bound);
    }
    CHECK(fixture.answer(2, prompt).split->index == 1);
    CHECK(fixture.answer(2, prompt).split->reference_top[0].text == "t2 ");
  }
  CHECK(done.panes[2].resident == false);
  CHECK(done.panes[0].resident);
  CHECK(done.panes[0].loads == 1);
}

TEST_CASE("without drift the resident pane answers the next prompt first") {
  CompareFixture fixture;
  fixture.settings.asked = CompareMode::sequential;
  fixture.settings.drift = false;
  fixture.add("a", {}, 300);
  fixture.add("b", changed({{0, 4}}), 200);
  CompareRunner& runner = fixture.start();
  fixture.finish();
  CHECK(fixture.opened == std::vector<std::string>{"b", "a"});
  runner.ask("again");
  fixture.finish();
  CHECK(fixture.opened == std::vector<std::string>{"b", "a", "b"});
  CHECK(fixture.written(0, 1) == "12312");
  CHECK(fixture.written(1, 1) == "42312");
  CHECK_FALSE(fixture.answer(1, 1).drift.has_value());
  CHECK(fixture.answer(1, 1).split->reference_top.empty());
  CHECK(fixture.answer(1, 1).split->index == 0);
}

TEST_CASE("rows that do not fit into the budget are kept in part, and the divergence is a lower bound") {
  CompareFixture fixture;
  fixture.settings.asked = CompareMode::sequential;
  fixture.drift.exact_bytes = 2 * 5 * sizeof(float);
  fixture.drift.kept = 2;
  fixture.add("a", {});
  fixture.add("b", peaked(1));
  fixture.start();
  fixture.finish();
  const std::vector<double> exact = divergences(fixture.models["a"], fixture.models["b"]);
  const PaneDrift& drift = *fixture.answer(1).drift;
  REQUIRE(drift.rows.size() == 5);
  for (std::size_t i = 0; i < 5; ++i) {
    CHECK(drift.rows[i].bound == (i >= 2));
    CHECK(drift.rows[i].kld <= exact[i] + 1e-9);
    CHECK(drift.rows[i].kld > 0.5 * exact[i]);
  }
  CHECK(drift.summary.bound);
}

TEST_CASE("long answers are scored in pieces, side by side") {
  CompareFixture fixture;
  ScriptedModel model;
  model.row.clear();
  for (int i = 0; i < 150; ++i) model.row.push_back(1 + i % 4);
  fixture.add("a", model);
  model.peak = 2;
  fixture.add("b", model);
  std::vector<FakeEngine*> engines;
  fixture.change = [&](const std::string&, FakeEngine& engine) { engines.push_back(&engine); };
  fixture.start();
  fixture.finish();
  REQUIRE(fixture.answer(1).drift->rows.size() == 150);
  CHECK(fixture.answer(1).drift->complete);
  for (FakeEngine* engine : engines) {
    REQUIRE(engine->score_requests.size() == 3);
    std::size_t rows = 0;
    for (const ScoreRequest& request : engine->score_requests) {
      CHECK(request.keep_logits);
      CHECK(request.tokens.size() - static_cast<std::size_t>(request.first) <= 64);
      rows += request.tokens.size() - static_cast<std::size_t>(request.first);
    }
    CHECK(rows == 151);
  }
}

TEST_CASE("a pane that fails says why and the others go on") {
  CompareFixture fixture;
  fixture.add("a", {});
  fixture.add("b", {});
  std::size_t failing = 1;
  ErrorCode code = ErrorCode::E101;
  SUBCASE("its file is missing") {
    fixture.wishes.words[1] = (fixture.dir / "gone.gguf").string();
  }
  SUBCASE("it cannot be planned") {
    code = ErrorCode::E201;
    fixture.source.adjust = [&](const EngineOptions& options, Plan& plan) {
      plan.available_bytes = 1000;
      if (options.model.find("b.gguf") != std::string::npos) throw Error(ErrorCode::E201, "too large");
    };
  }
  SUBCASE("loading fails") {
    code = ErrorCode::E104;
    fixture.change = [](const std::string& name, FakeEngine& engine) {
      if (name == "b") engine.post(Failed{std::nullopt, ErrorCode::E104, "ends early", {}});
    };
    SUBCASE("one after the other") {
      fixture.settings.asked = CompareMode::sequential;
    }
  }
  SUBCASE("the engine fails while it answers") {
    code = ErrorCode::E403;
    fixture.change = [](const std::string& name, FakeEngine& engine) {
      if (name == "b") engine.fail_generate = Failed{SequenceId{1}, ErrorCode::E403, "not finite", {}};
    };
  }
  SUBCASE("the engine fails while it scores") {
    code = ErrorCode::E403;
    fixture.change = [](const std::string& name, FakeEngine& engine) {
      if (name == "b") engine.fail_score = Failed{SequenceId{1}, ErrorCode::E403, "not finite", {}};
    };
  }
  fixture.add("c", peaked(2));
  fixture.start({"one", "two"});
  const Comparison& done = fixture.finish();
  CHECK(done.phase == ComparePhase::idle);
  REQUIRE(done.panes[failing].error.has_value());
  CHECK(done.panes[failing].error->code == code);
  CHECK(done.panes[failing].state == PaneState::failed);
  CHECK_FALSE(done.panes[failing].resident);
  CHECK(fixture.answer(failing, 1).state == AnswerState::failed);
  for (std::size_t prompt = 0; prompt < 2; ++prompt) {
    CHECK(fixture.written(0, prompt) == "12312");
    CHECK(fixture.answer(2, prompt).drift->complete);
  }
}

TEST_CASE("a reference that fails leaves answers without drift") {
  CompareFixture fixture;
  fixture.add("a", {});
  fixture.add("b", {});
  fixture.add("c", {});
  fixture.change = [](const std::string& name, FakeEngine& engine) {
    if (name == "a") engine.fail_score = Failed{SequenceId{1}, ErrorCode::E403, "not finite", {}};
  };
  SUBCASE("side by side") {}
  SUBCASE("one after the other") {
    fixture.settings.asked = CompareMode::sequential;
  }
  fixture.start({"one", "two"});
  const Comparison& done = fixture.finish();
  CHECK(done.phase == ComparePhase::idle);
  CHECK(done.notes.back() == "a is the reference and has failed, so there is no drift");
  for (std::size_t pane = 1; pane < 3; ++pane) {
    CHECK(fixture.written(pane, 1) == "12312");
    CHECK_FALSE(fixture.answer(pane, 1).drift.has_value());
  }
}

TEST_CASE("a prompt that is too long for one pane fails there alone") {
  CompareFixture fixture;
  fixture.add("a", {});
  fixture.add("b", {});
  fixture.change = [](const std::string& name, FakeEngine& engine) {
    if (name == "b") engine.fail_generate = Failed{SequenceId{1}, ErrorCode::E401, "too long", {}};
  };
  fixture.start();
  const Comparison& done = fixture.finish();
  CHECK(done.phase == ComparePhase::idle);
  CHECK_FALSE(done.panes[1].error.has_value());
  CHECK(fixture.answer(1).state == AnswerState::failed);
  CHECK(fixture.answer(1).error->code == ErrorCode::E401);
  CHECK(fixture.written(0) == "12312");
}

TEST_CASE("prompts that no pane can render are skipped over") {
  CompareFixture fixture;
  fixture.add("a", {});
  fixture.add("b", {});
  fixture.change = [](const std::string&, FakeEngine& engine) { engine.render_error = "no"; };
  fixture.start({"one", "two", "three"});
  const Comparison& done = fixture.finish();
  CHECK(done.phase == ComparePhase::idle);
  for (const ComparePrompt& prompt : done.prompts)
    for (const CompareAnswer& answer : prompt.answers) CHECK(answer.error->code == ErrorCode::E402);
}

TEST_CASE(
    "a comparison can be stopped in every phase, keeps what it has and goes on with the next question") {
  CompareFixture fixture;
  fixture.add("a", {});
  fixture.add("b", {});
  std::vector<FakeEngine*> engines;
  bool silent = false;
  fixture.change = [&](const std::string&, FakeEngine& engine) {
    engine.silent = silent;
    engines.push_back(&engine);
  };
  SUBCASE("while it plans") {
    fixture.start();
    CHECK(fixture.runner->stop());
  }
  SUBCASE("while it loads") {
    fixture.ready = false;
    fixture.start();
    fixture.until([&] { return fixture.runner->state().panes[0].state == PaneState::loading; });
    CHECK(fixture.runner->stop());
    CHECK(fixture.alive == 0);
    fixture.ready = true;
  }
  SUBCASE("while it answers") {
    silent = true;
    fixture.start({"one", "two"});
    fixture.until([&] { return engines.size() == 2 && !engines[1]->requests.empty(); });
    engines[0]->post(Piece{1, 1, "t1 ", false, 0});
    fixture.until([&] { return fixture.answer(0).tokens.size() == 1; });
    CHECK(fixture.runner->stop());
    fixture.finish();
    CHECK(fixture.answer(0).finish == FinishReason::cancelled);
    CHECK(fixture.answer(0).text == "t1");
    for (FakeEngine* engine : engines) engine->silent = false;
  }
  const Comparison& done = fixture.finish();
  CHECK(done.phase == ComparePhase::stopped);
  CHECK_FALSE(fixture.runner->stop());
  for (const ComparePrompt& prompt : done.prompts)
    for (const CompareAnswer& answer : prompt.answers) CHECK(answer.state == AnswerState::stopped);

  silent = false;
  fixture.runner->ask("more");
  fixture.finish();
  CHECK(done.phase == ComparePhase::idle);
  const std::size_t last = done.prompts.size() - 1;
  CHECK(fixture.written(0, last) == "12312");
  CHECK(fixture.answer(1, last).drift->complete);
  CHECK(fixture.answer(0).state == AnswerState::stopped);
}

TEST_CASE("scoring that is stopped leaves the answers and a drift that says it is not complete") {
  CompareFixture fixture;
  fixture.add("a", {});
  fixture.add("b", {});
  FakeEngine* b = nullptr;
  fixture.change = [&](const std::string& name, FakeEngine& engine) {
    if (name == "b") b = &engine;
    engine.silent_scores = name == "b";
  };
  fixture.start();
  fixture.until([&] { return b != nullptr && !b->score_requests.empty(); });
  CHECK(fixture.runner->stop());
  const Comparison& done = fixture.finish();
  CHECK(done.phase == ComparePhase::stopped);
  CHECK(fixture.written(0) == "12312");
  CHECK(fixture.written(1) == "12312");
  CHECK((!fixture.answer(1).drift || !fixture.answer(1).drift->complete));
}

TEST_CASE("a graft forces the reference's token and goes on from there") {
  CompareFixture fixture;
  fixture.add("a", {});
  fixture.add("b", changed({{2, 4}}));
  fixture.add("c", changed({{1, 4}, {3, 2}}));
  SUBCASE("side by side") {}
  SUBCASE("one after the other") {
    fixture.settings.asked = CompareMode::sequential;
  }
  CompareRunner& runner = fixture.start();
  CHECK(code_of([&] { runner.graft(0, 1); }) == ErrorCode::E501);
  fixture.finish();
  CHECK(code_of([&] { runner.graft(0, 0); }) == ErrorCode::E501);
  CHECK(code_of([&] { runner.graft(4, 1); }) == ErrorCode::E501);
  runner.graft(0, 1);
  fixture.finish();
  const CompareAnswer& rejoined = fixture.answer(1);
  REQUIRE(rejoined.graft.has_value());
  CHECK(rejoined.graft->index == 2);
  CHECK(rejoined.graft->rejoined);
  CHECK(rejoined.graft->next_split == -1);
  CHECK(rejoined.graft->text == "t1 t2 t3 t1 t2");
  CHECK(fixture.written(1) == "12412");
  runner.graft(0, 2);
  fixture.finish();
  const CompareAnswer& derailed = fixture.answer(2);
  CHECK(derailed.graft->index == 1);
  CHECK_FALSE(derailed.graft->rejoined);
  CHECK(derailed.graft->next_split == 3);
  CHECK(derailed.graft->text == "t1 t2 t3 t2 t2");
}

TEST_CASE("an answer that ends earlier than the reference splits at its end") {
  CompareFixture fixture;
  fixture.add("a", {});
  fixture.add("b", rowed({1, 2, 3}));
  fixture.add("c", rowed({1, 2, 3, 1, 2, 4}));
  fixture.start();
  fixture.finish();
  const FirstSplit& early = *fixture.answer(1).split;
  CHECK(early.index == 3);
  CHECK(early.reference->id == 1);
  CHECK_FALSE(early.pane.has_value());
  CHECK(early.pane_top[0].id == 0);
  const FirstSplit& late = *fixture.answer(2).split;
  CHECK(late.index == 5);
  CHECK_FALSE(late.reference.has_value());
  CHECK(late.pane->id == 4);
  CHECK(late.reference_top[0].id == 0);
  CHECK(late.pane_top[0].id == 4);
  CHECK(code_of([&] { fixture.runner->graft(0, 2); }) == ErrorCode::E501);
}

TEST_CASE("an answer that a limit ends is no split") {
  CompareFixture fixture;
  fixture.wishes.overrides["sampling.max_tokens"] = {3, "test"};
  fixture.add("a", {});
  fixture.add("b", rowed({1, 2, 3}));
  fixture.start();
  fixture.finish();
  CHECK(fixture.written(0) == "123");
  CHECK(fixture.answer(0).finish == FinishReason::max_tokens);
  CHECK(fixture.answer(1).same_as_reference);
  CHECK_FALSE(fixture.answer(1).split.has_value());
}

TEST_CASE("what was expected of an answer is checked") {
  CompareFixture fixture;
  fixture.expect = {.kind = Expectation::Kind::regex, .text = "t3"};
  fixture.add("a", {});
  fixture.add("b", changed({{2, 4}}));
  fixture.start();
  fixture.finish();
  CHECK(fixture.answer(0).expected == true);
  CHECK(fixture.answer(1).expected == false);
  CHECK(fixture.answer(1).expected_why == "does not match /t3/");
}

TEST_CASE("votes are rated and kept, and taken back in both places") {
  CompareFixture fixture;
  for (const char* name : {"a", "b", "c"}) fixture.add(name, {});
  CompareRunner& runner = fixture.start();
  fixture.finish();
  const auto kept = [&] { return VoteStore(fixture.dir / "data").all(); };
  runner.pick(0, {2, 0, 1}, 0, false);
  Vote tie;
  tie.left = 1;
  tie.right = 0;
  runner.vote(tie);
  CHECK(runner.state().votes.ratings[2].wins == 2);
  CHECK(runner.state().votes.ratings[2].rating > 1000);
  REQUIRE(kept().size() == 3);
  CHECK(kept()[0].left.label == "c");
  CHECK(kept()[2].choice == VoteChoice::tie);
  CHECK(runner.undo_vote());
  CHECK(kept().size() == 2);
  CHECK(runner.undo_vote());
  CHECK(kept().empty());
  CHECK_FALSE(runner.undo_vote());
  CHECK(runner.state().votes.votes.empty());
}

TEST_CASE("panes are greedy with one seed unless something else is asked for") {
  CompareFixture fixture;
  fixture.add("a", {});
  fixture.add("b", {});
  std::vector<FakeEngine*> engines;
  fixture.change = [&](const std::string&, FakeEngine& engine) {
    engine.model.sampling.temp = 1;
    engines.push_back(&engine);
  };
  SUBCASE("by default") {}
  SUBCASE("with a temperature") {
    fixture.wishes.overrides["sampling.temp"] = {0.5, "test"};
    fixture.wishes.overrides["sampling.seed"] = {7, "test"};
  }
  SUBCASE("each as it likes") {
    fixture.wishes.own_sampling = true;
  }
  const bool own = fixture.wishes.own_sampling, warm = fixture.wishes.overrides.count("sampling.temp") != 0;
  fixture.start();
  fixture.finish();
  CHECK(fixture.runner->state().settings.greedy == !(own || warm));
  for (FakeEngine* engine : engines) {
    const SamplerOptions& sampling = engine->requests.front().sampling;
    CHECK(sampling.temp == doctest::Approx(own ? 1 : warm ? 0.5 : 0));
    if (!own) CHECK(sampling.seed == (warm ? 7 : 42));
  }
}

}  // namespace glim::app
