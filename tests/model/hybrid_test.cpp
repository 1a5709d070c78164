#include <doctest/doctest.h>

#include "engine/cpu/cpu_backend.h"
#include "engine/reference/reference_backend.h"
#include "tests/support/model_fixture.h"
#include "tests/support/placements.h"

using namespace glim;

namespace {

const std::filesystem::path kHere = GLIM_SOURCE_DIR "/tests/golden/model";
const std::filesystem::path kMini = kHere / "glm-mini-Q8_0.gguf";

std::unique_ptr<Backend> processor() {
  return make_cpu_backend(2);
}

}  // namespace

TEST_CASE("wherever its parts lie, a model gives the same logits") {
  const std::vector<TokenId> tokens = read_tokens(kHere / "tokens.txt");
  const std::vector<float> whole = ModelFixture(kMini, processor(), QuantType::f16).run(tokens, 7);
  for (const Placement& placement : test_placements()) {
    CAPTURE(placement.layers);
    CAPTURE(placement.experts);
    CAPTURE(placement.cache);
    ModelFixture same(kMini, hybrid_for(kMini, placement, processor(), processor()), QuantType::f16);
    CHECK(same.run(tokens, 7) == whole);
    ModelFixture other(kMini, hybrid_for(kMini, placement, make_reference_backend(), processor()),
                       QuantType::f16);
    CHECK(relative_l2(other.run(tokens, 7), whole) <= 3e-3);
  }
}

TEST_CASE("forks copy the rows of a cache wherever it lies") {
  const std::vector<TokenId> prompt = read_tokens(kHere / "tokens.txt");
  for (const Placement& placement : test_placements()) {
    ModelFixture fixture(kMini, hybrid_for(kMini, placement, processor(), processor()), QuantType::f16);
    const std::vector<float> expected = fixture.run(prompt, 24);
    Timeline first(fixture.cache), second(fixture.cache);
    fixture.run(first, std::span(prompt).first(10), 24);
    second.fork_from(first);
    fixture.run(first, std::vector<TokenId>(30, 7), 24);
    const std::vector<float> rest = fixture.run(second, std::span(prompt).subspan(10), 24);
    CHECK(rest == std::vector<float>(expected.end() - std::ssize(rest), expected.end()));
  }
}

TEST_CASE("the bytes that lie with the processor are those that were planned") {
  const GgufFile file(kMini);
  const ModelConfig config = read_config(file);
  std::uint64_t before = 0;
  for (const Placement& placement : test_placements()) {
    const PlacedBytes planned = placed_weight_bytes(file, config, placement);
    CHECK(planned.all == weight_bytes(file, config));
    CHECK((planned.beside > 0) == (placement.layers > 0 || placement.experts > config.dense_layers));
    ModelFixture fixture(kMini, hybrid_for(kMini, placement, make_reference_backend(), processor()),
                         QuantType::f16);
    CHECK(fixture.backend->memory().weights == planned.all);
    CHECK(fixture.backend->holder("blk.0.ffn_gate.weight").memory().weights ==
          (placement.layers > 0 ? planned.beside : planned.all));
    CHECK(fixture.backend->memory().cache == fixture.cache.bytes());
    before = planned.beside;
  }
  CHECK(before < weight_bytes(file, config));
}
