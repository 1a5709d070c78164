#include "engine/quant/rotation.h"
#include "tests/ops/stage_fixture.h"

using namespace glim;

namespace {

std::vector<float> random_floats(std::size_t count, Random& random) {
  std::vector<float> out(count);
  for (float& value : out) value = static_cast<float>(random.normal());
  return out;
}

}  // namespace

TEST_CASE("every instruction set decodes every format to the bits that decode_row gives") {
  Random random(3);
  for (const cpu::Kernels* kernels : cpu::instruction_sets()) {
    for (const QuantInfo& info : kQuants) {
      CAPTURE(kernels->name);
      CAPTURE(info.name);
      const std::int64_t cols = info.block_values == 1 ? 43 : 2 * info.block_values;
      constexpr std::int64_t kRows = 3;
      const std::vector<std::byte> bytes = random_weights(info.type, kRows * cols, random);
      std::vector<float> found(kRows * static_cast<std::size_t>(cols)), expected(found.size());
      decode_row(info.type, bytes.data(), expected);
      kernels->format(info.type).decode({bytes.data(), row_bytes(info.type, cols), kRows, cols},
                                        found.data());
      CHECK(found == expected);
    }
  }
}

TEST_CASE("cache rows in the rotated basis are the decoded rows before they are rotated back") {
  Random random(6);
  int rotated = 0;
  for (const cpu::Kernels* kernels : cpu::instruction_sets()) {
    for (const QuantInfo& info : kQuants) {
      const auto decode_rotated = kernels->format(info.type).decode_rotated;
      if (decode_rotated == nullptr) continue;
      CAPTURE(kernels->name);
      CAPTURE(info.name);
      ++rotated;
      constexpr std::int64_t kRows = 3, kCols = 5 * kRotationValues;
      const std::vector<std::byte> bytes = random_weights(info.type, kRows * kCols, random);
      std::vector<float> found(kRows * kCols), expected(found.size());
      decode_row(info.type, bytes.data(), expected);
      decode_rotated({bytes.data(), row_bytes(info.type, kCols), kRows, kCols}, found.data());
      for (std::size_t i = 0; i < found.size(); i += kRotationValues) rotate_values_back(&found[i]);
      CHECK(found == expected);
    }
  }
  CHECK(rotated == 2 * std::ssize(cpu::instruction_sets()));
}

TEST_CASE("a dot product has the same bits alone, in a tile, and straight from the file") {
  Random random(4);
  for (const cpu::Kernels* kernels : cpu::instruction_sets()) {
    for (const QuantInfo& info : kQuants) {
      CAPTURE(kernels->name);
      CAPTURE(info.name);
      const std::int64_t cols = info.block_values == 1 ? 61 : 3 * info.block_values;
      constexpr std::int64_t kRows = 7, kInputs = 8;
      const std::vector<std::byte> bytes = random_weights(info.type, kRows * cols, random);
      const cpu::WeightRows rows{bytes.data(), row_bytes(info.type, cols), kRows, cols};
      const std::vector<float> x = random_floats(static_cast<std::size_t>(kInputs * cols), random);
      std::vector<float> decoded(static_cast<std::size_t>(kRows * cols)), tile(kRows * kInputs), one(kRows);
      kernels->format(info.type).decode(rows, decoded.data());
      kernels->products({decoded.data(), cols, kRows, cols}, {x.data(), cols, nullptr, kInputs}, tile.data(),
                        kRows);
      for (std::int64_t i = 0; i < kInputs; ++i) {
        if (const auto multiply = kernels->format(info.type).multiply; multiply != nullptr) {
          multiply(rows, x.data() + i * cols, one.data());
          CHECK(one == std::vector<float>(tile.begin() + i * kRows, tile.begin() + (i + 1) * kRows));
        }
        kernels->products({decoded.data(), cols, kRows, cols}, {x.data() + i * cols, cols, nullptr, 1},
                          one.data(), kRows);
        CHECK(one == std::vector<float>(tile.begin() + i * kRows, tile.begin() + (i + 1) * kRows));
      }
    }
  }
}

TEST_CASE("mixing rows gives the same bits for one query as for many, and is right") {
  Random random(5);
  constexpr std::int64_t kQueries = 7, kRows = 13, kCols = 93, kStride = 64;
  const std::vector<float> weights = random_floats(kQueries * kStride, random),
                           rows = random_floats(kRows * kCols, random);
  for (const cpu::Kernels* kernels : cpu::instruction_sets()) {
    std::vector<float> all(kQueries * kCols), one(kCols);
    std::vector<float*> accumulators;
    for (std::int64_t q = 0; q < kQueries; ++q) accumulators.push_back(all.data() + q * kCols);
    kernels->mix({accumulators.data(), kQueries, weights.data(), kStride, rows.data(), kCols, kRows, kCols});
    for (std::int64_t q = 0; q < kQueries; ++q) {
      std::fill(one.begin(), one.end(), 0.0f);
      float* accumulator = one.data();
      kernels->mix(
          {&accumulator, 1, weights.data() + q * kStride, kStride, rows.data(), kCols, kRows, kCols});
      for (std::int64_t c = 0; c < kCols; ++c) {
        double exact = 0, magnitude = 0;
        for (std::int64_t j = 0; j < kRows; ++j) {
          const double term = static_cast<double>(weights[static_cast<std::size_t>(q * kStride + j)]) *
                              static_cast<double>(rows[static_cast<std::size_t>(j * kCols + c)]);
          exact += term;
          magnitude += std::fabs(term);
        }
        CHECK(one[static_cast<std::size_t>(c)] == accumulators[static_cast<std::size_t>(q)][c]);
        CHECK(std::fabs(static_cast<double>(one[static_cast<std::size_t>(c)]) - exact) <=
              dot_tolerance(magnitude, kRows));
      }
    }
  }
}

TEST_CASE("exponentials are right to a few ulps, zero far below and not a number where the score is none") {
  for (const cpu::Kernels* kernels : cpu::instruction_sets()) {
    CAPTURE(kernels->name);
    for (float base = 0; base > -80; base -= 1.37f) {
      float scores[64];
      for (int i = 0; i < 64; ++i) scores[i] = base - 0.011f * static_cast<float>(i);
      const std::vector<float> before(scores, scores + 64);
      const float sum = kernels->exponentials(scores, 0);
      double exact_sum = 0;
      for (std::size_t i = 0; i < 64; ++i) {
        const double exact = std::exp(static_cast<double>(before[i]));
        exact_sum += exact;
        CHECK(std::fabs(static_cast<double>(scores[i]) - exact) <= 4 * 0x1p-24 * exact);
      }
      CHECK(std::fabs(static_cast<double>(sum) - exact_sum) <= 16 * 0x1p-24 * exact_sum);
    }
    float scores[64] = {0, -200, -INFINITY};
    kernels->exponentials(scores, 0);
    CHECK(scores[0] == 1);
    CHECK(scores[1] < 1e-37f);
    CHECK(scores[2] == 0);
    scores[5] = NAN;
    CHECK(std::isnan(kernels->exponentials(scores, 0)));
  }
}

TEST_CASE("a gate of extreme values is neither infinite nor lost") {
  for (const cpu::Kernels* kernels : cpu::instruction_sets()) {
    const std::vector<float> gate = {-1000, -100, -1, 0, 1, 100, 1000, 3e38f, -3e38f}, up(gate.size(), 1);
    std::vector<float> out(gate.size());
    kernels->gate(gate.data(), up.data(), std::ssize(gate), out.data());
    CHECK(std::fabs(out[0]) < 1e-30f);
    CHECK(std::fabs(out[2] + 0.26894142f) < 1e-6f);
    CHECK(out[3] == 0);
    CHECK(out[5] == 100);
    CHECK(out[6] == 1000);
    CHECK(out[7] == 3e38f);
    CHECK(std::fabs(out[8]) < 10);
  }
}
