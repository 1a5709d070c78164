#include "engine/engine.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <string>

#include "engine/base/text.h"
#include "engine/engine_group.h"
#include "tests/support/engine_fixture.h"
#include "tests/support/temp_dir.h"
#include "tests/support/tiny_model.h"

using namespace glim;

TEST_CASE("loading passes through its stages and ends in Ready with a model card") {
  const std::unique_ptr<Engine> engine = open_engine(small_options());
  bool weights = false;
  for (;;) {
    const Event event = next_event(*engine);
    if (const Loading* loading = std::get_if<Loading>(&event))
      weights = weights || loading->stage == LoadStage::weights;
    if (std::holds_alternative<Ready>(event)) break;
    REQUIRE(!std::holds_alternative<Failed>(event));
  }
  CHECK(weights);
  CHECK(engine->card().architecture == "deepseek2");
  CHECK(engine->card().format == "Q8_0");
  CHECK(engine->card().vocabulary == 512);
  CHECK(engine->stats().ctx == 256);
}

TEST_CASE("a shape loads, answers and says that it is noise") {
  EngineOptions options = small_options();
  options.model = "shape:glm-4.7-flash:q2_k:layers=1";
  options.ctx = 64;
  const auto engine = ready_engine(options);
  CHECK(engine->card().name == "GLM-4.7-Flash (noise)");
  CHECK(engine->card().notes.front().find("its text means nothing") != std::string::npos);
  const Answer reply = generate(*engine, engine->open_sequence(), request_of({1, 2, 3}, 2));
  CHECK(reply.tokens.size() == 2);
}

TEST_CASE("a missing file, a wrong backend and a context beyond the model's end in one sentence each") {
  EngineOptions options = small_options();
  SUBCASE("file") {
    options.model = "/nowhere/model.gguf";
  }
  SUBCASE("backend") {
    options.backend = "abacus";
  }
  SUBCASE("context") {
    options.ctx = 4096;
  }
  const std::unique_ptr<Engine> engine = open_engine(options);
  for (;;) {
    const Event event = next_event(*engine);
    REQUIRE(!std::holds_alternative<Ready>(event));
    if (const Failed* failed = std::get_if<Failed>(&event)) {
      CHECK(!failed->sequence);
      CHECK(failed->message.find('\n') == std::string::npos);
      break;
    }
  }
  CHECK(engine->stats().state == Stats::State::failed);
}

TEST_CASE("the same request gives the same tokens, greedy or seeded, and the second time reuses the prompt") {
  const std::unique_ptr<Engine> engine = ready_engine();
  const SequenceId sequence = engine->open_sequence();
  Request request = request_of({10, 20, 30, 40, 50});
  SUBCASE("greedy") {}
  SUBCASE("seeded") {
    request.sampling.temp = 1.5;
    request.sampling.seed = 7;
  }
  const Answer first = generate(*engine, sequence, request);
  const Answer second = generate(*engine, sequence, request);
  CHECK(first.tokens.size() == 12);
  CHECK(first.tokens == second.tokens);
  CHECK(first.finished.reason == FinishReason::max_tokens);
  CHECK(first.finished.stats.reused_tokens == 0);
  CHECK(second.finished.stats.reused_tokens == 4);
  CHECK(second.finished.stats.generated_tokens == 12);
}

TEST_CASE("two conversations that share steps get what each gets alone") {
  const std::unique_ptr<Engine> engine = [] {
    EngineOptions options = small_options();
    options.max_seqs = 2;
    return ready_engine(options);
  }();
  const SequenceId a = engine->open_sequence(), b = engine->open_sequence();
  const Request to_a = request_of({1, 2, 3}, 20), to_b = request_of({300, 200, 100, 50, 25, 12, 6}, 20);
  const Answer alone_a = generate(*engine, a, to_a), alone_b = generate(*engine, b, to_b);
  engine->generate(a, to_a);
  engine->generate(b, to_b);
  std::vector<TokenId> tokens[2];
  for (int finished = 0; finished < 2;) {
    const Event event = next_event(*engine);
    if (const Piece* piece = std::get_if<Piece>(&event)) tokens[piece->sequence == b].push_back(piece->id);
    finished += std::holds_alternative<Finished>(event);
  }
  CHECK(tokens[0] == alone_a.tokens);
  CHECK(tokens[1] == alone_b.tokens);
}

TEST_CASE("a fork goes on from what its origin holds") {
  const std::unique_ptr<Engine> engine = [] {
    EngineOptions options = small_options();
    options.max_seqs = 2;
    return ready_engine(options);
  }();
  const SequenceId origin = engine->open_sequence();
  const Request request = request_of({9, 8, 7, 6, 5, 4});
  const Answer expected = generate(*engine, origin, request);
  const SequenceId fork = engine->fork_sequence(origin);
  const Answer forked = generate(*engine, fork, request);
  CHECK(forked.tokens == expected.tokens);
  CHECK(forked.finished.stats.reused_tokens == 5);
}

TEST_CASE("a cancelled reply ends at once and the sequence goes on afterwards") {
  const std::unique_ptr<Engine> engine = ready_engine();
  const SequenceId sequence = engine->open_sequence();
  engine->generate(sequence, request_of({1, 2, 3}, 200));
  wait_for<Piece>(*engine);
  engine->cancel(sequence);
  const Answer cut = wait_for_reply(*engine, sequence);
  CHECK(cut.finished.reason == FinishReason::cancelled);
  CHECK(cut.tokens.size() < 200);
  CHECK(generate(*engine, sequence, request_of({1, 2, 3})).tokens.size() == 12);
}

TEST_CASE("a reply that fills the context stops there, and a prompt that does not fit is refused") {
  const std::unique_ptr<Engine> engine = ready_engine();
  const SequenceId sequence = engine->open_sequence();
  const std::vector<TokenId> prompt(250, 33);
  const Answer reply = generate(*engine, sequence, request_of(prompt, -1));
  CHECK(reply.finished.reason == FinishReason::context_full);
  CHECK(reply.tokens.size() == 7);
  engine->generate(sequence, request_of(std::vector<TokenId>(256, 33)));
  for (;;) {
    const Event event = next_event(*engine);
    if (const Failed* failed = std::get_if<Failed>(&event)) {
      CHECK(failed->code == ErrorCode::E401);
      break;
    }
  }
  CHECK(generate(*engine, sequence, request_of({1, 2, 3})).tokens.size() == 12);
}

TEST_CASE("a stop string ends the reply before it") {
  const std::unique_ptr<Engine> engine = ready_engine();
  const SequenceId sequence = engine->open_sequence();
  const Answer whole = generate(*engine, sequence, request_of({11, 22, 33}, 24));
  REQUIRE(whole.text.size() > 6);
  const std::string stop = whole.text.substr(whole.text.size() / 2, 3);
  Request request = request_of({11, 22, 33}, 24);
  request.stop = {stop};
  const Answer cut = generate(*engine, sequence, request);
  CHECK(cut.finished.reason == FinishReason::stop_string);
  CHECK(cut.text == whole.text.substr(0, whole.text.find(stop)));
}

TEST_CASE("scores are the log-probabilities of the kept logits") {
  const std::unique_ptr<Engine> engine = ready_engine();
  const SequenceId sequence = engine->open_sequence();
  const std::vector<TokenId> tokens = {381, 271, 383, 273, 385};
  engine->score(sequence, {.tokens = tokens, .keep_logits = true});
  const Scored scored = wait_for<Scored>(*engine);
  REQUIRE(scored.scores.size() == 4);
  REQUIRE(scored.logits.size() == tokens.size() * 512);
  for (std::size_t i = 0; i < 4; ++i) {
    const float* row = scored.logits.data() + i * 512;
    double sum = 0;
    int above = 0;
    for (int j = 0; j < 512; ++j) sum += std::exp(static_cast<double>(row[j]));
    for (int j = 0; j < 512; ++j) above += row[j] > row[tokens[i + 1]];
    CHECK(scored.scores[i].logprob == doctest::Approx(row[tokens[i + 1]] - std::log(sum)).epsilon(1e-5));
    CHECK(scored.scores[i].rank == above + 1);
  }
}

TEST_CASE(
    "scores behind a position are those of the whole text, and what is held before it is not read again") {
  const std::unique_ptr<Engine> engine = ready_engine();
  const SequenceId sequence = engine->open_sequence(), other = engine->open_sequence();
  std::vector<TokenId> tokens(150);
  for (std::size_t i = 0; i < tokens.size(); ++i) tokens[i] = static_cast<TokenId>(200 + 7 * i % 300);
  engine->score(other, {.tokens = tokens, .keep_logits = true});
  const Scored whole = wait_for<Scored>(*engine);
  for (const std::int32_t first : {100, 130, 149}) {
    engine->score(sequence, {.tokens = tokens, .first = first, .keep_logits = true});
    const Scored part = wait_for<Scored>(*engine);
    const auto from = static_cast<std::size_t>(first);
    REQUIRE(part.scores.size() == tokens.size() - 1 - from);
    REQUIRE(part.logits.size() == (tokens.size() - from) * 512);
    for (std::size_t i = 0; i < part.scores.size(); ++i) {
      CHECK(part.scores[i].token == tokens[from + i + 1]);
      CHECK(part.scores[i].logprob == doctest::Approx(whole.scores[from + i].logprob).epsilon(1e-4));
    }
    CHECK(part.logits.front() == doctest::Approx(whole.logits[from * 512]).epsilon(1e-3));
  }
}

TEST_CASE("the device's own time of a reply is part of the time that passed") {
  const std::unique_ptr<Engine> engine = ready_engine();
  const Answer answer = generate(*engine, engine->open_sequence(), request_of({100, 101, 102, 103}));
  const GenerationStats& stats = answer.finished.stats;
  CHECK(stats.decode_steps == stats.generated_tokens - 1);
  CHECK(stats.prefill_device_seconds > 0);
  CHECK(stats.prefill_device_seconds <= stats.first_token_seconds);
  CHECK(stats.decode_device_seconds > 0);
  CHECK(stats.decode_device_seconds <= stats.decode_seconds);
  CHECK(stats.decode_device_rate() >= stats.decode_rate());
}

TEST_CASE("engines of a group take turns step by step and hold a file once") {
  EngineOptions options = small_options();
  options.group = std::make_shared<EngineGroup>();
  const std::unique_ptr<Engine> a = ready_engine(options);
  options.kv_type = QuantType::q8_0;
  const std::unique_ptr<Engine> b = open_engine(options);
  for (bool ready = false; !ready;) {
    const Event event = next_event(*b);
    ready = std::holds_alternative<Ready>(event);
    const Loading* loading = std::get_if<Loading>(&event);
    CHECK_MESSAGE((loading == nullptr || loading->stage != LoadStage::weights), "the weights came once more");
  }
  CHECK(&a->card() == &b->card());
  CHECK(b->stats().kv_type == QuantType::q8_0);

  const Request request = request_of({100, 101, 102, 103}, 40);
  const Answer alone = generate(*a, a->open_sequence(), request);
  const SequenceId first = a->open_sequence(), second = b->open_sequence();
  a->generate(first, request);
  b->generate(second, request);
  const Answer beside = wait_for_reply(*a, first);
  CHECK(beside.tokens == alone.tokens);
  CHECK(wait_for_reply(*b, second).tokens.size() == 40);
  CHECK(beside.finished.stats.decode_device_seconds < beside.finished.stats.decode_seconds);
}

TEST_CASE("a load that fails in a group is tried again by the next engine") {
  EngineOptions options = small_options();
  options.group = std::make_shared<EngineGroup>();
  const TempDir dir;
  options.model = dir / "later.gguf";
  for (int i = 0; i < 2; ++i) {
    const std::unique_ptr<Engine> engine = open_engine(options);
    for (;;) {
      const Event event = next_event(*engine);
      const Failed* failed = std::get_if<Failed>(&event);
      if (failed == nullptr) continue;
      CHECK(failed->code == ErrorCode::E101);
      break;
    }
  }
}

TEST_CASE("another context and KV type keep the weights, and an impossible one changes nothing") {
  const std::unique_ptr<Engine> engine = ready_engine();
  const SequenceId sequence = engine->open_sequence();
  const Answer before = generate(*engine, sequence, request_of({5, 6, 7}));
  EngineOptions options = small_options();
  options.ctx = 512;
  options.kv_type = QuantType::f32;
  engine->reconfigure(options);
  wait_for<Rebuilt>(*engine);
  CHECK(engine->stats().ctx == 512);
  CHECK(engine->stats().kv_type == QuantType::f32);
  CHECK(generate(*engine, sequence, request_of({5, 6, 7})).tokens.size() == before.tokens.size());
  options.ctx = 1'000'000;
  engine->reconfigure(options);
  for (;;) {
    const Event event = next_event(*engine);
    if (std::holds_alternative<Failed>(event)) break;
  }
  CHECK(engine->stats().ctx == 512);
  CHECK(generate(*engine, sequence, request_of({5, 6, 7})).tokens.size() == 12);
}

TEST_CASE("sizes beyond what can be counted are refused before loading") {
  EngineOptions options = small_options();
  SUBCASE("a cache of more tokens than there are positions") {
    options.kv_budget = std::int64_t{1} << 40;
  }
  SUBCASE("sequences whose contexts together are") {
    options.max_seqs = std::numeric_limits<std::int32_t>::max();
  }
  SUBCASE("no row in a step") {
    options.batch = 0;
  }
  SUBCASE("too many rows in a step") {
    options.batch = std::numeric_limits<std::int32_t>::max();
  }
  try {
    plan(options);
    FAIL("not refused");
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::E603);
  }
}

TEST_CASE("a reply of no tokens reads the prompt and ends") {
  const std::unique_ptr<Engine> engine = ready_engine();
  const SequenceId sequence = engine->open_sequence();
  const Answer answer = generate(*engine, sequence, request_of({1, 2, 3}, 0));
  CHECK(answer.tokens.empty());
  CHECK(answer.finished.reason == FinishReason::max_tokens);
  CHECK(answer.finished.stats.generated_tokens == 0);
  CHECK(generate(*engine, sequence, request_of({1, 2, 3, 4}, 1)).finished.stats.reused_tokens == 3);
}

TEST_CASE("a reply does not notice that others begin and are cut off beside it") {
  EngineOptions options = small_options();
  options.max_seqs = 2;
  const std::unique_ptr<Engine> engine = ready_engine(options);
  const SequenceId quiet = engine->open_sequence(), busy = engine->open_sequence();
  const Request request = request_of({100, 101, 102}, 60);
  const Answer alone = generate(*engine, quiet, request);
  engine->generate(quiet, request);
  Answer beside;
  for (bool done = false; !done;) {
    const Event event = next_event(*engine);
    REQUIRE(!std::holds_alternative<Failed>(event));
    const Finished* finished = std::get_if<Finished>(&event);
    done = finished != nullptr && finished->sequence == quiet;
    const Piece* piece = std::get_if<Piece>(&event);
    if (piece == nullptr || piece->sequence != quiet) continue;
    beside.tokens.push_back(piece->id);
    engine->generate(busy, request_of(std::vector<TokenId>(40, 9)));
    engine->cancel(busy);
  }
  CHECK(beside.tokens == alone.tokens);
}

TEST_CASE("a reply that uses up the budget of all sequences ends as full, a prompt is refused") {
  EngineOptions options = small_options();
  options.kv_budget = 64;
  const std::unique_ptr<Engine> engine = ready_engine(options);
  const SequenceId sequence = engine->open_sequence();
  const Answer reply = generate(*engine, sequence, request_of({1, 2, 3}, -1));
  CHECK(reply.finished.reason == FinishReason::context_full);
  CHECK(reply.tokens.size() == 62);
  engine->generate(sequence, request_of(std::vector<TokenId>(65, 9)));
  for (;;) {
    const Event event = next_event(*engine);
    const Failed* failed = std::get_if<Failed>(&event);
    if (failed == nullptr) continue;
    CHECK(failed->code == ErrorCode::E401);
    CHECK(failed->sequence == sequence);
    break;
  }
}

TEST_CASE("scoring that is cancelled says so") {
  const std::unique_ptr<Engine> engine = ready_engine();
  const SequenceId sequence = engine->open_sequence();
  engine->score(sequence, {.tokens = std::vector<TokenId>(200, 7)});
  engine->cancel(sequence);
  CHECK(wait_for<Finished>(*engine).reason == FinishReason::cancelled);
}

TEST_CASE("a model that produces values that are not finite ends the reply, not the engine") {
  const TinyModel tiny;
  TinyGguf file = tiny.file();
  std::vector<float> head = TinyModel::values("output.weight", tiny.width, tiny.width * tiny.vocabulary);
  SUBCASE("no number") {
    head[5 * 32] = std::numeric_limits<float>::quiet_NaN();
  }
  SUBCASE("infinity") {
    head[5 * 32] = std::numeric_limits<float>::infinity();
  }
  file.remove_tensor("output.weight").tensor("output.weight", {tiny.width, tiny.vocabulary}, head);
  file.set("tokenizer.ggml.model", "gpt2").set("tokenizer.ggml.pre", "gpt-2");
  std::vector<std::string> texts;
  for (std::int64_t i = 0; i < tiny.vocabulary; ++i) texts.push_back("t" + std::to_string(i));
  file.set("tokenizer.ggml.tokens", texts).set("tokenizer.ggml.merges", std::vector<std::string>{});
  const TempDir dir;
  file.write(dir / "broken.gguf");
  EngineOptions options = small_options();
  options.model = dir / "broken.gguf";
  const std::unique_ptr<Engine> engine = ready_engine(options);
  const SequenceId sequence = engine->open_sequence();
  for (const bool score : {false, true}) {
    score ? engine->score(sequence, {.tokens = {1, 2, 3}})
          : engine->generate(sequence, request_of({1, 2, 3}));
    for (;;) {
      const Event event = next_event(*engine);
      REQUIRE(!std::holds_alternative<Finished>(event));
      const Failed* failed = std::get_if<Failed>(&event);
      if (failed == nullptr) continue;
      CHECK(failed->sequence == sequence);
      CHECK(failed->code == ErrorCode::E403);
      break;
    }
  }
}

TEST_CASE("destroying an engine that loads or writes waits for nobody") {
  { const std::unique_ptr<Engine> loading = open_engine(small_options()); }
  const std::unique_ptr<Engine> engine = ready_engine();
  engine->generate(engine->open_sequence(), request_of({1}, -1));
}

TEST_CASE("two engines live side by side") {
  const std::unique_ptr<Engine> a = ready_engine(), b = ready_engine();
  const Request request = request_of({100, 101, 102});
  CHECK(generate(*a, a->open_sequence(), request).tokens == generate(*b, b->open_sequence(), request).tokens);
}

TEST_CASE(
    "the tags of thoughts keep their text when the file makes them control tokens; others stay silent") {
  TinyModel tiny;
  std::vector<std::string> texts;
  for (std::int64_t i = 0; i < tiny.vocabulary; ++i) texts.push_back("t" + std::to_string(i));
  std::vector<std::int32_t> types(texts.size(), 1);
  texts[40] = "</think>", texts[41] = "<|sop|>", types[40] = types[41] = 3;
  TinyGguf file = tiny.file();
  file.set("tokenizer.ggml.model", "gpt2").set("tokenizer.ggml.pre", "gpt-2");
  file.set("tokenizer.ggml.tokens", texts).set("tokenizer.ggml.token_type", types);
  file.set("tokenizer.ggml.merges", std::vector<std::string>{});
  const TempDir dir;
  file.write(dir / "control.gguf");

  EngineOptions options = small_options();
  options.model = dir / "control.gguf";
  const std::unique_ptr<Engine> engine = ready_engine(options);
  for (const TokenId forced : {40, 41}) {
    Request request = request_of({1, 2, 3}, 1);
    request.sampling.logit_bias = {{forced, 1e6f}};
    engine->generate(engine->open_sequence(), request);
    const Piece piece = wait_for<Piece>(*engine);
    CHECK(piece.id == forced);
    CHECK(piece.special);
    CHECK(piece.text == (forced == 40 ? "</think>" : ""));
    wait_for<Finished>(*engine);
    engine->close_sequence(piece.sequence);
  }
}
