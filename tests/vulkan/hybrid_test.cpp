#include "engine/cpu/cpu_backend.h"
#include "tests/support/model_fixture.h"
#include "tests/support/placements.h"
#include "tests/vulkan/vulkan_fixture.h"

using namespace glim;

namespace {

const std::filesystem::path kHere = GLIM_SOURCE_DIR "/tests/golden/model";
const std::filesystem::path kMini = kHere / "glm-mini-Q4_K_M.gguf";

}  // namespace

// Run once more with GLIM_DISCRETE, where activations have to be copied.
TEST_CASE("with parts of it on the processor a model gives the logits of the processor") {
  if (vulkan_for_tests() == nullptr) return;
  const std::vector<TokenId> tokens = read_tokens(kHere / "tokens.txt");
  const std::vector<float> whole = ModelFixture(kMini, make_cpu_backend(2), QuantType::f16).run(tokens, 24);
  for (const Placement& placement : test_placements()) {
    CAPTURE(placement.layers);
    CAPTURE(placement.experts);
    CAPTURE(placement.cache);
    ModelFixture fixture(kMini,
                         hybrid_for(kMini, placement, std::make_unique<BorrowedBackend>(*vulkan_for_tests()),
                                    make_cpu_backend(2)),
                         QuantType::f16);
    CHECK(relative_l2(fixture.run(tokens, 24), whole) <= 3e-3);
    CHECK(relative_l2(fixture.run(tokens, 1), whole) <= 3e-3);
    CHECK(fixture.backend->memory().total() > 0);
  }
}
