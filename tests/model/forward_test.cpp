#include <doctest/doctest.h>

#include "engine/base/error.h"
#include "engine/cpu/cpu_backend.h"
#include "engine/cpu/kernels.h"
#include "engine/reference/reference_backend.h"
#include "tests/support/model_fixture.h"

using namespace glim;

namespace {

const std::filesystem::path kHere = GLIM_SOURCE_DIR "/tests/golden/model";
/// Large files that the repository does not carry.
const std::filesystem::path kOutside = GLIM_SOURCE_DIR "/../shared/golden/model";

/// The F32 file where it is installed, else nothing.
std::vector<std::string> present_models() {
  std::vector<std::string> names = {"glm-mini-Q8_0", "glm-mini-Q4_K_M", "glm-mini-IQ4_XS",
                                    "glm-mini-Q4_0_ROCMFP4_STRIX_LEAN"};
  if (std::filesystem::exists(kOutside / "glm-mini-f32.gguf")) {
    names.insert(names.begin(), "glm-mini-f32");
  } else {
    MESSAGE("glm-mini-f32.gguf is not here; skipping it");
  }
  return names;
}

std::filesystem::path model_path(const std::string& name) {
  return (name == "glm-mini-f32" ? kOutside : kHere) / (name + ".gguf");
}

std::vector<TokenId> tokens() {
  return read_tokens(kHere / "tokens.txt");
}

double distance_of(const std::filesystem::path& model, const std::filesystem::path& logits,
                   std::unique_ptr<Backend> backend, QuantType kv_type = QuantType::f32) {
  const std::string made = backend->description();
  ModelFixture fixture(model, std::move(backend), kv_type);
  const std::vector<float> exact = read_floats(logits), found = fixture.run(tokens(), 24);
  REQUIRE(found.size() == exact.size());
  const double error = relative_l2(found, exact);
  MESSAGE(model.stem().string() << ", cache " << quant(kv_type).name << ", " << made << ": relative L2 "
                                << error);
  return error;
}

double distance(const std::string& name, std::unique_ptr<Backend> backend, QuantType kv_type) {
  return distance_of(model_path(name), kHere / (name + ".logits.f32"), std::move(backend), kv_type);
}

}  // namespace

TEST_CASE("the reference is within 1e-4 of the exact logits of every file") {
  for (const std::string& name : present_models()) {
    CAPTURE(name);
    CHECK(distance(name, make_reference_backend(), QuantType::f32) <= 1e-4);
  }
}

TEST_CASE("the processor backend is as near, with every instruction set") {
  for (const std::string& name : present_models()) {
    CAPTURE(name);
    CHECK(distance(name, make_cpu_backend(2, cpu::portable_kernels()), QuantType::f32) <= 1e-4);
    // Activations of 16 bits are a 256th of what those of eight cost below.
    CHECK(distance(name, make_cpu_backend(2), QuantType::f32) <= 3e-4);
  }
}

TEST_CASE("activations of eight bits stay nearer to the exact logits than llama.cpp does") {
  for (const std::string& name : present_models()) {
    CAPTURE(name);
    CHECK(distance(name, make_cpu_backend(2, {.eight_bits = true}), QuantType::f16) <= 4.2e-2);
  }
}

TEST_CASE("a cache of halves or of bytes costs no more than its rounding") {
  for (const std::string& name : present_models()) {
    CAPTURE(name);
    // Half a unit in the last of 11 bits, and half a step of 127, both spread over the scores of two layers.
    CHECK(distance(name, make_reference_backend(), QuantType::f16) <= 2e-3);
    CHECK(distance(name, make_cpu_backend(2), QuantType::f16) <= 2e-3);
    CHECK(distance(name, make_cpu_backend(2), QuantType::q8_0) <= 2e-2);
  }
}

TEST_CASE("a prompt in one step, in pieces and token by token gives the same bits") {
  for (const QuantType kv : {QuantType::f16, QuantType::q8_0}) {
    for (const bool fast : {true, false}) {
      ModelFixture fixture(model_path("glm-mini-Q4_K_M"),
                           fast ? make_cpu_backend(2) : make_reference_backend(), kv);
      const std::vector<float> whole = fixture.run(tokens(), 24);
      for (const std::size_t chunk : {1, 7, 23}) CHECK(fixture.run(tokens(), chunk) == whole);
    }
  }
}

TEST_CASE(
    "a prompt over several cache blocks gives the same bits however it is cut and for any number of "
    "threads") {
  std::vector<TokenId> prompt;
  for (TokenId i = 0; i < 200; ++i) prompt.push_back(i * 37 % 512);
  ModelFixture one(model_path("glm-mini-Q8_0"), make_cpu_backend(1), QuantType::f16);
  ModelFixture three(model_path("glm-mini-Q8_0"), make_cpu_backend(3), QuantType::f16);
  const std::vector<float> whole = one.run(prompt, 64);
  CHECK(one.run(prompt, 1) == whole);
  CHECK(one.run(prompt, 50) == whole);
  CHECK(three.run(prompt, 64) == whole);
  CHECK(three.run(prompt, 33) == whole);
}

TEST_CASE("weights that stay in the file give the same bits as weights in memory") {
  for (const char* name : {"glm-mini-Q8_0", "glm-mini-IQ4_XS"}) {
    CAPTURE(name);
    ModelFixture memory(model_path(name), make_cpu_backend(2), QuantType::f16);
    ModelFixture file(model_path(name), make_cpu_backend(2, {.file_layout = true}), QuantType::f16);
    CHECK(file.run(tokens(), 24) == memory.run(tokens(), 24));
  }
}

TEST_CASE("truncating the cache and replaying gives the same logits as never having left") {
  ModelFixture fixture(model_path("glm-mini-Q8_0"), make_cpu_backend(2), QuantType::f16);
  const std::vector<TokenId> prompt = tokens();
  const std::vector<float> expected = fixture.run(prompt, 24);
  Timeline timeline(fixture.cache);
  fixture.run(timeline, prompt, 24);
  fixture.run(timeline, std::vector<TokenId>(70, 11), 64);
  timeline.truncate(10);
  const std::vector<float> again = fixture.run(timeline, std::span(prompt).subspan(10), 24);
  CHECK(std::equal(again.begin(), again.end(), expected.end() - std::ssize(again)));
}

TEST_CASE("sequences that share a step do not see each other") {
  for (const bool fast : {true, false}) {
    ModelFixture fixture(model_path("glm-mini-Q8_0"), fast ? make_cpu_backend(2) : make_reference_backend(),
                         QuantType::f16);
    const std::vector<TokenId> first = tokens(), second(first.rbegin(), first.rend());
    const std::vector<float> alone = fixture.run(first, 24), other = fixture.run(second, 24);
    Timeline a(fixture.cache), b(fixture.cache);
    std::vector<float> together_a, together_b;
    const std::size_t vocabulary = alone.size() / first.size();
    for (std::size_t at = 0; at < first.size(); at += 6) {
      const auto part = [at](const std::vector<TokenId>& list) {
        return std::vector<TokenId>(list.begin() + static_cast<std::ptrdiff_t>(at),
                                    list.begin() + static_cast<std::ptrdiff_t>(at) + 6);
      };
      const std::vector<float> logits = fixture.step({{&a, part(first)}, {&b, part(second)}});
      const auto middle = logits.begin() + static_cast<std::ptrdiff_t>(6 * vocabulary);
      together_a.insert(together_a.end(), logits.begin(), middle);
      together_b.insert(together_b.end(), middle, logits.end());
    }
    CHECK(together_a == alone);
    CHECK(together_b == other);
  }
}

TEST_CASE("a fork goes on from the shared prefix as if it had read it itself") {
  ModelFixture fixture(model_path("glm-mini-Q8_0"), make_cpu_backend(2), QuantType::f16);
  const std::vector<TokenId> prompt = tokens();
  const std::vector<float> expected = fixture.run(prompt, 24);
  Timeline first(fixture.cache), second(fixture.cache);
  fixture.run(first, std::span(prompt).first(10), 24);
  second.fork_from(first);
  fixture.run(first, std::vector<TokenId>(30, 7), 24);
  const std::vector<float> rest = fixture.run(second, std::span(prompt).subspan(10), 24);
  CHECK(std::equal(rest.begin(), rest.end(), expected.end() - std::ssize(rest)));
}
