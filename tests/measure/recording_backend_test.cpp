#include "engine/measure/recording_backend.h"

#include <doctest/doctest.h>

#include <set>

#include "engine/cpu/cpu_backend.h"
#include "engine/reference/reference_backend.h"
#include "tests/measure/plain_forward.h"
#include "tests/support/model_fixture.h"
#include "tests/support/temp_dir.h"

using namespace glim;

namespace {

std::vector<TokenId> some_tokens() {
  std::vector<TokenId> tokens;
  for (TokenId i = 0; i < 40; ++i) tokens.push_back((i * 17 + i * i) % 50);
  return tokens;
}

/// What the weights of a model see while `tokens` run through it in steps of 16.
ActivationSums recorded(const TinyModel& model, std::unique_ptr<Backend> backend, bool output = true) {
  const TempDir folder;
  model.file().write(folder / "tiny.gguf");
  const GgufFile file(folder / "tiny.gguf");
  auto recorder = std::make_unique<RecordingBackend>(std::move(backend), file,
                                                     RecordingBackend::Options{.output = output});
  RecordingBackend& sums = *recorder;
  ModelFixture fixture(folder / "tiny.gguf", std::move(recorder), QuantType::f32);
  fixture.run(some_tokens(), 16);
  return sums.take();
}

using Sums = std::map<std::string, std::map<std::int64_t, std::pair<std::vector<double>, double>>>;

Sums computed(const TinyModel& model) {
  Sums sums;
  PlainForward(model, [&](const std::string& weight, std::int64_t matrix, const std::vector<double>& x) {
    auto& [squares, count] = sums[weight][matrix];
    squares.resize(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) squares[i] += x[i] * x[i];
    ++count;
  }).run(some_tokens());
  return sums;
}

/// Activations are f32 between the stages: some tens of roundings of 2^-24 on the way through three layers.
constexpr double kTolerance = 100 * 0x1p-24;

void check_entry(const ChannelSums& found,
                 const std::map<std::int64_t, std::pair<std::vector<double>, double>>& exact) {
  const std::size_t width = exact.begin()->second.first.size();
  const std::size_t matrices = found.squares.size() / width;
  REQUIRE(found.squares.size() % width == 0);
  for (std::size_t i = 0; i < matrices; ++i) {
    const auto at = exact.find(static_cast<std::int64_t>(i));
    const double count = at == exact.end() ? 0 : at->second.second;
    CHECK(found.counts[found.counts.size() == 1 ? 0 : i] == count);
    if (at == exact.end()) continue;
    const std::vector<double>& squares = at->second.first;
    const double largest = *std::max_element(squares.begin(), squares.end());
    for (std::size_t c = 0; c < width; ++c) {
      CHECK(std::fabs(found.squares[i * width + c] - squares[c]) <= kTolerance * largest);
    }
  }
}

}  // namespace

TEST_CASE("every weight's sums are those of a plain forward pass") {
  const TinyModel model;
  const ActivationSums found = recorded(model, make_reference_backend());
  const Sums exact = computed(model);
  std::set<std::string> names;
  for (const auto& [name, sums] : exact) names.insert(name);
  CHECK(names.size() == found.entries.size());
  for (const auto& [name, sums] : exact) {
    CAPTURE(name);
    REQUIRE(found.entries.count(name) == 1);
    check_entry(found.entries.at(name), sums);
  }
  CHECK(found.entries.at("blk.1.ffn_down_exps.weight").counts.size() == 6);
  CHECK(found.entries.at("blk.1.attn_k_b.weight").counts == std::vector<double>{40});
}

TEST_CASE("the output matrix is recorded only when asked for") {
  const ActivationSums found = recorded(TinyModel(), make_reference_backend(), false);
  CHECK(found.entries.count("output.weight") == 0);
  CHECK(found.entries.count("token_embd.weight") == 0);
  CHECK(found.entries.count("blk.2.ffn_down_exps.weight") == 1);
}

TEST_CASE("the processor's stages show the same activations as the reference") {
  const TinyModel model;
  const ActivationSums found = recorded(model, make_cpu_backend(2));
  for (const auto& [name, sums] : computed(model)) {
    CAPTURE(name);
    REQUIRE(found.entries.count(name) == 1);
    check_entry(found.entries.at(name), sums);
  }
}

TEST_CASE("joint weights of other spellings see what their parts would see") {
  TinyModel joint;
  joint.joint_gate_up = true;
  joint.legacy_kv_b = true;
  const ActivationSums apart = recorded(TinyModel(), make_reference_backend());
  const ActivationSums found = recorded(joint, make_reference_backend());
  CHECK(found.entries.count("blk.1.ffn_up_exps.weight") == 0);
  CHECK(found.entries.count("blk.1.attn_k_b.weight") == 0);
  CHECK(found.entries.at("blk.1.ffn_gate_up_exps.weight").squares ==
        apart.entries.at("blk.1.ffn_up_exps.weight").squares);
  CHECK(found.entries.at("blk.1.attn_kv_b.weight").squares.size() == 24);
  CHECK(found.entries.at("blk.1.attn_kv_b.weight").counts == std::vector<double>{40});
}

TEST_CASE("queries without a low-rank form see the normed input") {
  TinyModel model;
  model.query_rank = 0;
  const ActivationSums found = recorded(model, make_reference_backend());
  CHECK(found.entries.count("blk.0.attn_q_a.weight") == 0);
  CHECK(found.entries.at("blk.0.attn_q.weight").squares ==
        found.entries.at("blk.0.attn_kv_a_mqa.weight").squares);
}

TEST_CASE("taking the sums starts afresh") {
  const TempDir folder;
  TinyModel().file().write(folder / "tiny.gguf");
  const GgufFile file(folder / "tiny.gguf");
  auto made = std::make_unique<RecordingBackend>(make_reference_backend(), file, RecordingBackend::Options{});
  RecordingBackend& recorder = *made;
  ModelFixture fixture(folder / "tiny.gguf", std::move(made), QuantType::f32);
  fixture.run(some_tokens(), 16);
  CHECK(recorder.take().entries.at("blk.0.ffn_down.weight").counts == std::vector<double>{40});
  CHECK(recorder.take().entries.empty());
}
