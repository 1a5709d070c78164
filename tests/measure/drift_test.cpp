#include "engine/measure/drift.h"

#include <doctest/doctest.h>

#include <cmath>
#include <fstream>
#include <iterator>

#include "engine/backends.h"
#include "engine/base/error.h"
#include "engine/text/vocab.h"
#include "tests/support/model_fixture.h"

using namespace glim;

namespace {

const std::filesystem::path kGolden = GLIM_SOURCE_DIR "/tests/golden";

EngineOptions mini(const std::string& type) {
  EngineOptions options;
  options.model = (kGolden / ("model/glm-mini-" + type + ".gguf")).string();
  options.threads = 1;
  options.kv_type = QuantType::f32;
  return options;
}

DriftJob job(std::vector<EngineOptions> models) {
  std::ifstream stream(kGolden / "e2e/text.txt", std::ios::binary);
  DriftJob out{mini("Q8_0"), std::move(models), {std::istreambuf_iterator<char>(stream), {}}, "text.txt", {}};
  out.chunks = {.size = 64, .limit = 2, .specials = false};
  return out;
}

std::vector<Drift> measure(const DriftJob& job) {
  return measure_drift(job, {[] { return true; }, [](std::int32_t, std::int32_t) {}});
}

}  // namespace

TEST_CASE("a model does not drift from itself") {
  const Drift drift = measure(job({mini("Q8_0")})).at(0);
  CHECK(drift.tokens == 62);  // 31 of the 32 positions of each half have a token behind them
  CHECK(drift.mean == 0);
  CHECK(drift.largest == 0);
  CHECK(drift.agreement == 1);
  CHECK(drift.perplexity == drift.base_perplexity);
}

TEST_CASE("drift is what the logits of two files say") {
  const DriftJob work = job({mini("Q4_K_M"), mini("IQ4_XS")});
  const std::vector<Drift> drifts = measure(work);
  REQUIRE(drifts.size() == 2);
  // Once more, with a loop of its own over the logits of a whole chunk.
  ModelFixture base(work.base.model, make_backend("cpu", 1), QuantType::f32),
      other(work.models[0].model, make_backend("cpu", 1), QuantType::f32);
  const Tokenizer tokenizer(read_vocab(base.file));
  double sum = 0, agreed = 0, loss = 0;
  for (const auto& chunk : cut_text(tokenizer, work.text, "text.txt", work.chunks)) {
    const std::vector<float> p = base.run(chunk, 64), q = other.run(chunk, 64);
    const auto width = static_cast<std::size_t>(base.model->config().vocabulary);
    for (std::size_t t = 32; t < 63; ++t) {
      double p_sum = 0, q_sum = 0;
      for (std::size_t v = t * width; v < (t + 1) * width; ++v)
        p_sum += std::exp(static_cast<double>(p[v])), q_sum += std::exp(static_cast<double>(q[v]));
      std::size_t p_best = t * width, q_best = p_best;
      for (std::size_t v = t * width; v < (t + 1) * width; ++v) {
        const double a = std::exp(static_cast<double>(p[v])) / p_sum,
                     b = std::exp(static_cast<double>(q[v])) / q_sum;
        sum += a * std::log(a / b);
        if (p[v] > p[p_best]) p_best = v;
        if (q[v] > q[q_best]) q_best = v;
      }
      agreed += p_best == q_best ? 1 : 0;
      loss -= std::log(std::exp(static_cast<double>(q[t * width + static_cast<std::size_t>(chunk[t + 1])])) /
                       q_sum);
    }
  }
  CHECK(drifts[0].mean == doctest::Approx(sum / 62).epsilon(1e-9));
  CHECK(drifts[0].agreement == doctest::Approx(agreed / 62));
  CHECK(drifts[0].perplexity == doctest::Approx(std::exp(loss / 62)).epsilon(1e-9));
  CHECK(drifts[0].mean > 0);
  CHECK(drifts[0].mean_error > 0);
  CHECK(drifts[0].median <= drifts[0].percentile_99);
  CHECK(drifts[0].percentile_99 <= drifts[0].largest);
  CHECK(drifts[1].mean != drifts[0].mean);
  CHECK(drifts[1].base_perplexity == drifts[0].base_perplexity);
}

TEST_CASE("a comparison that is stopped has no result, and other vocabularies are refused") {
  CHECK_THROWS_AS(
      measure_drift(job({mini("Q8_0")}), {[] { return false; }, [](std::int32_t, std::int32_t) {}}), Error);
  EngineOptions spark = mini("Q8_0");
  spark.model = GLIM_SOURCE_DIR "/configs/spark/spark.gguf";
  CHECK_THROWS_WITH_AS(measure(job({spark})), doctest::Contains("vocabularies differ"), Error);
}
