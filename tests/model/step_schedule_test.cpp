#include "engine/step_schedule.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>

#include "engine/backends.h"
#include "engine/base/error.h"
#include "tests/support/vulkan_device.h"

using namespace glim;

namespace {

bool can_plan() {
  std::vector<ScheduledDispatch> unused;
  try {
    make_schedule_backend(unused);
    return true;
  } catch (const Error&) {
    MESSAGE("skipped: this build has no Vulkan");
    return false;
  }
}

StepSchedule schedule(const std::string& model, std::int32_t rows, std::int32_t depth,
                      QuantType kv = QuantType::f16) {
  EngineOptions options;
  options.model = model;
  options.kv_type = kv;
  return step_schedule(options, rows, depth);
}

std::map<std::int32_t, int> barriers_by_layer(const StepSchedule& schedule) {
  std::map<std::int32_t, int> out;
  for (const ScheduledDispatch& d : schedule.dispatches) out[d.layer] += d.barrier ? 1 : 0;
  return out;
}

std::ptrdiff_t count(const StepSchedule& schedule, std::string_view stage) {
  return std::ranges::count_if(schedule.dispatches, [&](const auto& d) { return d.stage == stage; });
}

}  // namespace

TEST_CASE(
    "a token of the whole model waits 9 times per layer with experts and 430 times in all, at any depth") {
  if (!can_plan()) return;
  for (const std::int32_t depth : {0, 600, 32768, 202000}) {
    CAPTURE(depth);
    const StepSchedule found = schedule("shape:glm-4.7-flash:q4_k_m", 1, depth);
    REQUIRE(found.layers == 47);
    const std::map<std::int32_t, int> barriers = barriers_by_layer(found);
    int all = 0;
    for (const auto& [layer, here] : barriers) {
      CAPTURE(layer);
      if (layer > 0) CHECK(here <= 9);
      all += here;
    }
    CHECK(all <= 430);
    CHECK(all > 400);  // every stage needs what the one before it made
    CHECK(count(found, "expert_up") == 46);
    CHECK(count(found, "head") == 1);
  }
}

TEST_CASE("the schedule follows the rows, the depth and the type of the cache") {
  if (!can_plan()) return;
  const std::string model = GLIM_SOURCE_DIR "/tests/golden/model/glm-mini-Q8_0.gguf";
  const auto shader_of = [](const StepSchedule& schedule, std::string_view stage) {
    const auto found =
        std::ranges::find_if(schedule.dispatches, [&](const auto& d) { return d.stage == stage; });
    REQUIRE(found != schedule.dispatches.end());
    return *found;
  };
  const StepSchedule one = schedule(model, 1, 0, QuantType::q8_0), many = schedule(model, 40, 0);
  CHECK(shader_of(one, "attend").shader == "attend.q8_0");
  CHECK(shader_of(many, "attend").shader == "attend.f16");
  CHECK(shader_of(one, "value").shader == "multiply.q8_0");
  CHECK(shader_of(schedule(model, 1, 1500), "value").shader == "value.q8_0");
  CHECK(shader_of(many, "attend").groups[0] == 40);
  CHECK(schedule(model, 1, 1400).dispatches.size() == one.dispatches.size());
  CHECK_THROWS_AS(schedule(model, 1, 1 << 24), Error);
}

TEST_CASE("a step that is timed has the dispatches of its schedule") {
  if (!has_vulkan()) return;
  EngineOptions options;
  options.model = GLIM_SOURCE_DIR "/tests/golden/model/glm-mini-Q8_0.gguf";
  options.backend = "vulkan";
  const StepSchedule planned = step_schedule(options, 3, 100);
  const StepSchedule timed = timed_step(options, 3, 100, 3, [] { return true; });
  REQUIRE(timed.dispatches.size() == planned.dispatches.size());
  double sum = 0;
  for (std::size_t i = 0; i < timed.dispatches.size(); ++i) {
    CHECK(timed.dispatches[i].shader == planned.dispatches[i].shader);
    CHECK(timed.dispatches[i].groups == planned.dispatches[i].groups);
    sum += timed.dispatches[i].seconds;
  }
  CHECK(sum > 0);
  CHECK(sum < 60);
  CHECK_THROWS_AS(timed_step(options, 3, 100, 3, [] { return false; }), Error);
}
