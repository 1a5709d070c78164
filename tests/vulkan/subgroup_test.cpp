#include "tests/vulkan/stage_check.h"

using namespace glim;
using namespace glim::stage_cases;

namespace {

/// Together they run every shader: with rows of several sequences, with enough rows to sort them by
/// expert, with sizes that no vector divides, with
/// scales beside the weights, and with a context long enough to be attended in parts.
std::vector<Case> few_cases() {
  return {{kBlocky, {{0, 5}, {70, 1}, {3, 9}}, QuantType::q4_k, QuantType::q8_0},
          {kBlocky, {{20, 21}}, QuantType::q6_k, QuantType::f16},
          {kOdd, {{61, 7}}, QuantType::f32, QuantType::f32},
          {kWide, {{1100, 2}, {5, 1}}, QuantType::nvfp4, QuantType::rot3}};
}

}  // namespace

TEST_CASE("every stage agrees with the reference, whatever the size of subgroups") {
  Backend* backend = vulkan_for_tests();
  if (backend == nullptr) return;
  for (const Case& c : few_cases()) check_stages(*backend, c);
}
