#include "engine/convert/weight_matrix.h"

#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "engine/base/error.h"
#include "engine/convert/weight_layouts.h"
#include "tests/support/temp_dir.h"
#include "tests/support/tiny_safetensors.h"

using namespace glim;

namespace {

const std::filesystem::path kGolden = GLIM_SOURCE_DIR "/tests/golden/st";

template <typename T>
std::vector<T> read_all(const std::filesystem::path& path) {
  std::vector<T> out(std::filesystem::file_size(path) / sizeof(T));
  std::ifstream(path, std::ios::binary)
      .read(reinterpret_cast<char*>(out.data()), static_cast<std::streamsize>(out.size() * sizeof(T)));
  return out;
}

/// A checkpoint of one file.
struct Opened {
  explicit Opened(const TinySafetensors& file) {
    file.write(dir / "model.safetensors");
    open();
  }
  explicit Opened(const std::string& golden) {
    std::filesystem::copy_file(kGolden / (golden + ".safetensors"), dir / "model.safetensors");
    open();
  }
  void open() {
    checkpoint = std::make_unique<Checkpoint>(dir.path());
    reader = std::make_unique<WeightReader>(*checkpoint);
  }
  std::unique_ptr<WeightMatrix> matrix() { return reader->open("m"); }

  TempDir dir;
  std::unique_ptr<Checkpoint> checkpoint;
  std::unique_ptr<WeightReader> reader;
};

std::vector<float> decoded(const WeightMatrix& matrix) {
  std::vector<float> out(static_cast<std::size_t>(matrix.rows() * matrix.cols()));
  matrix.decode(0, matrix.rows(), out.data());
  return out;
}

struct Carried {
  Carry result;
  std::vector<std::byte> bytes;
  std::vector<float> values;  ///< without the factor
};

Carried carried(const WeightMatrix& matrix) {
  const QuantType type = matrix.carried().value();
  Carried out{Carry::exact, {}, std::vector<float>(static_cast<std::size_t>(matrix.rows() * matrix.cols()))};
  out.bytes.resize(row_bytes(type, matrix.cols()) * static_cast<std::size_t>(matrix.rows()));
  out.result = matrix.carry(0, matrix.rows(), out.bytes.data());
  decode_row(type, out.bytes.data(), out.values);
  return out;
}

std::string code_of(const TinySafetensors& file) {
  Opened opened(file);
  try {
    opened.matrix();
  } catch (const Error& error) {
    CHECK(std::string(error.what()).find(": ") != std::string::npos);
    return error_name(error.code());
  }
  return "opened";
}

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

const std::string kAll[] = {"ct_pack_sym_g32", "ct_pack_asym_g32", "ct_pack_asym_g128",
                            "awq_gemm_g128",   "nvfp4_ct",         "nvfp4_modelopt"};

}  // namespace

TEST_CASE("every layout decodes to the values that its description states") {
  for (const std::string& name : kAll) {
    CAPTURE(name);
    Opened opened(name);
    const auto matrix = opened.matrix();
    CHECK(matrix->rows() == 16);
    CHECK(matrix->cols() == 256);
    const std::vector<float> expected = read_all<float>(kGolden / (name + ".deq.f32")),
                             found = decoded(*matrix);
    REQUIRE(found.size() == expected.size());
    // One product of small integers and scales, rounded once; the order of two factors may cost a unit more.
    int different = 0;
    for (std::size_t i = 0; i < found.size(); ++i)
      if (!(std::fabs(found[i] - expected[i]) <= 0x1p-22f * std::fabs(expected[i]))) ++different;
    CHECK(different == 0);
    CHECK(opened.reader->unused().empty());
  }
}

TEST_CASE("rows decode and go over the same, alone or together") {
  for (const std::string& name : kAll) {
    CAPTURE(name);
    Opened opened(name);
    const auto matrix = opened.matrix();
    const std::vector<float> whole = decoded(*matrix);
    const Carried all = carried(*matrix);
    std::vector<float> row(256);
    std::vector<std::byte> bytes(row_bytes(*matrix->carried(), 256));
    for (std::int64_t r = 0; r < 16; ++r) {
      matrix->decode(r, 1, row.data());
      CHECK(same_bits(row, {whole.begin() + r * 256, whole.begin() + (r + 1) * 256}));
      matrix->carry(r, 1, bytes.data());
      CHECK(std::equal(bytes.begin(), bytes.end(), all.bytes.begin() + r * static_cast<long>(bytes.size())));
    }
  }
}

TEST_CASE("symmetric integers become q4_0 without any change") {
  Opened opened("ct_pack_sym_g32");
  const auto matrix = opened.matrix();
  CHECK(matrix->carried() == QuantType::q4_0);
  const Carried over = carried(*matrix);
  CHECK(over.result == Carry::exact);
  CHECK(same_bits(over.values, decoded(*matrix)));
}

TEST_CASE("integers with zeros become q4_1 within the rounding of scale and minimum to F16") {
  for (const std::string& name :
       {std::string("ct_pack_asym_g32"), std::string("ct_pack_asym_g128"), std::string("awq_gemm_g128")}) {
    CAPTURE(name);
    Opened opened(name);
    const auto matrix = opened.matrix();
    CHECK(matrix->carried() == QuantType::q4_1);
    const Carried over = carried(*matrix);
    CHECK(over.result != Carry::impossible);
    const std::vector<float> exact = decoded(*matrix);
    for (std::size_t group = 0; group < exact.size(); group += 32) {
      float largest = 0;
      for (std::size_t i = group; i < group + 32; ++i) largest = std::max(largest, std::fabs(exact[i]));
      // |minimum| <= 15 scale and a group spans up to 15 scales; half a unit of 11 bits of both.
      for (std::size_t i = group; i < group + 32; ++i)
        CHECK(std::fabs(over.values[i] - exact[i]) <= 15 * largest * 0x1p-11f);
    }
  }
}

TEST_CASE("NVFP4 of both writers becomes the same blocks and the same factor") {
  const auto expected = read_all<std::byte>(kGolden / "nvfp4.gguf_blocks.bin");
  const float factor = read_all<float>(kGolden / "nvfp4.gguf_scale.f32").at(0);
  for (const std::string& name : {std::string("nvfp4_ct"), std::string("nvfp4_modelopt")}) {
    CAPTURE(name);
    Opened opened(name);
    const auto matrix = opened.matrix();
    CHECK(matrix->carried() == QuantType::nvfp4);
    const Carried over = carried(*matrix);
    CHECK(over.result == Carry::exact);
    CHECK(over.bytes == expected);
    CHECK(std::fabs(matrix->factor() - factor) <= 0x1p-23f * factor);
    const std::vector<float> exact = decoded(*matrix);
    for (std::size_t i = 0; i < exact.size(); ++i)
      CHECK(std::fabs(over.values[i] * matrix->factor() - exact[i]) <= 0x1p-22f * std::fabs(exact[i]));
  }
}

TEST_CASE("floats are what they are, and their bytes go over") {
  TinySafetensors file;
  const std::vector<float> values = {1, -2, 0.5f, 3};
  std::vector<std::uint16_t> halves;
  for (const float value : values) halves.push_back(f32_to_f16(value));
  file.f32("a.weight", {2, 2}, values).bf16("b.weight", {4}, values).add("m.weight", "F16", {1, 4}, halves);
  Opened opened(file);
  const auto a = opened.reader->open("a"), b = opened.reader->open("b"), m = opened.matrix();
  CHECK(a->rows() == 2);
  CHECK(b->rows() == 1);
  CHECK(a->carried() == QuantType::f32);
  CHECK(b->carried() == QuantType::bf16);
  CHECK(m->carried() == QuantType::f16);
  for (const auto* matrix : {a.get(), b.get(), m.get()}) {
    CHECK(decoded(*matrix) == values);
    CHECK(carried(*matrix).values == values);
  }
  CHECK_FALSE(opened.reader->has("c"));
}

TEST_CASE("eight-bit floats are multiplied with their scale, whatever it covers") {
  CHECK(e4m3_to_f32(0x7e) == 448);
  CHECK(e4m3_to_f32(0x81) == -0x1p-9f);
  CHECK(e4m3_to_f32(0x38) == 1);
  CHECK(std::isnan(e4m3_to_f32(0xff)));
  const std::vector<std::uint8_t> codes = {0x38, 0x40, 0xb8, 0x30, 0, 0x7e};  // 1 2 -1 0.5 0 448
  TinySafetensors whole, rows, squares;
  whole.add("m.weight", "F8_E4M3", {2, 3}, codes).f32("m.weight_scale", {}, {2});
  CHECK(decoded(*Opened(whole).matrix()) == std::vector<float>{2, 4, -2, 1, 0, 896});
  rows.add("m.weight", "F8_E4M3", {2, 3}, codes).bf16("m.weight_scale", {2, 1}, {2, 0.5f});
  CHECK(decoded(*Opened(rows).matrix()) == std::vector<float>{2, 4, -2, 0.25f, 0, 224});
  squares.add("m.weight", "F8_E4M3", {1, 129}, std::vector<std::uint8_t>(129, 0x38));
  squares.f32("m.weight_scale_inv", {1, 2}, {3, 5});
  const std::vector<float> found = decoded(*Opened(squares).matrix());
  CHECK(found[127] == 3);
  CHECK(found[128] == 5);
  CHECK_FALSE(Opened(squares).matrix()->carried());
}

namespace {

/// Two rows of 32 codes, one group each.
TinySafetensors packed(float scale = 0.25f) {
  TinySafetensors file;
  std::vector<std::uint32_t> words(8, 0x76543210u);
  file.add("m.weight_packed", "I32", {2, 4}, words).f32("m.weight_scale", {2, 1}, {scale, scale});
  file.add("m.weight_shape", "I64", {2}, std::vector<std::int64_t>{2, 32});
  return file;
}

}  // namespace

TEST_CASE("columns may choose their groups, which no block can express") {
  TinySafetensors file;
  std::vector<std::int32_t> groups(64);
  for (std::size_t c = 0; c < 64; ++c) groups[c] = c % 2 == 0 ? 0 : 1;
  file.add("m.weight_packed", "I32", {1, 8}, std::vector<std::uint32_t>(8, 0x99999999u));
  file.f32("m.weight_scale", {1, 2}, {1, 2}).add("m.weight_g_idx", "I32", {64}, groups);
  Opened opened(file);
  const auto matrix = opened.matrix();
  CHECK_FALSE(matrix->carried());
  const std::vector<float> found = decoded(*matrix);
  for (std::size_t c = 0; c < 64; ++c) CHECK(found[c] == (c % 2 == 0 ? 1 : 2));
}

TEST_CASE("groups in their natural order are no choice") {
  TinySafetensors file;
  std::vector<std::int32_t> groups(64);
  for (std::size_t c = 0; c < 64; ++c) groups[c] = static_cast<std::int32_t>(c / 32);
  file.add("m.weight_packed", "I32", {1, 8}, std::vector<std::uint32_t>(8, 0x99999999u));
  file.f32("m.weight_scale", {1, 2}, {1, 2}).add("m.weight_g_idx", "I32", {64}, groups);
  CHECK(Opened(file).matrix()->carried() == QuantType::q4_0);
}

TEST_CASE("rows whose length is no multiple of eight keep their last word part empty") {
  TinySafetensors file;
  file.add("m.weight_packed", "I32", {1, 2}, std::vector<std::uint32_t>{0x76543210u, 0x00000098u});
  file.f32("m.weight_scale", {1, 1}, {1}).add("m.weight_shape", "I64", {2}, std::vector<std::int64_t>{1, 10});
  Opened opened(file);
  const auto matrix = opened.matrix();
  CHECK(matrix->cols() == 10);
  CHECK(decoded(*matrix) == std::vector<float>{-8, -7, -6, -5, -4, -3, -2, -1, 0, 1});
  CHECK_FALSE(matrix->carried());
}

TEST_CASE("scales that F16 rounds are told from those that it cannot hold") {
  CHECK(carried(*Opened(packed()).matrix()).result == Carry::exact);
  CHECK(carried(*Opened(packed(0.1f)).matrix()).result == Carry::rounded);
  CHECK(carried(*Opened(packed(1e6f)).matrix()).result == Carry::impossible);
  CHECK(carried(*Opened(packed(std::numeric_limits<float>::quiet_NaN())).matrix()).result ==
        Carry::impossible);
}

TEST_CASE("a block scale that is negative or no number does not go over") {
  for (const std::uint8_t bad : {std::uint8_t{0x7f}, std::uint8_t{0xff}, std::uint8_t{0xb8}}) {
    std::vector<std::uint8_t> scales = {0x38, 0x38, bad, 0x80};
    TinySafetensors file;
    file.add("m.weight_packed", "U8", {1, 32}, std::vector<std::uint8_t>(32, 0x21));
    file.add("m.weight_scale", "F8_E4M3", {1, 4}, scales).f32("m.weight_global_scale", {1}, {1});
    CHECK(carried(*Opened(file).matrix()).result == Carry::impossible);
    scales[2] = 0x38;
    TinySafetensors good;
    good.add("m.weight_packed", "U8", {1, 32}, std::vector<std::uint8_t>(32, 0x21));
    good.add("m.weight_scale", "F8_E4M3", {1, 4}, scales).f32("m.weight_global_scale", {1}, {1});
    CHECK(carried(*Opened(good).matrix()).result == Carry::exact);
  }
}

TEST_CASE("layouts that are not supported are named") {
  const std::vector<std::uint32_t> words(8);
  TinySafetensors gptq, gemv, eight;
  gptq.add("m.qweight", "I32", {4, 2}, words).add("m.qzeros", "I32", {1, 1}, std::vector<std::uint32_t>(1));
  gptq.add("m.scales", "F16", {1, 2}, std::vector<std::uint16_t>(2));
  CHECK(code_of(gptq) == "E111");
  gemv.add("m.qweight", "I32", {8, 2}, std::vector<std::uint32_t>(16)).add("m.qzeros", "I32", {8, 1}, words);
  gemv.add("m.scales", "F16", {1, 8}, std::vector<std::uint16_t>(8));
  CHECK(code_of(gemv) == "E111");
  eight.add("m.weight_packed", "I32", {2, 4}, words).f32("m.weight_scale", {2, 1}, {1, 1});
  eight.add("m.weight_shape", "I64", {2}, std::vector<std::int64_t>{2, 16});
  CHECK(code_of(eight) == "E111");
  TinySafetensors integers;
  integers.add("m.weight", "I32", {2, 4}, words);
  CHECK(code_of(integers) == "E111");
}

TEST_CASE("tensors of one matrix that do not fit each other are refused") {
  const auto with = [](const std::string& name, std::string_view dtype, std::vector<std::int64_t> shape,
                       std::size_t bytes) {
    TinySafetensors file;
    const std::vector<char> zeros(bytes);
    file.add(name, dtype, std::move(shape), zeros);
    if (name != "m.weight_packed") file.add("m.weight_packed", "I32", {2, 4}, std::vector<std::uint32_t>(8));
    if (name != "m.weight_scale") file.f32("m.weight_scale", {2, 1}, {1, 1});
    return code_of(file);
  };
  CHECK(with("m.unrelated", "U8", {1}, 1) == "opened");
  CHECK(with("m.weight_scale", "F32", {3, 1}, 12) == "E112");
  CHECK(with("m.weight_scale", "F32", {2, 3}, 24) == "E112");
  CHECK(with("m.weight_scale", "F32", {2, 0}, 0) == "E112");
  CHECK(with("m.weight_scale", "I32", {2, 1}, 8) == "E112");
  CHECK(with("m.weight_packed", "I32", {8}, 32) == "E112");
  CHECK(with("m.weight_packed", "I32", {0, 4}, 0) == "E112");
  CHECK(with("m.weight_packed", "F32", {2, 4}, 32) == "E112");
  CHECK(with("m.weight_shape", "I64", {2}, 16) == "E112");
  CHECK(with("m.weight_shape", "I32", {2}, 8) == "E112");
  CHECK(with("m.weight_zero_point", "I32", {2, 1}, 8) == "E112");
  CHECK(with("m.weight_zero_point", "I32", {1, 1}, 4) == "opened");
  CHECK(with("m.weight_g_idx", "I32", {31}, 124) == "E112");
  CHECK(with("m.weight_g_idx", "I32", {32}, 128) == "opened");
  TinySafetensors file = packed();
  file.add("m.weight_g_idx", "I32", {32}, std::vector<std::int32_t>(32, 1));
  CHECK(code_of(file) == "E113");
  CHECK(code_of(TinySafetensors().f32("m.bias", {1}, {1})) == "E112");
  CHECK(code_of(TinySafetensors().f32("m.weight", {1, 1, 1}, {1})) == "E112");
  CHECK(code_of(TinySafetensors().f32("m.weight", {0}, {})) == "E112");
}

TEST_CASE("a scale of a whole NVFP4 matrix that is zero, negative or not finite is refused") {
  const auto with = [](float scale) {
    TinySafetensors file;
    file.add("m.weight_packed", "U8", {1, 32}, std::vector<std::uint8_t>(32));
    file.add("m.weight_scale", "F8_E4M3", {1, 4}, std::vector<std::uint8_t>(4));
    file.f32("m.weight_global_scale", {1}, {scale});
    return code_of(file);
  };
  CHECK(with(1) == "opened");
  for (const float scale :
       {0.0f, -1.0f, std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN(), 1e-45f})
    CHECK(with(scale) == "E113");
}
