#include <algorithm>
#include <bit>
#include <cctype>
#include <cmath>
#include <cstring>
#include <fstream>
#include <iterator>
#include <limits>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "engine/quantize/encode.h"
#include "engine/quantize/encoders.h"
#include "engine/quantize/scalar_encoder_sets.h"

using namespace glim;

namespace {

constexpr std::size_t kColumns = 512, kRows = 8;

std::vector<std::byte> read(const std::string& name) {
  std::ifstream in(GLIM_SOURCE_DIR "/tests/golden/quant/" + name, std::ios::binary);
  const std::vector<char> raw{std::istreambuf_iterator<char>(in), {}};
  std::vector<std::byte> out(raw.size());
  std::memcpy(out.data(), raw.data(), raw.size());
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

}  // namespace

TEST_CASE("rounding the reference rows gives the reference blocks, or better ones") {
  const Golden golden;
  std::ostringstream table;
  table << "| format | importance | bytes | different | error | reference |\n|---|---|---|---|---|---|\n";
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
