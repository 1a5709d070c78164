#include "engine/quantize/encoders.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstring>
#include <fstream>
#include <iterator>
#include <limits>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "engine/quantize/encode.h"
#include "engine/quantize/lattice.h"

using namespace glim;

namespace {

constexpr std::size_t kRow = 512, kSuper = 256;

std::vector<std::byte> read(const std::string& name) {
  std::ifstream in(GLIM_SOURCE_DIR "/tests/golden/quant/" + name, std::ios::binary);
  REQUIRE_MESSAGE(in.good(), name);
  const std::vector<char> raw{std::istreambuf_iterator<char>(in), {}};
  std::vector<std::byte> out(raw.size());
  std::memcpy(out.data(), raw.data(), raw.size());
  return out;
}

std::vector<float> read_floats(const std::string& name) {
  const std::vector<std::byte> raw = read(name);
  std::vector<float> out(raw.size() / sizeof(float));
  std::memcpy(out.data(), raw.data(), raw.size());
  return out;
}

std::string upper(std::string_view name) {
  std::string out(name);
  for (char& c : out) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return out;
}

/// Rows of 512 values, encoded one by one.
std::vector<std::byte> encode_rows(QuantType type, std::span<const float> values,
                                   std::span<const float> importance) {
  const std::size_t bytes = row_bytes(type, kRow);
  std::vector<std::byte> out(values.size() / kRow * bytes);
  for (std::size_t r = 0; r < values.size() / kRow; ++r)
    quantize_row(type, values.subspan(r * kRow, kRow), importance, out.data() + r * bytes);
  return out;
}

std::vector<float> decode(QuantType type, std::span<const std::byte> blocks) {
  std::vector<float> out(blocks.size() / quant(type).block_bytes * quant(type).block_values);
  decode_row(type, blocks.data(), out);
  return out;
}

double squared_error(std::span<const float> a, std::span<const float> b) {
  double out = 0;
  for (std::size_t i = 0; i < a.size(); ++i) out += (double{a[i]} - b[i]) * (double{a[i]} - b[i]);
  return out;
}

struct Golden {
  std::string file;
  bool weighted;
};

std::vector<Golden> golden_files(const Encoder& encoder) {
  const std::string name = upper(quant(encoder.type).name);
  if (encoder.needs_importance) return {{name + ".bin", true}};
  return {{name + ".bin", false}, {name + ".imat.bin", true}};
}

/// The second half of row 4 has a group of zeros, behind which the writer of the golden IQ3_S blocks puts
/// everything 32 values too early.
constexpr std::size_t kMisplacedBlock = 9;

}  // namespace

TEST_CASE("the lattice formats encode to the reference bytes") {
  const std::vector<float> source = read_floats("src.f32"), importance = read_floats("importance.f32");
  for (const Encoder& encoder : lattice_encoders()) {
    const std::size_t bytes = quant(encoder.type).block_bytes;
    for (const Golden& golden : golden_files(encoder)) {
      CAPTURE(golden.file);
      const std::vector<std::byte> expected = read(golden.file);
      const std::vector<std::byte> got =
          encode_rows(encoder.type, source, golden.weighted ? importance : std::vector<float>{});
      REQUIRE(got.size() == expected.size());
      for (std::size_t block = 0; block < got.size() / bytes; ++block) {
        if (encoder.type == QuantType::iq3_s && block == kMisplacedBlock) continue;
        CAPTURE(block);
        const auto at = static_cast<std::ptrdiff_t>(block * bytes);
        CHECK(std::equal(got.begin() + at, got.begin() + at + static_cast<std::ptrdiff_t>(bytes),
                         expected.begin() + at));
      }
    }
  }
}

TEST_CASE("iq3_s stores what follows a group of zeros where it belongs") {
  const std::vector<float> source = read_floats("src.f32"), importance = read_floats("importance.f32");
  const std::span<const float> row = std::span(source).subspan(4 * kRow, kRow);
  for (const bool weighted : {false, true}) {
    const std::vector<std::byte> misplaced = read(weighted ? "IQ3_S.imat.bin" : "IQ3_S.bin");
    const std::size_t bytes = quant(QuantType::iq3_s).block_bytes;
    const std::vector<float> theirs =
        decode(QuantType::iq3_s, std::span(misplaced).subspan(kMisplacedBlock * bytes, bytes));
    const std::vector<float> ours = decode(
        QuantType::iq3_s, encode_rows(QuantType::iq3_s, row, weighted ? importance : std::vector<float>{}));
    const std::span<const float> half = row.subspan(kSuper);
    CHECK(squared_error(half, std::span(ours).subspan(kSuper)) < 0.5 * squared_error(half, theirs));
    CHECK(ours[481] == doctest::Approx(row[481]).epsilon(0.1));  // the last group's only value
  }
}

TEST_CASE("zeros and values too small for a scale become zeros") {
  const std::vector<float> importance(kRow, 1.0f);
  for (const Encoder& encoder : lattice_encoders()) {
    CAPTURE(quant(encoder.type).name);
    for (const float tiny : {0.0f, -0.0f, 1e-44f, -1e-38f}) {
      const std::vector<float> row(kRow, tiny);
      for (const float value : decode(encoder.type, encode_rows(encoder.type, row, importance)))
        REQUIRE(value == 0.0f);
    }
  }
}

TEST_CASE("weights of zero leave something that can be decoded") {
  const std::vector<float> source = read_floats("src.f32");
  std::vector<float> importance(kRow, 0.0f);
  for (std::size_t i = 64; i < 80; ++i) importance[i] = 1.0f;
  for (const Encoder& encoder : lattice_encoders()) {
    CAPTURE(quant(encoder.type).name);
    for (const float value : decode(encoder.type, encode_rows(encoder.type, source, importance)))
      REQUIRE(std::isfinite(value));
  }
}

TEST_CASE("values that are not finite, or extreme, do no harm but to their own block") {
  std::mt19937 random(7);
  const float kBad[] = {std::numeric_limits<float>::quiet_NaN(),
                        std::numeric_limits<float>::infinity(),
                        -std::numeric_limits<float>::infinity(),
                        std::numeric_limits<float>::max(),
                        std::numeric_limits<float>::denorm_min(),
                        -1e30f,
                        1e-30f,
                        -0.0f};
  const std::vector<float> source = read_floats("src.f32");
  for (const Encoder& encoder : lattice_encoders()) {
    CAPTURE(quant(encoder.type).name);
    const std::size_t bytes = quant(encoder.type).block_bytes;
    for (int round = 0; round < 60; ++round) {
      std::vector<float> row(source.begin() + kRow, source.begin() + 2 * kRow), importance(kRow, 1.0f);
      const std::vector<std::byte> clean = encode_rows(encoder.type, row, importance);
      const std::size_t count = round < 50 ? 1 + random() % 8 : 256;
      for (std::size_t i = 0; i < count; ++i) {
        row[random() % kSuper] = kBad[random() % std::size(kBad)];
        importance[random() % kSuper] = kBad[random() % std::size(kBad)];
      }
      const std::vector<std::byte> blocks = encode_rows(encoder.type, row, importance);
      CHECK(std::equal(blocks.begin() + static_cast<std::ptrdiff_t>(bytes), blocks.end(),
                       clean.begin() + static_cast<std::ptrdiff_t>(bytes)));
      CHECK(decode(encoder.type, blocks).size() == kRow);
    }
  }
}

TEST_CASE("importance moves the error to where it matters less") {
  const std::vector<float> source = read_floats("src.f32");
  const std::span<const float> row = std::span(source).subspan(kRow, kRow);
  std::vector<float> front(kRow), back(kRow);
  for (std::size_t i = 0; i < kRow; ++i) {
    const bool first = i % 16 < 4;
    front[i] = first ? 100.0f : 1.0f;
    back[i] = first ? 1.0f : 100.0f;
  }
  const auto error_in_front = [&](QuantType type, std::span<const float> importance) {
    const std::vector<float> decoded = decode(type, encode_rows(type, row, importance));
    double out = 0;
    for (std::size_t i = 0; i < kRow; i += 16)
      out += squared_error(row.subspan(i, 4), std::span<const float>(decoded).subspan(i, 4));
    return out;
  };
  for (const Encoder& encoder : lattice_encoders()) {
    CAPTURE(quant(encoder.type).name);
    CHECK(error_in_front(encoder.type, front) < 0.8 * error_in_front(encoder.type, back));
  }
}

namespace {

int distance(unsigned a, unsigned b, const Lattice& lattice) {
  int out = 0;
  for (int i = 0; i < lattice.values(); ++i) {
    const int mask = (1 << lattice.bits()) - 1, shift = lattice.bits() * i;
    const int off = (static_cast<int>(a) >> shift & mask) - (static_cast<int>(b) >> shift & mask);
    out += off * off;
  }
  return out;
}

struct LatticeCase {
  const Lattice& lattice;
  std::size_t points, shells;
};

/// A code of random levels.
unsigned random_code(const Lattice& lattice, std::mt19937& random) {
  unsigned code = 0;
  for (int i = 0; i < lattice.values(); ++i)
    code |= static_cast<unsigned>(random()) % static_cast<unsigned>(lattice.levels()) << (lattice.bits() * i);
  return code;
}

}  // namespace

TEST_CASE("the candidates of a code are the points of its nearest shells, nearest first") {
  const LatticeCase kCases[] = {{iq2_xxs_lattice(), 256, 2}, {iq2_xs_lattice(), 512, 2},
                                {iq2_s_lattice(), 1024, 1},  {iq3_xxs_lattice(), 256, 2},
                                {iq3_s_lattice(), 512, 3},   {iq1_lattice(), 2048, 3}};
  std::mt19937 random(3);
  for (const LatticeCase& c : kCases) {
    CAPTURE(c.points);
    std::set<unsigned> points;
    const unsigned codes = 1u << (c.lattice.values() * c.lattice.bits());
    for (int tries = 0; tries < 400000 && points.size() < c.points; ++tries) {
      const unsigned code = random_code(c.lattice, random);
      if (c.lattice.cell(code).is_point()) points.insert(code);
    }
    REQUIRE(points.size() == c.points);
    CHECK(*points.rbegin() < codes);
    for (int tries = 0; tries < 200; ++tries) {
      const unsigned code = random_code(c.lattice, random);
      const Lattice::Cell cell = c.lattice.cell(code);
      if (cell.is_point()) continue;
      std::vector<std::pair<int, unsigned>> expected;
      std::set<int> shells;
      for (const unsigned point : points) shells.insert(distance(code, point, c.lattice));
      const int last = *std::next(shells.begin(), static_cast<std::ptrdiff_t>(c.shells) - 1);
      for (const unsigned point : points) {
        if (const int d = distance(code, point, c.lattice); d <= last)
          expected.emplace_back(d, c.lattice.index(point));
      }
      std::sort(expected.begin(), expected.end());
      const std::uint16_t* got = c.lattice.candidates(cell);
      REQUIRE(cell.blocks == (expected.size() + 7) / 8);
      for (std::size_t i = 0; i < 8 * cell.blocks; ++i)
        REQUIRE(c.lattice.index(got[i]) == expected[i < expected.size() ? i : 0].second);
    }
  }
}
