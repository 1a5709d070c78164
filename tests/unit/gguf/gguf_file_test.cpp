#include "engine/gguf/gguf_file.h"

#include <cstring>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "engine/base/error.h"
#include "tests/support/temp_dir.h"
#include "tests/support/tiny_gguf.h"

using namespace glim;

namespace {

TinyGguf sample() {
  TinyGguf gguf;
  gguf.set("general.architecture", "deepseek2")
      .set("deepseek2.block_count", 3u)
      .set("general.name", "sample");
  gguf.tensor("a.weight", QuantType::q8_0, {32, 4}).tensor("b.weight", {3}, std::vector<float>{1, 2, 3});
  return gguf;
}

/// The error of opening the file, empty when it opens.
struct Outcome {
  std::optional<ErrorCode> code;
  std::string message;
};

Outcome open(const std::filesystem::path& path) {
  try {
    const GgufFile file(path);
  } catch (const Error& error) {
    return {error.code(), error.what()};
  }
  return {};
}

Outcome open(const TinyGguf& gguf) {
  const TempDir dir;
  gguf.write(dir / "m.gguf");
  return open(dir / "m.gguf");
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

void write(const std::filesystem::path& path, std::span<const std::byte> bytes) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

}  // namespace

TEST_CASE("metadata and tensors come out as they were written") {
  const TempDir dir;
  sample().write(dir / "m.gguf");
  const GgufFile file(dir / "m.gguf");
  CHECK(file.version() == 3);
  CHECK(file.path() == dir / "m.gguf");
  CHECK(file.file_bytes() == std::filesystem::file_size(dir / "m.gguf"));
  REQUIRE(file.metadata().size() == 3);
  CHECK(file.metadata()[1].first == "deepseek2.block_count");
  REQUIRE(file.tensors().size() == 2);
  const GgufTensor* a = file.tensor("a.weight");
  REQUIRE(a != nullptr);
  CHECK(a->type == QuantType::q8_0);
  CHECK(a->dimensions == 2);
  CHECK(a->shape == std::array<std::int64_t, 4>{32, 4, 1, 1});
  CHECK(a->bytes == 4 * 34);
  CHECK(a->values() == 128);
  const GgufTensor* b = file.tensor("b.weight");
  REQUIRE(b != nullptr);
  float values[3];
  std::memcpy(values, b->data, sizeof values);
  CHECK(values[2] == 3.0f);
  CHECK(file.tensor("c.weight") == nullptr);
  CHECK(file.warnings().empty());
}

TEST_CASE("integers of every width are accepted where they fit and other types are refused by name") {
  const TempDir dir;
  TinyGguf gguf = sample();
  gguf.set("u8", std::uint8_t{200}).set("i16", std::int16_t{-5}).set("u64", std::uint64_t{1} << 40);
  gguf.set("huge", ~std::uint64_t{0}).set("f32", 0.5f).set("f64", 0.25).set("yes", true).set("text", "word");
  gguf.set("ints", std::vector<std::int32_t>{1, -2}).set("bytes", std::vector<std::uint8_t>{7, 255});
  gguf.set("floats", std::vector<float>{1.5f}).set("texts", std::vector<std::string>{"p", ""});
  gguf.write(dir / "m.gguf");
  const GgufFile file(dir / "m.gguf");

  CHECK(file.get_int("u8") == 200);
  CHECK(file.get_int("i16") == -5);
  CHECK(file.get_int("u64") == std::int64_t{1} << 40);
  CHECK(file.get_float("u8") == 200.0);
  CHECK(file.get_float("huge") == 0x1p64);
  CHECK(file.get_float("f32") == 0.5);
  CHECK(file.get_float("f64") == 0.25);
  CHECK(file.get_bool("yes") == true);
  CHECK(file.get_string("text") == "word");
  CHECK(file.get_ints("ints") == std::vector<std::int64_t>{1, -2});
  CHECK(file.get_ints("bytes") == std::vector<std::int64_t>{7, 255});
  CHECK(file.get_ints("u8") == std::vector<std::int64_t>{200});
  CHECK(file.get_floats("floats") == std::vector<double>{1.5});
  CHECK(file.get_floats("ints") == std::vector<double>{1, -2});
  CHECK(file.get_floats("f32") == std::vector<double>{0.5});
  REQUIRE(file.get_strings("texts") != nullptr);
  CHECK((*file.get_strings("texts"))[0] == "p");

  CHECK_FALSE(file.get_int("absent"));
  CHECK_FALSE(file.get_ints("absent"));
  CHECK_FALSE(file.get_floats("absent"));
  CHECK(file.get_strings("absent") == nullptr);
  CHECK_THROWS_AS(file.get_int("huge"), Error);
  CHECK_THROWS_AS(file.get_int("f32"), Error);
  CHECK_THROWS_AS(file.get_int("yes"), Error);
  CHECK_THROWS_AS(file.get_int("ints"), Error);
  CHECK_THROWS_AS(file.get_float("text"), Error);
  CHECK_THROWS_AS(file.get_bool("u8"), Error);
  CHECK_THROWS_AS(file.get_string("u8"), Error);
  CHECK_THROWS_AS(file.get_ints("floats"), Error);
  CHECK_THROWS_AS(file.get_floats("texts"), Error);
  CHECK_THROWS_AS(file.get_strings("text"), Error);
  try {
    file.get_string("u8");
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::E105);
    CHECK(contains(error.what(), "'u8'"));
    CHECK(contains(error.what(), "m.gguf"));
  }
}

TEST_CASE("a file cut at any byte is refused and the message of a partial download says how much is there") {
  const TempDir dir;
  const std::vector<std::byte> whole = sample().bytes();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    write(dir / "m.gguf", std::span(whole).first(size));
    const Outcome outcome = open(dir / "m.gguf");
    CAPTURE(size);
    REQUIRE(outcome.code == ErrorCode::E104);
    if (size + 1 == whole.size()) {
      CHECK(contains(outcome.message,
                     "have " + std::to_string(size) + " of " + std::to_string(whole.size()) + " bytes"));
    }
  }
}

TEST_CASE("damaged headers are refused or read but never read out of bounds") {
  const TempDir dir;
  const std::vector<std::byte> whole = sample().bytes();
  std::mt19937 random(1);
  for (int round = 0; round < 2000; ++round) {
    std::vector<std::byte> bytes = whole;
    for (int i = 0; i < 3; ++i) bytes[random() % bytes.size()] = static_cast<std::byte>(random());
    write(dir / "m.gguf", bytes);
    const Outcome outcome = open(dir / "m.gguf");
    if (outcome.code) CHECK_FALSE(outcome.message.empty());
  }
}

TEST_CASE("limits hold for names, dimensions, sizes, offsets and alignment") {
  const auto refused = [](const TinyGguf& gguf, const char* word) {
    const Outcome outcome = open(gguf);
    CHECK(outcome.code == ErrorCode::E105);
    CHECK_MESSAGE(contains(outcome.message, word), outcome.message);
  };
  const std::vector<std::byte> one(4);
  refused(sample().tensor(std::string(64, 'x'), QuantType::f32, {1}), "limit of 63");
  refused(sample().tensor("a.weight", QuantType::f32, {1}), "twice");
  refused(sample().tensor(std::string("a\0b", 3), QuantType::f32, {1}), "printable");
  refused(sample().tensor("c", QuantType::f32, {1, 1, 1, 1, 1}, one), "5 dimensions");
  refused(sample().tensor("c", QuantType::f32, {4, 0}, one), "size 0");
  refused(sample().tensor("c", QuantType::f32, {std::int64_t{1} << 40, 1 << 20}, one), "more values");
  refused(sample().tensor("c", QuantType::q4_k, {128, 2}, one), "whole blocks of 256");
  refused(sample().tensor("c", QuantType::f32, {1}).offset(33), "multiple of the alignment");
  refused(sample().tensor("c", QuantType::f32, {1}).offset(~std::uint64_t{0} - 31), "impossible");
  refused(sample().tensor("c", QuantType::f32, {1}).offset(32), "overlap");
  refused(sample().set_again("general.name", 5u), "general.name");
  refused(sample().set("", 5u), "empty");
  refused(sample().set("general.alignment", 48u), "48");
  refused(sample().set("general.alignment", 131072u), "131072");
  refused(sample().set("general.alignment", std::uint64_t{32}), "u64");
  CHECK_FALSE(open(sample().tensor(std::string(63, 'x'), QuantType::f32, {1})).code);
  CHECK(open(sample().tensor("c", QuantType::f32, {1}).offset(std::uint64_t{1} << 40)).code ==
        ErrorCode::E104);
}

TEST_CASE("gaps and trailing bytes are accepted with a warning and the alignment key is honoured") {
  const TempDir dir;
  TinyGguf(2)
      .set("general.alignment", 4096u)
      .tensor("a", QuantType::f16, {8})
      .tensor("b", QuantType::f16, {8})
      .write(dir / "m.gguf");
  CHECK(GgufFile(dir / "m.gguf").warnings().empty());
  CHECK(GgufFile(dir / "m.gguf").version() == 2);
  std::filesystem::resize_file(dir / "m.gguf", std::filesystem::file_size(dir / "m.gguf") + 8192);
  CHECK(GgufFile(dir / "m.gguf").warnings().size() == 1);
  TinyGguf gguf = sample();
  gguf.tensor("last", QuantType::f32, {1}).offset(1024).tensor("pad", QuantType::f32, {1024}).offset(1 << 13);
  gguf.write(dir / "m.gguf");
  std::filesystem::resize_file(dir / "m.gguf", 1 << 14);
  CHECK(contains(GgufFile(dir / "m.gguf").warnings().at(0), "before 2 tensors"));
}

TEST_CASE("sixty thousand keys and forty thousand tensors open") {
  const TempDir dir;
  TinyGguf gguf;
  for (int i = 0; i < 60000; ++i) gguf.set_again("key." + std::to_string(i), i);
  gguf.write(dir / "keys.gguf");
  CHECK(GgufFile(dir / "keys.gguf").get_int("key.59999") == 59999);
  TinyGguf many;
  for (int i = 0; i < 40000; ++i) many.tensor("t" + std::to_string(i), QuantType::f32, {8});
  many.write(dir / "tensors.gguf");
  CHECK(GgufFile(dir / "tensors.gguf").tensor("t39999") != nullptr);
}

TEST_CASE("a sparse file of eight tebibytes opens without being read") {
  const TempDir dir;
  TinyGguf gguf = sample();
  gguf.tensor("giant", QuantType::f32, {1 << 20, 1 << 21});
  try {
    gguf.write(dir / "m.gguf");
  } catch (const std::exception&) {
    MESSAGE("skipped: no sparse file of this size can be made here");
    return;
  }
  CHECK(GgufFile(dir / "m.gguf").tensor("giant")->bytes == std::uint64_t{1} << 43);
}

TEST_CASE("a model whose file is cut while it is in use is noticed") {
  const TempDir dir;
  sample().tensor("big", QuantType::f32, {1 << 16}).write(dir / "m.gguf");
  const GgufFile file(dir / "m.gguf");
  CHECK_NOTHROW(file.check_intact());
  CHECK_FALSE(file.rewritten());
  const GgufTensor& big = *file.tensor("big");
  std::filesystem::resize_file(dir / "m.gguf", 100);
  CHECK(big.data[big.bytes - 1] == std::byte{0});
  try {
    file.check_intact();
    FAIL("not noticed");
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::E403);
  }
}
