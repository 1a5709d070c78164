#include "engine/measure/bench.h"

#include <doctest/doctest.h>

#include <fstream>

#include "engine/base/thread_pool.h"
#include "engine/measure/read_bandwidth.h"
#include "tests/support/temp_dir.h"

namespace glim {
namespace {

const std::string kModel = GLIM_SOURCE_DIR "/tests/golden/model/glm-mini-Q8_0.gguf";

bool always() {
  return true;
}

BenchModel small_model(std::int32_t batch = 16) {
  EngineOptions options;
  options.model = kModel;
  options.threads = 1;
  options.batch = batch;
  return BenchModel(options, always);
}

}  // namespace

TEST_CASE("names of tests are those of llama-bench") {
  CHECK(BenchTest{512, 0, 0}.name() == "pp512");
  CHECK(BenchTest{0, 128, 4096}.name() == "tg128 @ d4096");
  CHECK(BenchTest{512, 128, 0}.name() == "pp512+tg128");
}

TEST_CASE("mean, sample deviation and doubts") {
  CHECK(spread_of({}).mean == 0);
  CHECK(spread_of({4}).deviation == 0);
  CHECK(spread_of({1, 3}).mean == 2);
  CHECK(spread_of({1, 3}).deviation == doctest::Approx(1.4142135));
  BenchResult result;
  result.test = {0, 1, 0};
  result.ns = {1000, 1001, 1000};
  CHECK(doubts(result).empty());
  result.ns = {1000, 1200, 1000};
  CHECK(doubts(result).size() == 1);
  result.ns = {1000, 1030, 1060};
  CHECK(doubts(result).size() == 1);
  result.ns = {1000, 1200, 1400};
  CHECK(doubts(result).size() == 2);
}

TEST_CASE("what a step reads follows the experts that it needs") {
  BenchModel model = small_model();
  const BenchRules rules{.repetitions = 2};
  const auto one = model.run({0, 8, 0}, rules, always);
  REQUIRE(one);
  CHECK(one->ns.size() == 2);
  CHECK(one->traffic.counted);
  BenchRules cold = rules;
  cold.warm_up = false;
  // A single row needs exactly the experts that the router chooses, however it chooses.
  const auto unwarmed = model.run({0, 8, 0}, cold, always);
  CHECK(unwarmed->traffic.counted);
  CHECK(unwarmed->traffic.weight_bytes == doctest::Approx(one->traffic.weight_bytes));
  CHECK(!model.run({16, 0, 0}, cold, always)->traffic.counted);
  CHECK(model.run({16, 0, 0}, rules, always)->traffic.counted);
  const auto deep = model.run({0, 8, 32}, rules, always);
  CHECK(deep->traffic.weight_bytes == doctest::Approx(one->traffic.weight_bytes));
  CHECK(deep->traffic.kv_bytes - one->traffic.kv_bytes ==
        doctest::Approx(32.0 * static_cast<double>(kv_bytes_per_token(model.config(), QuantType::f16))));
  const auto prompt = model.run({16, 0, 0}, rules, always);
  CHECK(prompt->traffic.weight_bytes < one->traffic.weight_bytes);
  CHECK(prompt->traffic.weight_bytes * 16 < static_cast<double>(model.file().file_bytes()));
}

TEST_CASE("many sequences share steps, and a prompt where it is one") {
  BenchModel model = small_model();
  for (const bool shared : {false, true}) {
    CAPTURE(shared);
    const ParallelTest test{5, 20, 3, shared};
    CHECK(test.kv_tokens() == (shared ? 35 : 115));
    const auto result = model.run_parallel(test, {}, always);
    REQUIRE(result);
    REQUIRE(result->first_token_seconds.size() == 5);
    for (const double seconds : result->first_token_seconds) CHECK(seconds > 0);
    CHECK(result->first_token_seconds.back() <= result->prompt_seconds);
  }
  // More sequences than rows of a step.
  CHECK(model.run_parallel({20, 1, 2, false}, {}, always));
}

TEST_CASE("stopping ends a run without a result") {
  BenchModel model = small_model();
  int asked = 0;
  const auto go_on = [&] { return ++asked < 4; };
  CHECK(!model.run({64, 64, 0}, {}, go_on));
  CHECK(asked == 4);
  CHECK(!model.run_parallel({4, 64, 64, false}, {}, go_on));
}

TEST_CASE("energy counters are read with their range, packages only") {
  TempDir dir;
  const auto write = [&](const std::string& file, const char* text) {
    const std::filesystem::path path = dir / file;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
  };
  CHECK(!EnergyMeter(dir.path()).take());
  write("class/hwmon/hwmon0/energy1_input", "500000");
  EnergyMeter sensors(dir.path());
  write("class/hwmon/hwmon0/energy1_input", "1500000");
  CHECK(*sensors.take() == doctest::Approx(1.0));
  write("class/powercap/intel-rapl:0/energy_uj", "900");
  write("class/powercap/intel-rapl:0/max_energy_range_uj", "1000");
  write("class/powercap/intel-rapl:0:0/energy_uj", "0");
  EnergyMeter meter(dir.path());
  write("class/powercap/intel-rapl:0/energy_uj", "100");
  write("class/powercap/intel-rapl:0:0/energy_uj", "999");
  CHECK(*meter.take() == doctest::Approx(200e-6));
  CHECK(*meter.take() == 0);
}

TEST_CASE("reading memory takes time") {
  ThreadPool pool(1);
  const double rate = read_bandwidth(pool, 1 << 16);
  CHECK(rate > 1e7);
  CHECK(rate < 1e13);
}

}  // namespace glim
