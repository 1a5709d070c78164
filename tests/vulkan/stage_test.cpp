#include "tests/vulkan/stage_check.h"

using namespace glim;
using namespace glim::stage_cases;

TEST_CASE("every stage agrees with the reference, for all formats, shapes and cache types") {
  Backend* backend = vulkan_for_tests();
  if (backend == nullptr) return;
  for (const Case& c : cases()) check_stages(*backend, c);
}
