#include "engine/measure/importance_run.h"

#include <doctest/doctest.h>

#include <cmath>
#include <fstream>
#include <iterator>

#include "engine/base/error.h"
#include "engine/measure/drift.h"
#include "engine/quantize/imatrix_file.h"

using namespace glim;

namespace {

const std::filesystem::path kGolden = GLIM_SOURCE_DIR "/tests/golden";

std::string sample_text() {
  std::ifstream stream(kGolden / "e2e/text.txt", std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

ImportanceJob job(std::int32_t chunks) {
  ImportanceJob out;
  out.engine.model = (kGolden / "model/glm-mini-Q8_0.gguf").string();
  out.engine.threads = 1;
  out.text = sample_text();
  out.dataset = "text.txt";
  out.chunks = {.size = 128, .limit = chunks, .specials = false};
  return out;
}

ImportanceWatcher quiet() {
  return {[] { return true; }, [](const ImportanceProgress&) {},
          [](const ImportanceProgress&, const ActivationSums&) {}};
}

bool same(const ActivationSums& a, const ActivationSums& b) {
  if (a.entries.size() != b.entries.size()) return false;
  for (const auto& [name, sums] : a.entries) {
    const ChannelSums& other = b.entries.at(name);
    if (sums.squares != other.squares || sums.counts != other.counts) return false;
  }
  return a.datasets == b.datasets && a.dataset_chunks == b.dataset_chunks && a.chunks == b.chunks;
}

/// Relative distance in the Euclidean norm.
double distance(const std::vector<float>& found, const std::vector<float>& exact) {
  double error = 0, size = 0;
  for (std::size_t i = 0; i < exact.size(); ++i) {
    const auto a = static_cast<double>(found[i]), b = static_cast<double>(exact[i]);
    error += (a - b) * (a - b);
    size += b * b;
  }
  return std::sqrt(error / size);
}

}  // namespace

TEST_CASE("the matrix is the one that llama.cpp makes of the same file and text") {
  ActivationSums sums;
  const ImportanceProgress progress = collect_importance(job(0), sums, quiet());
  const ActivationSums exact = read_activation_sums(kGolden / "e2e/mini.imatrix.gguf");
  CHECK(progress.done == 21);
  CHECK(sums.chunks == exact.chunks);
  REQUIRE(sums.entries.size() == exact.entries.size());
  const ImportanceMatrix found = sums.importance(), expected = exact.importance();
  for (const auto& [name, values] : expected.values) {
    CAPTURE(name);
    REQUIRE(sums.entries.count(name) == 1);
    CHECK(sums.entries.at(name).counts.size() == exact.entries.at(name).counts.size());
    REQUIRE(found.values.at(name).size() == values.size());
    // It rounds activations to 8 bits, a relative 2^-8, before every product. The first inputs see none of
    // that; a token in a hundred may reach another expert.
    const bool first = name == "blk.0.attn_q_a.weight" || name == "blk.0.attn_kv_a_mqa.weight";
    CHECK(distance(found.values.at(name), values) <= (first ? 1e-5 : 0.02));
  }
}

TEST_CASE("a run that was stopped continues where it was") {
  ActivationSums whole, parts;
  collect_importance(job(4), whole, quiet());
  int steps = 0;
  ImportanceWatcher stopping = quiet();
  stopping.chunk = [&](const ImportanceProgress& progress, const ActivationSums&) { steps = progress.done; };
  stopping.go_on = [&] { return steps < 2; };
  CHECK(collect_importance(job(4), parts, stopping).fresh == 2);
  CHECK(parts.chunks == 2);
  const ImportanceProgress rest = collect_importance(job(4), parts, quiet());
  CHECK(rest.fresh == 2);
  CHECK(rest.done == 4);
  CHECK(same(parts, whole));
}

TEST_CASE("a run that is stopped within a chunk keeps whole chunks only") {
  ActivationSums one, sums;
  collect_importance(job(1), one, quiet());
  ImportanceJob small = job(4);
  small.engine.batch = 32;
  int calls = 0, first = 0;
  ImportanceWatcher stopping = quiet();
  stopping.chunk = [&](const ImportanceProgress&, const ActivationSums&) { first = calls; };
  stopping.go_on = [&] { return ++calls < first + 3 || first == 0; };
  CHECK(collect_importance(small, sums, stopping).fresh == 1);
  CHECK(same(sums, one));
}

TEST_CASE("texts add up and sums of another model or another cut are refused") {
  ActivationSums sums;
  collect_importance(job(1), sums, quiet());
  ImportanceJob other = job(1);
  other.dataset = "other.txt";
  collect_importance(other, sums, quiet());
  CHECK(sums.datasets == std::vector<std::string>{"text.txt", "other.txt"});
  CHECK(sums.chunks == 2);
  CHECK(sums.entries.at("blk.0.ffn_up.weight").counts == std::vector<double>{256});
  ImportanceJob longer = job(2);
  longer.chunks.size = 256;
  CHECK_THROWS_WITH_AS(collect_importance(longer, sums, quiet()), doctest::Contains("--chunk 128"), Error);
  ActivationSums foreign;
  foreign.entries["blk.0.ffn_up.weight"] = {{1, 2}, {1}};
  CHECK_THROWS_WITH_AS(collect_importance(job(1), foreign, quiet()),
                       doctest::Contains("has no blk.0.ffn_up.weight of 2 channels"), Error);
}

TEST_CASE("sums of another model are refused even when nothing is left to run") {
  ActivationSums sums;
  collect_importance(job(1), sums, quiet());
  ImportanceJob spark = job(1);
  spark.engine.model = GLIM_SOURCE_DIR "/configs/spark/spark.gguf";
  CHECK_THROWS_AS(collect_importance(spark, sums, quiet()), Error);
}

TEST_CASE("perplexity is that of the second halves of the chunks") {
  ActivationSums sums;
  const ImportanceProgress progress = collect_importance(job(2), sums, quiet());
  const ImportanceJob own = job(2);
  const DriftJob same_text{own.engine, {own.engine}, own.text, own.dataset, own.chunks};
  const auto drift = measure_drift(same_text, {[] { return true; }, [](std::int32_t, std::int32_t) {}});
  CHECK(progress.perplexity == doctest::Approx(drift.at(0).perplexity).epsilon(1e-12));
}

TEST_CASE("a text of a few characters and chunks beyond the trained length are refused") {
  ActivationSums sums;
  ImportanceJob tiny = job(0);
  tiny.text = "a";
  CHECK_THROWS_WITH_AS(collect_importance(tiny, sums, quiet()), doctest::Contains("text.txt"), Error);
  ImportanceJob large = job(0);
  large.chunks.size = 1 << 20;
  CHECK_THROWS_WITH_AS(collect_importance(large, sums, quiet()), doctest::Contains("was trained for"), Error);
}
