#include <algorithm>

#include "engine/cpu/cpu_backend.h"
#include "tests/support/model_fixture.h"
#include "tests/vulkan/vulkan_fixture.h"

using namespace glim;

namespace {

const std::filesystem::path kHere = GLIM_SOURCE_DIR "/tests/golden/model";
const std::filesystem::path kOutside = GLIM_SOURCE_DIR "/../shared/golden/model";

std::vector<std::filesystem::path> present_models() {
  std::vector<std::filesystem::path> files;
  for (const char* name : {"Q8_0", "Q4_K_M", "IQ4_XS", "Q4_0_ROCMFP4_STRIX_LEAN"}) {
    files.push_back(kHere / ("glm-mini-" + std::string(name) + ".gguf"));
  }
  if (std::filesystem::exists(kOutside / "glm-mini-f32.gguf")) {
    files.push_back(kOutside / "glm-mini-f32.gguf");
  } else {
    MESSAGE("glm-mini-f32.gguf is not here; skipping it");
  }
  return files;
}

std::unique_ptr<Backend> borrowed() {
  return std::make_unique<BorrowedBackend>(*vulkan_for_tests());
}

/// `count` tokens that follow the prompt, each the most likely.
std::vector<TokenId> continue_greedily(ModelFixture& fixture, std::vector<TokenId> prompt, int count) {
  Timeline timeline(fixture.cache);
  std::vector<TokenId> out;
  for (int i = 0; i < count; ++i) {
    const std::vector<float> logits = fixture.run(timeline, prompt, 24);
    const auto last = logits.end() - static_cast<std::ptrdiff_t>(logits.size() / prompt.size());
    out.push_back(static_cast<TokenId>(std::max_element(last, logits.end()) - last));
    prompt = {out.back()};
  }
  return out;
}

}  // namespace

TEST_CASE("logits are within 3e-3 of the exact ones of every file, with a cache of halves") {
  if (vulkan_for_tests() == nullptr) return;
  const std::vector<TokenId> tokens = read_tokens(kHere / "tokens.txt");
  for (const std::filesystem::path& file : present_models()) {
    CAPTURE(file.stem().string());
    ModelFixture fixture(file, borrowed(), QuantType::f16);
    const std::vector<float> exact = read_floats(kHere / (file.stem().string() + ".logits.f32"));
    const std::vector<float> found = fixture.run(tokens, 24);
    REQUIRE(found.size() == exact.size());
    const double error = relative_l2(found, exact);
    MESSAGE(file.stem().string() << ": relative L2 " << error);
    CHECK(error <= 3e-3);
    // In pieces, so that steps of other sizes and several steps write the cache.
    CHECK(relative_l2(fixture.run(tokens, 7), exact) <= 3e-3);
    CHECK(relative_l2(fixture.run(tokens, 1), exact) <= 3e-3);
  }
}

TEST_CASE("a fork goes on from the shared prefix as if it had read it itself") {
  if (vulkan_for_tests() == nullptr) return;
  ModelFixture fixture(kHere / "glm-mini-Q8_0.gguf", borrowed(), QuantType::f16);
  const std::vector<TokenId> prompt = read_tokens(kHere / "tokens.txt");
  const std::vector<float> expected = fixture.run(prompt, 24);
  Timeline first(fixture.cache), second(fixture.cache);
  fixture.run(first, std::span(prompt).first(10), 24);
  second.fork_from(first);
  fixture.run(first, std::vector<TokenId>(30, 7), 24);
  const std::vector<float> rest = fixture.run(second, std::span(prompt).subspan(10), 24);
  const std::vector<float> tail(expected.end() - std::ssize(rest), expected.end());
  CHECK(relative_l2(rest, tail) <= 1e-5);
}

TEST_CASE("a context of several parts of attention gives the logits of the processor") {
  if (vulkan_for_tests() == nullptr) return;
  std::vector<TokenId> prompt;
  for (TokenId i = 0; i < 1100; ++i) prompt.push_back(i * 37 % 512);
  const auto last_rows = [&](std::unique_ptr<Backend> backend) {
    ModelFixture fixture(kHere / "glm-mini-Q8_0.gguf", std::move(backend), QuantType::f16, 20);
    Timeline timeline(fixture.cache);
    fixture.run(timeline, prompt, 64);
    return fixture.run(timeline, std::vector<TokenId>{1, 2, 3}, 3);
  };
  CHECK(relative_l2(last_rows(borrowed()), last_rows(make_cpu_backend(2))) <= 1e-3);
}

TEST_CASE("the built-in model writes the tokens that the processor writes") {
  if (vulkan_for_tests() == nullptr) return;
  const std::filesystem::path spark = GLIM_SOURCE_DIR "/configs/spark/spark.gguf";
  const std::vector<TokenId> prompt = {5, 60, 71, 82, 93, 104};
  ModelFixture device(spark, borrowed(), QuantType::f16),
      processor(spark, make_cpu_backend(2), QuantType::f16);
  CHECK(continue_greedily(device, prompt, 16) == continue_greedily(processor, prompt, 16));
}
