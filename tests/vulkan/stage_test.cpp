#include "tests/ops/stage_cases.h"
#include "tests/vulkan/vulkan_fixture.h"

using namespace glim;
using namespace glim::stage_cases;

TEST_CASE("every stage agrees with the reference, for all formats, shapes and cache types") {
  Backend* backend = vulkan_for_tests();
  if (backend == nullptr) return;
  for (const Case& c : cases()) {
    for (const Stage& stage : kStages) {
      CAPTURE(stage.name);
      CAPTURE(quant(c.type).name);
      CAPTURE(quant(c.kv).name);
      CAPTURE(c.shape.d);
      CAPTURE(c.parts.size());
      const std::vector<Result> expected = run_on(make_reference_backend(), stage, c);
      check_close(run_on(std::make_unique<BorrowedBackend>(*backend), stage, c), expected);
    }
  }
}
