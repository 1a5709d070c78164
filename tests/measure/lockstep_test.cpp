#include "engine/measure/lockstep.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "engine/backends.h"
#include "engine/base/error.h"
#include "tests/support/vulkan_device.h"

using namespace glim;

namespace {

const std::string kModels = GLIM_SOURCE_DIR "/tests/golden/model/glm-mini-";

EngineOptions on(const char* backend, const char* file = "Q8_0.gguf", QuantType kv = QuantType::f16) {
  EngineOptions options;
  options.model = kModels + file;
  options.backend = backend;
  options.threads = 2;
  options.kv_type = kv;
  return options;
}

std::vector<TokenId> tokens() {
  std::vector<TokenId> out;
  for (TokenId i = 0; i < 24; ++i) out.push_back(3 + 7 * i % 50);
  return out;
}

Lockstep run(const EngineOptions& expected, const EngineOptions& found, double tolerance = 2e-3) {
  return run_in_lockstep(expected, found, tokens(), {.rows = 20, .tolerance = tolerance},
                         [] { return true; });
}

const StageDistance* find(const Lockstep& lockstep, std::string_view stage, std::string_view result) {
  const auto found = std::ranges::find_if(
      lockstep.worst, [&](const auto& one) { return one.stage == stage && one.result == result; });
  return found == lockstep.worst.end() ? nullptr : &*found;
}

}  // namespace

TEST_CASE("the processor agrees with the reference in every stage of every step") {
  const Lockstep lockstep = run(on("reference"), on("cpu"));
  CHECK(lockstep.beyond.empty());
  CHECK(lockstep.other_choices == 0);
  CHECK(lockstep.choices > 0);
  // One step of 20 rows and four of one.
  for (const char* stage : {"latent_down", "query_store", "absorb", "value", "output", "route", "expert_up",
                            "expert_down", "dense_up", "dense_down", "head", "embed"}) {
    CAPTURE(stage);
    const auto found =
        std::ranges::find_if(lockstep.worst, [&](const auto& one) { return one.stage == stage; });
    REQUIRE(found != lockstep.worst.end());
    CHECK(found->count % 5 == 0);
    CHECK(found->distance < 2e-3);
  }
  CHECK(find(lockstep, "embed", "out")->distance == 0);
}

TEST_CASE("a difference is told where it arises and does not reach the next stage") {
  // A cache of four bits differs where it is read, and there alone.
  const Lockstep lockstep = run(on("reference"), on("cpu", "Q8_0.gguf", QuantType::q4_0));
  REQUIRE_FALSE(lockstep.beyond.empty());
  CHECK(lockstep.beyond.front().stage == "value");
  CHECK(lockstep.beyond.front().layer == 0);
  for (const StageDistance& one : lockstep.beyond) CHECK(one.stage == "value");
  CHECK(find(lockstep, "output", "x")->distance < 2e-3);
}

TEST_CASE("a model in two places agrees with the processor in every stage") {
  if (!has_vulkan()) return;
  EngineOptions found = on("vulkan");
  found.cpu_moe_layers = 2;
  CHECK(run(on("cpu"), found).beyond.empty());
  found.host_cache = true;
  found.gpu_layers = 3;
  CHECK(run(on("cpu"), found).beyond.empty());
}

TEST_CASE("a run that is cancelled ends with E901") {
  try {
    run_in_lockstep(on("reference"), on("cpu"), tokens(), {}, [] { return false; });
    FAIL("not cancelled");
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::E901);
  }
}

TEST_CASE("Vulkan agrees with the processor in every stage") {
  const Devices found = devices();
  const bool usable = std::ranges::any_of(
      found.found, [](const DeviceReport& device) { return device.index >= 0 && device.missing.empty(); });
  if (!usable) {
    MESSAGE("skipped: no device can run glim");
    return;
  }
  for (const char* file : {"Q8_0.gguf", "Q4_K_M.gguf"}) {
    CAPTURE(file);
    const Lockstep lockstep = run(on("cpu", file), on("vulkan", file));
    for (const StageDistance& one : lockstep.beyond) {
      CAPTURE(one.stage);
      CAPTURE(one.result);
      CAPTURE(one.layer);
      CHECK(one.distance <= 2e-3);
    }
  }
}
