#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <fstream>
#include <iterator>
#include <limits>
#include <random>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "engine/quant/levels.h"
#include "engine/quantize/encoders.h"
#include "engine/quantize/scalar_encoder_sets.h"

using namespace glim;

namespace {

constexpr std::size_t kColumns = 512, kRows = 8;

/// Empty where there is no such file.
std::vector<std::byte> read(const std::string& name) {
  std::ifstream in(GLIM_SOURCE_DIR "/tests/golden/quant/" + name, std::ios::binary);
  const std::vector<char> raw{std::istreambuf_iterator<char>(in), {}};
  std::vector<std::byte> out(raw.size());
  if (!raw.empty()) std::memcpy(out.data(), raw.data(), raw.size());
  return out;
}

std::vector<float> read_floats(const std::string& name) {
  const std::vector<std::byte> raw = read(name);
  REQUIRE_MESSAGE(!raw.empty(), name);
  std::vector<float> out(raw.size() / sizeof(float));
  std::memcpy(out.data(), raw.data(), raw.size());
  return out;
}

std::string upper(std::string_view name) {
  std::string out(name);
  for (char& c : out) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return out;
}

std::vector<std::byte> encode(const Encoder& encoder, std::span<const float> in,
                              std::span<const float> weights) {
  std::vector<std::byte> out(row_bytes(encoder.type, static_cast<std::int64_t>(in.size())));
  encoder.encode({in, weights}, out.data());
  return out;
}

std::vector<float> decode(QuantType type, std::span<const std::byte> blocks, std::size_t values) {
  std::vector<float> out(values);
  decode_row(type, blocks.data(), out);
  return out;
}

struct Golden {
  std::vector<float> source = read_floats("src.f32"), importance = read_floats("importance.f32");
  std::span<const float> row(std::size_t r) const {
    return std::span(source).subspan(r * kColumns, kColumns);
  }
};

struct Comparison {
  std::size_t bytes = 0, different = 0, rows_different = 0;
  double error = 0, reference_error = 0;  ///< root of the sum of squares, weighted where there are weights
};

Comparison compare(const Encoder& encoder, const Golden& golden, bool weighted) {
  const std::string name = upper(quant(encoder.type).name) + (weighted ? ".imat.bin" : ".bin");
  const std::vector<std::byte> reference = read(name);
  Comparison out;
  if (reference.empty()) return out;
  const std::size_t stride = row_bytes(encoder.type, kColumns);
  REQUIRE(reference.size() == stride * kRows);
  for (std::size_t r = 0; r < kRows; ++r) {
    const std::span<const float> in = golden.row(r);
    const auto expected = std::span(reference).subspan(r * stride, stride);
    const auto ours =
        encode(encoder, in, weighted ? std::span<const float>(golden.importance) : std::span<const float>());
    const std::size_t before = out.different;
    for (std::size_t i = 0; i < stride; ++i) out.different += ours[i] != expected[i] ? 1 : 0;
    out.rows_different += out.different != before ? 1 : 0;
    const auto a = decode(encoder.type, ours, kColumns), b = decode(encoder.type, expected, kColumns);
    for (std::size_t i = 0; i < kColumns; ++i) {
      const double w = weighted ? golden.importance[i] : 1.0;
      out.error += w * (a[i] - in[i]) * (a[i] - in[i]);
      out.reference_error += w * (b[i] - in[i]) * (b[i] - in[i]);
    }
  }
  out.bytes = stride * kRows;
  out.error = std::sqrt(out.error);
  out.reference_error = std::sqrt(out.reference_error);
  return out;
}

/// Where the search of this program finds more than the one that made the reference blocks.
bool searches_better(QuantType type, bool weighted) {
  return type == QuantType::q6_0_rocmfpx || (type == QuantType::q8_0_rocmfpx && !weighted);
}

std::vector<float> random_row(std::mt19937& random, std::size_t count, double sigma) {
  std::normal_distribution<double> normal(0, sigma);
  std::vector<float> out(count);
  for (float& value : out) value = static_cast<float>(normal(random));
  return out;
}

/// Mean squares as an importance matrix holds them: over several orders of magnitude, now and then zero.
std::vector<float> random_importance(std::mt19937& random, std::size_t count) {
  std::vector<float> out = random_row(random, count, 3);
  for (float& value : out) value = random() % 50 == 0 ? 0.0f : std::exp(value);
  return out;
}

/// Rows that searches may stumble over, within the range of f16.
std::vector<std::vector<float>> odd_rows(std::mt19937& random) {
  constexpr float kTiny = std::numeric_limits<float>::denorm_min();
  std::vector<std::vector<float>> rows;
  for (const float value :
       {0.0f, -0.0f, kTiny, 1e-38f, -1e-30f, 1e-15f, 1e-8f, 1.0f, -0.25f, 65504.0f, -65504.0f})
    rows.emplace_back(kColumns, value);
  for (const double sigma : {1e-44, 1e-38, 1e-20, 1e-15, 1e-7, 1e-3, 1.0, 1e4})
    rows.push_back(random_row(random, kColumns, sigma));
  for (float& value : rows.back()) value = std::clamp(value, -65504.0f, 65504.0f);
  std::vector<float> sparse(kColumns, 0.0f), negative = random_row(random, kColumns, 0.1), mixed(kColumns);
  for (std::size_t i = 7; i < kColumns; i += 37) sparse[i] = static_cast<float>(i) - 250;
  for (float& value : negative) value = -std::fabs(value);
  for (std::size_t i = 0; i < kColumns; ++i)
    mixed[i] = std::ldexp(i % 3 == 0 ? -1.0f : 1.0f, static_cast<int>(random() % 140) - 125);
  rows.insert(rows.end(), {sparse, negative, mixed});
  return rows;
}

std::vector<Encoder> all_sets() {
  std::vector<Encoder> out;
  for (const std::span<const Encoder> set : {portable_scalar_encoders(), avx2_scalar_encoders()})
    out.insert(out.end(), set.begin(), set.end());
  return out;
}

/// The formats that weigh with the mean square of the whole row, so that a block depends on its neighbours.
bool weighs_by_row(QuantType type) {
  constexpr std::array kTypes = {QuantType::q4_0, QuantType::q4_1, QuantType::q5_0, QuantType::q5_1};
  return std::find(kTypes.begin(), kTypes.end(), type) != kTypes.end() || static_cast<int>(type) >= 100;
}

}  // namespace

TEST_CASE("rounding the reference rows gives the reference blocks, or better ones") {
  const Golden golden;
  std::ostringstream table;
  table << "| format | importance | bytes | different | error | reference |\n|---|---|---|---|---|---|\n";
  REQUIRE(scalar_encoders().size() == 25);
  for (const Encoder& encoder : scalar_encoders()) {
    for (const bool weighted : {false, true}) {
      const Comparison result = compare(encoder, golden, weighted);
      if (result.bytes == 0) continue;
      const std::string_view name = quant(encoder.type).name;
      CAPTURE(name);
      CAPTURE(weighted);
      table << "| " << name << " | " << (weighted ? "yes" : "no") << " | " << result.bytes << " | "
            << result.different << " | " << result.error << " | " << result.reference_error << " |\n";
      if (searches_better(encoder.type, weighted)) {
        CHECK(result.error < result.reference_error);
      } else {
        CHECK(result.different == 0);
      }
    }
  }
  MESSAGE(table.str());
}

TEST_CASE("every instruction set writes the same bytes") {
  const std::span<const Encoder> portable = portable_scalar_encoders(), other = avx2_scalar_encoders();
  if (other.empty()) {
    MESSAGE("skipped: this processor has no second instruction set");
    return;
  }
  REQUIRE(portable.size() == other.size());
  std::mt19937 random(7);
  std::vector<std::vector<float>> rows = odd_rows(random);
  for (int i = 0; i < 40; ++i) rows.push_back(random_row(random, kColumns, 0.02));
  const std::vector<float> importance = random_importance(random, kColumns);
  for (std::size_t i = 0; i < portable.size(); ++i) {
    const std::string_view name = quant(portable[i].type).name;
    CAPTURE(name);
    REQUIRE(portable[i].type == other[i].type);
    for (const std::vector<float>& row : rows) {
      CHECK(encode(portable[i], row, {}) == encode(other[i], row, {}));
      CHECK(encode(portable[i], row, importance) == encode(other[i], row, importance));
    }
  }
}

TEST_CASE("a block does not depend on how many blocks its row has") {
  std::mt19937 random(11);
  for (const Encoder& encoder : all_sets()) {
    const std::string_view name = quant(encoder.type).name;
    CAPTURE(name);
    const std::size_t values = quant(encoder.type).block_values, bytes = quant(encoder.type).block_bytes;
    for (const std::size_t blocks : {1, 2, 3, 7, 8, 9, 19, 33}) {
      const std::vector<float> row = random_row(random, blocks * values, 0.02);
      const std::vector<float> importance = random_importance(random, row.size());
      for (const bool weighted : {false, true}) {
        if (weighted && weighs_by_row(encoder.type)) continue;
        const auto weights = weighted ? std::span<const float>(importance) : std::span<const float>();
        const std::vector<std::byte> whole = encode(encoder, row, weights);
        for (std::size_t b = 0; b < blocks; ++b) {
          const auto in = std::span<const float>(row).subspan(b * values, values);
          const auto alone = encode(encoder, in, weighted ? weights.subspan(b * values, values) : weights);
          CHECK(
              std::equal(alone.begin(), alone.end(), whole.begin() + static_cast<std::ptrdiff_t>(b * bytes)));
        }
      }
    }
  }
}

TEST_CASE("finite values stay finite and zeros stay zero") {
  std::mt19937 random(13);
  const std::vector<std::vector<float>> rows = odd_rows(random);
  const std::vector<float> importance = random_importance(random, kColumns), nothing(kColumns, 0.0f);
  for (const Encoder& encoder : all_sets()) {
    const std::string_view name = quant(encoder.type).name;
    CAPTURE(name);
    for (const std::vector<float>& row : rows) {
      CAPTURE(row[0]);
      for (const std::vector<float>& weights : {std::vector<float>{}, importance, nothing}) {
        const std::vector<float> out = decode(encoder.type, encode(encoder, row, weights), kColumns);
        CHECK(std::all_of(out.begin(), out.end(), [](float v) { return std::isfinite(v); }));
        if (std::all_of(row.begin(), row.end(), [](float v) { return v == 0; }))
          CHECK(std::all_of(out.begin(), out.end(), [](float v) { return v == 0; }));
      }
    }
  }
}

TEST_CASE("values that are no numbers do no harm beyond their block") {
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN(),
                  kInf = std::numeric_limits<float>::infinity();
  std::mt19937 random(17);
  const std::vector<float> importance = random_importance(random, kColumns);
  for (const Encoder& encoder : all_sets()) {
    const std::string_view name = quant(encoder.type).name;
    CAPTURE(name);
    for (const float bad : {kNan, -kNan, kInf, -kInf, std::numeric_limits<float>::max()}) {
      std::vector<float> row = random_row(random, kColumns, 0.02);
      const std::vector<std::byte> clean = encode(encoder, row, {});
      row[100] = row[101] = bad;
      const std::vector<std::byte> out = encode(encoder, row, {});
      const auto half = static_cast<std::ptrdiff_t>(out.size() / 2);
      CHECK(std::equal(out.begin() + half, out.end(), clean.begin() + half));
      encode(encoder, row, importance);
      encode(encoder, std::vector<float>(kColumns, bad), importance);
    }
  }
}

namespace {

/// The formats whose scales are bytes of small floats, as the search sees them.
struct ByteScales {
  QuantType type;
  std::size_t group;
  std::vector<float> levels;
};

std::vector<float> whole_levels(int low, int high) {
  std::vector<float> out;
  for (int i = low; i <= high; ++i) out.push_back(static_cast<float>(i));
  return out;
}

float nearest_level(std::span<const float> levels, float value) {
  return *std::min_element(levels.begin(), levels.end(),
                           [value](float a, float b) { return std::fabs(a - value) < std::fabs(b - value); });
}

/// Smallest weighted squared error that any of the 126 scales can give.
double least_error(const ByteScales& format, std::span<const float> x, std::span<const double> w) {
  double least = std::numeric_limits<double>::infinity();
  for (int byte = 1; byte <= 126; ++byte) {
    const float scale = half_e4m3(static_cast<std::uint8_t>(byte));
    double error = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double difference = x[i] - nearest_level(format.levels, x[i] / scale) * scale;
      error += w[i] * difference * difference;
    }
    least = std::min(least, error);
  }
  return least;
}

}  // namespace

TEST_CASE("the scale of the ROCmFPX formats is the best of all") {
  const std::vector<float> fp4 = {0, 1, 2, 3, 4, 6, 8, 10, -1, -2, -3, -4, -6, -8, -10};
  const std::array formats = {ByteScales{QuantType::q4_0_rocmfp4, 16, fp4},
                              ByteScales{QuantType::q4_0_rocmfp4_fast, 32, fp4},
                              ByteScales{QuantType::q3_0_rocmfpx, 16, {0, 1, 2, 4, -1, -2, -4}},
                              ByteScales{QuantType::q6_0_rocmfpx, 16, whole_levels(-32, 31)},
                              ByteScales{QuantType::q8_0_rocmfpx, 32, whole_levels(-127, 127)}};
  std::mt19937 random(19);
  for (const ByteScales& format : formats) {
    const std::string_view name = quant(format.type).name;
    CAPTURE(name);
    const std::span<const Encoder> set = scalar_encoders();
    const auto encoder =
        std::find_if(set.begin(), set.end(), [&](const Encoder& e) { return e.type == format.type; });
    for (const double sigma : {0.0005, 0.02, 1.0, 100.0}) {
      const std::vector<float> row = random_row(random, 256, sigma),
                               importance = random_importance(random, 256);
      double square = 0;
      for (const float value : row) square += static_cast<double>(value) * value / 256;
      for (const bool weighted : {false, true}) {
        std::vector<double> w(row.size(), 1.0);
        for (std::size_t i = 0; weighted && i < w.size(); ++i)
          w[i] = importance[i] * std::sqrt(square + static_cast<double>(row[i]) * row[i]);
        const auto weights = weighted ? std::span<const float>(importance) : std::span<const float>();
        const std::vector<float> out = decode(format.type, encode(*encoder, row, weights), row.size());
        for (std::size_t at = 0; at < row.size(); at += format.group) {
          const auto x = std::span<const float>(row).subspan(at, format.group);
          const auto group_weights = std::span<const double>(w).subspan(at, format.group);
          double error = 0;
          for (std::size_t i = 0; i < format.group; ++i)
            error += group_weights[i] * (out[at + i] - x[i]) * (out[at + i] - x[i]);
          // The search adds up to 32 terms in binary32.
          CHECK(error <= least_error(format, x, group_weights) * (1 + 64 * 0x1p-23));
        }
      }
    }
  }
}
