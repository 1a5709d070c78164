#include "engine/quant/cache_types.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include <doctest/doctest.h>

#include "engine/base/random.h"
#include "engine/quant/formats.h"

using namespace glim;

namespace {

constexpr std::size_t kValues = 64;

std::vector<float> normal(std::size_t count, Random& random, double size = 1) {
  std::vector<float> out(count);
  for (float& value : out) value = static_cast<float>(size * random.normal());
  return out;
}

std::vector<float> round_trip(QuantType type, const std::vector<float>& values) {
  std::vector<std::byte> row(row_bytes(type, static_cast<std::int64_t>(values.size())));
  std::vector<float> out(values.size());
  encode_row(type, values, row.data());
  decode_row(type, row.data(), out);
  return out;
}

double relative_error(QuantType type, const std::vector<float>& values) {
  const std::vector<float> found = round_trip(type, values);
  double error = 0, size = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    error += std::pow(static_cast<double>(found[i]) - static_cast<double>(values[i]), 2);
    size += std::pow(static_cast<double>(values[i]), 2);
  }
  return std::sqrt(error / size);
}

constexpr QuantType kRotated[] = {QuantType::rot3, QuantType::rot4};

}  // namespace

TEST_CASE("the table of cache formats says which rows can be encoded, and spells their names") {
  CHECK(kCacheTypeNames == "f32 f16 bf16 q8_0 q5_1 q5_0 q4_1 q4_0 iq4_nl q4_0_rocmfp4 rot4 rot3");
  for (const QuantInfo& info : kQuants) CHECK(can_encode(info.type) == is_cache_type(info.type));
}

TEST_CASE("formats of the cache alone hold no weights and have no code in files") {
  for (const QuantType type : kRotated) {
    CHECK_FALSE(holds_weights(type));
    CHECK_FALSE(quant_from_code(static_cast<std::uint32_t>(type)));
    CHECK(quant_from_name(quant(type).name) == type);
  }
  CHECK(row_bytes(QuantType::rot3, 576) == 234);
  CHECK(row_bytes(QuantType::rot4, 576) == 306);
}

TEST_CASE("no cache format hides a value that is not finite, where it can say so") {
  for (const QuantType type : kCacheTypes) {
    CAPTURE(quant(type).name);
    for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
                            -std::numeric_limits<float>::infinity()}) {
      std::vector<float> values(kValues, 0.5f);
      values[7] = bad;
      const std::vector<float> found = round_trip(type, values);
      if (type == QuantType::q4_0_rocmfp4) {
        CHECK(found[7] == (std::isnan(bad) ? 0.0f : std::copysign(2240.0f, bad)));
        CHECK(found[20] == doctest::Approx(0.5).epsilon(0.1));
      } else {
        CHECK_FALSE(std::isfinite(found[7]));
      }
    }
  }
}

TEST_CASE("zeros and values too small for a scale decode to as little, large ones to what they were") {
  for (const QuantType type : kCacheTypes) {
    CAPTURE(quant(type).name);
    for (const float tiny : {0.0f, 1e-44f, -1e-38f}) {
      for (const float value : round_trip(type, std::vector<float>(kValues, tiny)))
        CHECK(std::fabs(value) <= 1.01f * std::fabs(tiny));
    }
    Random random(1);
    CHECK(relative_error(type, normal(kValues, random, 100)) < 0.25);
  }
}

TEST_CASE("the scale of q4_0_rocmfp4 is the best of all") {
  using Format = Quant<QuantType::q4_0_rocmfp4>;
  Random random(2);
  for (int round = 0; round < 400; ++round) {
    std::vector<float> values = normal(32, random, std::exp2(random.uniform() * 24 - 16));
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (round % 3 == 1 && random.uniform() < 0.8) values[i] = 0;
      if (round % 3 == 2 && i % 5 == 0) values[i] *= 30;
    }
    Format::Block block;
    Format::encode(values.data(), block);
    for (std::size_t half = 0; half < 2; ++half) {
      float least = std::numeric_limits<float>::infinity();
      int best = 0;
      for (int e = 1; e <= 126; ++e) {
        const float d = half_e4m3(static_cast<std::uint8_t>(e));
        float sum = 0;
        for (std::size_t i = 0; i < 16; ++i) {
          float nearest = std::numeric_limits<float>::infinity();
          for (const int level : kRocmFp4Levels)
            nearest = std::min(nearest, std::fabs(values[16 * half + i] - static_cast<float>(level) * d));
          sum += nearest * nearest;
        }
        if (sum < least) least = sum, best = e;
      }
      const bool zeros = std::all_of(values.begin() + static_cast<std::ptrdiff_t>(16 * half),
                                     values.begin() + static_cast<std::ptrdiff_t>(16 * half + 16),
                                     [](float value) { return value == 0; });
      CHECK(block.e[half] == (zeros ? 0 : best));
    }
  }
}

TEST_CASE("rotating keeps lengths and products and can be undone") {
  Random random(3);
  for (int round = 0; round < 50; ++round) {
    const std::vector<float> x = normal(kValues, random), y = normal(kValues, random);
    std::vector<float> a = x, b = y;
    rotate_values(a.data());
    rotate_values(b.data());
    double plain = 0, rotated = 0;
    for (std::size_t i = 0; i < kValues; ++i) {
      plain += static_cast<double>(x[i]) * static_cast<double>(y[i]);
      rotated += static_cast<double>(a[i]) * static_cast<double>(b[i]);
    }
    CHECK(std::fabs(plain - rotated) < 1e-4);
    rotate_values_back(a.data());
    // Twelve rounded additions of values that are at most the length of the vector, about 8.
    for (std::size_t i = 0; i < kValues; ++i) CHECK(std::fabs(a[i] - x[i]) <= 12 * 8 * 0x1p-24f);
  }
}

TEST_CASE("the levels are those of least squared error for a normal distribution") {
  const auto density = [](double x) { return std::exp(-x * x / 2) / std::sqrt(2 * std::acos(-1.0)); };
  const auto above = [](double x) { return std::erfc(x / std::sqrt(2.0)) / 2; };
  const auto check = [&](const auto& levels) {
    for (std::size_t i = 0; i < levels.size(); ++i) {
      const double low = i == 0 ? 0 : (levels[i - 1] + levels[i]) / 2;
      const double high =
          i + 1 == levels.size() ? std::numeric_limits<double>::infinity() : (levels[i] + levels[i + 1]) / 2;
      const double mean = (density(low) - density(high)) / (above(low) - above(high));
      CHECK(std::fabs(levels[i] - mean) < 1e-13);
    }
  };
  check(kEightNormalLevels);
  check(kSixteenNormalLevels);
  for (std::size_t i = 0; i < 8; ++i) CHECK(kRot3Levels[i] == -kRot3Levels[7 - i]);
  CHECK(std::fabs(static_cast<double>(kRot4Levels[15]) - kSixteenNormalLevels[7]) <= 0x1p-12);
}

TEST_CASE("rotated formats take outliers, constants and ramps as well as noise") {
  Random random(4);
  const std::vector<float> noise = normal(64 * kValues, random);
  std::vector<float> outliers = noise, constant(kValues, 0.7f), ramp(kValues);
  for (std::size_t i = 0; i < outliers.size(); i += kValues) outliers[i + 5] *= 20;
  for (std::size_t i = 0; i < kValues; ++i) ramp[i] = static_cast<float>(i) / 64 - 0.5f;
  for (const QuantType type : kRotated) {
    // The error of the levels for a normal distribution bounds that of noise, whose scale is chosen for it.
    const double bound = type == QuantType::rot4 ? std::sqrt(0.009501) : std::sqrt(0.034548);
    CAPTURE(quant(type).name);
    CHECK(relative_error(type, noise) < bound);
    CHECK(relative_error(type, noise) > bound / 2);
    CHECK(relative_error(type, outliers) < 1.2 * bound);
    CHECK(relative_error(type, constant) < 1.5 * bound);
    CHECK(relative_error(type, ramp) < 1.5 * bound);
  }
}

TEST_CASE("a format that has more bits is nearer to noise") {
  Random random(5);
  const std::vector<float> noise = normal(64 * kValues, random);
  const auto error = [&](QuantType type) { return relative_error(type, noise); };
  CHECK(error(QuantType::f16) < 0.0003);
  CHECK(error(QuantType::q8_0) < 0.006);
  CHECK(error(QuantType::q5_1) < error(QuantType::q5_0));
  CHECK(error(QuantType::q5_0) < error(QuantType::iq4_nl));
  CHECK(error(QuantType::iq4_nl) < error(QuantType::q4_0));
  CHECK(error(QuantType::q4_0) < error(QuantType::rot3));
}
