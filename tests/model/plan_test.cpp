#include "engine/engine.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <string>

#include "tests/support/engine_fixture.h"
#include "tests/support/temp_dir.h"
#include "tests/support/tiny_model.h"
#include "tests/support/vulkan_device.h"

using namespace glim;

namespace {

void check_near(std::uint64_t actual, std::uint64_t expected) {
  CHECK(static_cast<double>(actual) == doctest::Approx(static_cast<double>(expected)).epsilon(0.01));
}

EngineOptions flash(std::uint64_t gib) {
  EngineOptions options;
  options.model = "shape:glm-4.7-flash:q4_k_m";
  options.ctx = 65536;
  options.memory = gib << 30;
  return options;
}

}  // namespace

TEST_CASE("the plan says what loading takes") {
  const Plan planned = plan(small_options());
  const std::unique_ptr<Engine> engine = ready_engine();
  const Stats stats = engine->stats();
  CHECK(planned.weight_bytes == stats.weight_bytes);
  CHECK(planned.kv_bytes == stats.kv_bytes);
  CHECK(planned.scratch_bytes == stats.scratch_bytes);
  CHECK(planned.ctx == 256);
  CHECK(planned.trained_ctx == 2048);
}

TEST_CASE("loading takes within a hundredth of what its plan says, for every spelling of a model") {
  const TempDir dir;
  TinyModel old, plain;
  old.legacy_kv_b = true;
  old.joint_gate_up = true;
  const auto write = [&](const TinyModel& tiny, const char* name) {
    TinyGguf file = tiny.file();
    std::vector<std::string> texts;
    for (std::int64_t i = 0; i < tiny.vocabulary; ++i) texts.push_back("t" + std::to_string(i));
    file.set("tokenizer.ggml.model", "gpt2").set("tokenizer.ggml.pre", "gpt-2");
    file.set("tokenizer.ggml.tokens", texts).set("tokenizer.ggml.merges", std::vector<std::string>{});
    file.write(dir / name);
  };
  write(old, "old.gguf");
  write(plain, "plain.gguf");
  for (const std::string& model : {(dir / "old.gguf").string(), (dir / "plain.gguf").string(), kModel,
                                   std::string(GLIM_SOURCE_DIR "/configs/spark/spark.gguf")}) {
    for (const char* backend : {"cpu", "reference"}) {
      CAPTURE(model);
      CAPTURE(backend);
      EngineOptions options = small_options();
      options.model = model;
      options.backend = backend;
      options.max_seqs = 2;
      const Plan planned = plan(options);
      const auto engine = open_engine(options);
      for (;;) {
        const Event event = next_event(*engine);
        if (const auto* failed = std::get_if<Failed>(&event)) FAIL(failed->message);
        if (std::holds_alternative<Ready>(event)) break;
      }
      Stats stats = engine->stats();
      check_near(stats.actual.weights, planned.weight_bytes);
      check_near(stats.actual.cache, planned.kv_bytes);
      check_near(stats.actual.scratch, planned.scratch_bytes);
      CHECK(stats.planned.total() == planned.total_bytes());
      options.ctx = 64;
      options.kv_type = QuantType::f32;
      engine->reconfigure(options);
      wait_for<Rebuilt>(*engine);
      stats = engine->stats();
      CHECK(stats.planned.cache == plan(options).kv_bytes);
      check_near(stats.actual.cache, stats.planned.cache);
      check_near(stats.actual.total(), stats.planned.total());
    }
  }
}

TEST_CASE("a shape is planned like its file, from its name alone") {
  EngineOptions options = flash(22);
  const Plan planned = plan(options);
  CHECK(planned.weight_bytes == 18'123'246'080);
  CHECK(planned.kv_bytes == 3'548'381'184);
  CHECK(planned.available_bytes == options.memory);
  CHECK(planned.weights_stay);
  CHECK(planned.notes.front().find("noise") != std::string::npos);
  CHECK(planned.fit() == Fit::tight);

  options.memory = std::uint64_t{16} << 30;
  try {
    plan(options);
    FAIL("16 GiB hold no 17 GiB");
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::E201);
    CHECK(std::string(error.what()).find("16.88 GiB of weights") != std::string::npos);
    CHECK(std::string(error.what()).find("16.00 GiB of memory") != std::string::npos);
  }
  options.weights_loaded = true;  // only the cache has to find room
  CHECK(plan(options).fit() != Fit::no);
}

TEST_CASE("what a card has no memory for is planned beside it, byte for byte") {
  const Plan whole = plan(flash(24));
  CHECK(!whole.placement.any());
  CHECK(whole.beside.total() == 0);

  EngineOptions options = flash(12);
  options.cpu_moe_layers = -1;
  const Plan least = plan(options);
  CHECK(least.fit() == Fit::fits);
  CHECK(least.placement.layers == 0);
  CHECK(least.memory().weights == whole.weight_bytes);
  CHECK(least.beside.cache == 0);
  options.cpu_moe_layers = least.placement.experts - 1;
  CHECK(plan(options).fit() == Fit::tight);
  options.cpu_moe_layers = 4;
  CHECK_THROWS_AS(plan(options), Error);

  // Of 48 layers, the output being one, 16 on the card.
  options.cpu_moe_layers = 0;
  options.gpu_layers = 16;
  const Plan layers = plan(options);
  CHECK(layers.placement.layers == 32);
  CHECK(layers.memory().weights == whole.weight_bytes);
  CHECK(layers.beside.cache == whole.kv_bytes / 47 * 32);
  CHECK(layers.memory().cache == whole.kv_bytes);
  CHECK(layers.notes.front().find("the first 32 layers") != std::string::npos);

  options.gpu_layers = 99;
  options.memory = std::uint64_t{18} << 30;
  options.host_cache = true;
  const Plan cache = plan(options);
  CHECK(cache.placement == Placement{.cache = true});
  CHECK(cache.kv_bytes == 0);
  CHECK(cache.beside.cache == whole.kv_bytes);
}

TEST_CASE("a model in two places takes what was planned and writes what it writes in one") {
  if (!has_vulkan()) return;
  const std::vector<TokenId> prompt = {5, 60, 71, 82, 93, 104};
  EngineOptions options = small_options();
  options.model = GLIM_SOURCE_DIR "/configs/spark/spark.gguf";
  options.backend = "cpu";
  const auto whole = ready_engine(options);
  const Answer expected = generate(*whole, whole->open_sequence(), request_of(prompt));
  options.backend = "vulkan";
  for (const bool discrete : {false, true}) {
    for (const Placement& placement : {Placement{.experts = 4}, {.layers = 2}, {.cache = true}}) {
      CAPTURE(discrete);
      CAPTURE(placement.layers);
      CAPTURE(placement.experts);
      discrete ? setenv("GLIM_DISCRETE", "1", 1) : unsetenv("GLIM_DISCRETE");
      options.gpu_layers = placement.layers > 0 ? 6 - placement.layers : -1;
      options.cpu_moe_layers = placement.experts;
      options.host_cache = placement.cache;
      const Plan planned = plan(options);
      CHECK(planned.placement == placement);
      const auto engine = ready_engine(options);
      CHECK(generate(*engine, engine->open_sequence(), request_of(prompt)).tokens == expected.tokens);
      const Stats stats = engine->stats();
      check_near(stats.actual.weights, planned.memory().weights);
      check_near(stats.actual.cache, planned.memory().cache);
      check_near(stats.actual.scratch, planned.memory().scratch);
    }
  }
  unsetenv("GLIM_DISCRETE");
}
