#include "engine/quant/quant_type.h"

#include <algorithm>
#include <bit>
#include <cctype>
#include <cmath>
#include <cstring>
#include <fstream>
#include <iterator>
#include <limits>
#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace glim;

namespace {

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

/// Index of the first value whose bits differ, or the length when none does.
std::size_t first_difference(const std::vector<float>& a, const std::vector<float>& b) {
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (std::bit_cast<std::uint32_t>(a[i]) != std::bit_cast<std::uint32_t>(b[i])) return i;
  }
  return a.size();
}

/// Whether files hold blocks of the format, so that there are some to compare with.
bool stands_in_files(QuantType type) {
  return static_cast<std::uint32_t>(type) < kFirstOwnCode;
}

std::string upper(std::string_view name) {
  std::string out(name);
  for (char& c : out) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return out;
}

}  // namespace

TEST_CASE("every format decodes the reference blocks and random bit patterns to the same bits") {
  for (const QuantInfo& info : kQuants) {
    if (!stands_in_files(info.type)) continue;
    for (const char* kind : {"", ".rand"}) {
      const std::string stem = upper(info.name) + kind;
      CAPTURE(stem);
      const std::vector<std::byte> blocks = read(stem + ".bin");
      const std::vector<float> expected = read_floats(stem + ".deq.f32");
      REQUIRE(blocks.size() == row_bytes(info.type, static_cast<std::int64_t>(expected.size())));
      std::vector<float> decoded(expected.size());
      decode_row(info.type, blocks.data(), decoded);
      CHECK(first_difference(decoded, expected) == expected.size());
    }
  }
}

TEST_CASE("a row needs no alignment") {
  for (const QuantInfo& info : kQuants) {
    if (!stands_in_files(info.type)) continue;
    const std::vector<std::byte> blocks = read(upper(info.name) + ".bin");
    std::vector<std::byte> moved(blocks.size() + 1);
    std::copy(blocks.begin(), blocks.end(), moved.begin() + 1);
    std::vector<float> a(info.block_values), b(info.block_values);
    decode_row(info.type, blocks.data(), a);
    decode_row(info.type, moved.data() + 1, b);
    CHECK(first_difference(a, b) == a.size());
  }
}

TEST_CASE("the simple formats encode to the reference bytes") {
  const std::vector<float> source = read_floats("src.f32");
  int encoders = 0;
  for (const QuantInfo& info : kQuants) {
    if (!can_encode(info.type) || !stands_in_files(info.type)) continue;
    CAPTURE(info.name);
    ++encoders;
    std::vector<std::byte> row(row_bytes(info.type, static_cast<std::int64_t>(source.size())));
    encode_row(info.type, source, row.data());
    const bool searches = info.type == QuantType::iq4_nl;  // when it makes files
    std::vector<std::byte> expected = read(upper(info.name) + (searches ? ".row.bin" : ".bin"));
    REQUIRE(row.size() == expected.size());
    for (std::size_t block = 0; searches && block < row.size(); block += info.block_bytes) {
      // The reference leaves the codes of a block of zeros open.
      if (expected[block] == std::byte{0} && expected[block + 1] == std::byte{0})
        std::copy_n(row.begin() + static_cast<std::ptrdiff_t>(block), info.block_bytes,
                    expected.begin() + static_cast<std::ptrdiff_t>(block));
    }
    const auto [at, ignored] = std::mismatch(row.begin(), row.end(), expected.begin());
    CHECK(at - row.begin() == static_cast<std::ptrdiff_t>(row.size()));
  }
  CHECK(encoders == 10);
}

TEST_CASE("encoding an activation row to q8_0 gives the reference bytes") {
  const std::vector<float> activation = read_floats("act.f32");
  const std::vector<std::byte> expected = read("act.q8_0.bin");
  std::vector<std::byte> row(expected.size());
  encode_row(QuantType::q8_0, activation, row.data());
  CHECK(row == expected);
}

TEST_CASE("formats are found by code and by name, and their names match the names of the file format") {
  for (const QuantInfo& info : kQuants) {
    const auto code = static_cast<std::uint32_t>(info.type);
    CHECK(quant_from_code(code) == (holds_weights(info.type) ? std::optional(info.type) : std::nullopt));
    CHECK(quant_from_name(info.name) == info.type);
    CHECK(gguf_type_name(code) == (stands_in_files(info.type) ? upper(info.name) : ""));
    CHECK(quant(info.type).block_bytes == info.block_bytes);
  }
  CHECK_FALSE(holds_weights(QuantType::q8_k));
  CHECK(gguf_type_use(4) == GgufUse::retired);
  CHECK(gguf_type_use(105) == GgufUse::cache);
  CHECK(gguf_type_use(42) == GgufUse::unknown);
  CHECK_FALSE(quant_from_code(4));
  CHECK_FALSE(quant_from_code(0xffffffffu));
  CHECK_FALSE(quant_from_name("Q4_K"));
  CHECK(gguf_type_name(23) == "IQ4_XS");
  CHECK(gguf_type_name(31) == "Q4_0_4_4");
  CHECK(gguf_type_name(101) == "Q4_0_ROCMFP4_FAST");
  CHECK(gguf_type_name(42).empty());
  CHECK(gguf_type_name(0xffffffffu).empty());
}

TEST_CASE("row sizes and bits per value follow from the block") {
  CHECK(row_bytes(QuantType::q8_0, 576) == 612);
  CHECK(row_bytes(QuantType::q4_k, 2048) == 1152);
  CHECK(row_bytes(QuantType::f16, 0) == 0);
  CHECK(quant(QuantType::q6_k).bits_per_value() == 6.5625);
}
