#include "tests/ops/stage_cases.h"

using namespace glim;
using namespace glim::stage_cases;

TEST_CASE(
    "every stage agrees with the reference, for all formats, shapes, instruction sets and thread counts") {
  for (const Case& c : cases()) {
    for (const Stage& stage : kStages) {
      CAPTURE(stage.name);
      CAPTURE(quant(c.type).name);
      CAPTURE(quant(c.kv).name);
      CAPTURE(c.shape.d);
      CAPTURE(c.parts.size());
      const std::vector<Result> expected = run_on(make_reference_backend(), stage, c);
      for (const Tier& tier : tiers()) {
        CAPTURE(tier.kernels->name);
        CAPTURE(tier.threads);
        const auto found = [&](bool eight_bits) {
          return run_on(make_cpu_backend(tier.threads, *tier.kernels, {.eight_bits = eight_bits}), stage, c);
        };
        if (tier.kernels->encode == nullptr) {
          check_close(found(false), expected);
          continue;
        }
        check_near(found(false), expected, false);
        check_near(found(true), expected, true);
      }
    }
  }
}

TEST_CASE("every stage gives the same bits for any number of threads") {
  for (const Case& c : cases()) {
    for (const Stage& stage : kStages) {
      CAPTURE(stage.name);
      const cpu::Kernels& fastest = *cpu::instruction_sets().front();
      const std::vector<Result> one = run_on(make_cpu_backend(1, fastest), stage, c);
      const std::vector<Result> three = run_on(make_cpu_backend(3, fastest), stage, c);
      for (std::size_t i = 0; i < one.size(); ++i) CHECK(one[i].values == three[i].values);
    }
  }
}
