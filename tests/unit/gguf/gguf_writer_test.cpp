#include "engine/gguf/gguf_writer.h"

#include <sys/resource.h>

#include <csignal>
#include <fstream>
#include <numeric>

#include <doctest/doctest.h>

#include "engine/base/error.h"
#include "engine/base/new_file.h"
#include "tests/support/temp_dir.h"

namespace glim {
namespace {

using Shape = std::vector<std::int64_t>;

std::vector<std::byte> pattern(std::size_t bytes, int seed) {
  std::vector<std::byte> out(bytes);
  for (std::size_t i = 0; i < bytes; ++i)
    out[i] = static_cast<std::byte>((i * 7 + static_cast<std::size_t>(seed)) % 251);
  return out;
}

std::size_t files_in(const std::filesystem::path& folder) {
  const auto files = std::filesystem::directory_iterator(folder);
  return static_cast<std::size_t>(std::distance(begin(files), end(files)));
}

/// Three tensors of 3*2*4 = 24, 34 and 64 bytes.
void add_three(GgufWriter& writer) {
  writer.add_tensor("a.weight", QuantType::f32, Shape{3, 2});
  writer.add_tensor("b.weight", QuantType::q8_0, Shape{32});
  writer.add_tensor("c.weight", QuantType::f16, Shape{2, 2, 4, 2});
}

void write_three(GgufWriter& writer) {
  writer.write(pattern(24, 1));
  writer.write(pattern(34, 2));
  writer.write(pattern(64, 3));
}

void check_three(const GgufFile& file) {
  REQUIRE(file.tensors().size() == 3);
  const std::size_t bytes[] = {24, 34, 64};
  const char* names[] = {"a.weight", "b.weight", "c.weight"};
  for (std::size_t i = 0; i < 3; ++i) {
    const GgufTensor* tensor = file.tensor(names[i]);
    REQUIRE(tensor != nullptr);
    REQUIRE(tensor->bytes == bytes[i]);
    const std::vector<std::byte> expected = pattern(bytes[i], static_cast<int>(i) + 1);
    CHECK(std::equal(expected.begin(), expected.end(), tensor->data));
  }
  CHECK(file.tensor("c.weight")->shape == std::array<std::int64_t, 4>{2, 2, 4, 2});
  CHECK(file.tensor("c.weight")->dimensions == 4);
  CHECK(file.warnings().empty());
}

TEST_CASE("A written file holds the keys and tensors that were put into it") {
  const TempDir dir;
  GgufWriter writer(dir / "m.gguf");
  writer.set("general.architecture", std::string("toy"));
  writer.set("k.u8", std::uint8_t{200});
  writer.set("k.i8", std::int8_t{-3});
  writer.set("k.u16", std::uint16_t{60000});
  writer.set("k.i16", std::int16_t{-30000});
  writer.set("k.u32", std::uint32_t{4000000000});
  writer.set("k.i32", std::int32_t{-5});
  writer.set("k.f32", 1.5f);
  writer.set("k.bool", true);
  writer.set("k.u64", std::uint64_t{1} << 63);
  writer.set("k.i64", std::int64_t{-1} << 62);
  writer.set("k.f64", 0.1);
  writer.set("k.ints", std::vector<std::int32_t>{1, -2, 3});
  writer.set("k.bools", std::vector<bool>{true, false});
  writer.set("k.floats", std::vector<float>{0.5f});
  writer.set("k.texts", std::vector<std::string>{"", "x", "zwei"});
  writer.set("k.gone", 1.0f);
  writer.remove("k.gone");
  writer.set("k.i32", std::int32_t{-6});
  add_three(writer);
  const std::uint64_t announced = writer.total_bytes();
  writer.begin();
  write_three(writer);
  CHECK_FALSE(std::filesystem::exists(dir / "m.gguf"));
  writer.finish();

  const GgufFile file(dir / "m.gguf");
  check_three(file);
  CHECK(file.file_bytes() == announced);
  CHECK(writer.total_bytes() == announced);
  CHECK(file.metadata().size() == 16);
  CHECK(file.find("k.u8")->kind == GgufKind::u8);
  CHECK(file.get_int("k.i8") == -3);
  CHECK(file.get_int("k.u16") == 60000);
  CHECK(file.get_int("k.i16") == -30000);
  CHECK(file.get_int("k.u32") == 4000000000);
  CHECK(file.get_int("k.i32") == -6);
  CHECK(file.get_float("k.f32") == 1.5);
  CHECK(file.get_bool("k.bool") == true);
  CHECK(std::get<std::uint64_t>(file.find("k.u64")->value) == std::uint64_t{1} << 63);
  CHECK(file.get_int("k.i64") == std::int64_t{-1} << 62);
  CHECK(file.get_float("k.f64") == 0.1);
  CHECK(*file.get_ints("k.ints") == std::vector<std::int64_t>{1, -2, 3});
  CHECK(std::get<GgufArray>(file.find("k.bools")->value).kind == GgufKind::boolean);
  CHECK(*file.get_floats("k.floats") == std::vector<double>{0.5});
  REQUIRE(file.get_strings("k.texts") != nullptr);
  CHECK(file.get_strings("k.texts")->at(2) == "zwei");
}

TEST_CASE("Copied metadata keeps every kind and drops what belongs to the old layout") {
  const std::filesystem::path source =
      GLIM_SOURCE_DIR "/tests/golden/bad_gguf/ok_unknown_keys_all_types.gguf";
  const TempDir dir;
  const GgufFile before(source);
  GgufWriter writer(dir / "copy.gguf");
  writer.copy_metadata(before);
  writer.begin();
  writer.finish();
  const GgufFile after(dir / "copy.gguf");
  REQUIRE(after.metadata().size() == before.metadata().size());
  for (const auto& [key, value] : before.metadata()) {
    CAPTURE(std::string(key));
    const GgufValue* copy = after.find(key);
    REQUIRE(copy != nullptr);
    CHECK(copy->kind == value.kind);
    CHECK(encode_value(*copy) == encode_value(value));
  }

  const GgufFile aligned(GLIM_SOURCE_DIR "/tests/golden/bad_gguf/ok_alignment_64.gguf");
  REQUIRE(aligned.find("general.alignment") != nullptr);
  GgufWriter again(dir / "again.gguf");
  again.copy_metadata(aligned);
  again.begin();
  again.finish();
  CHECK(GgufFile(dir / "again.gguf").find("general.alignment") == nullptr);
}

TEST_CASE("One write may cover several tensors and a tensor may come in many writes") {
  const TempDir dir;
  std::vector<std::byte> all;
  for (const auto& [bytes, seed] : {std::pair{24, 1}, {34, 2}, {64, 3}}) {
    const std::vector<std::byte> part = pattern(static_cast<std::size_t>(bytes), seed);
    all.insert(all.end(), part.begin(), part.end());
  }
  for (const std::size_t step : {std::size_t{1}, std::size_t{7}, all.size()}) {
    GgufWriter writer(dir / "m.gguf");
    add_three(writer);
    writer.begin();
    for (std::size_t at = 0; at < all.size(); at += step)
      writer.write(std::span(all).subspan(at, std::min(step, all.size() - at)));
    writer.finish();
    check_three(GgufFile(dir / "m.gguf"));
  }
}

TEST_CASE("A split set opens as one model") {
  const TempDir dir;
  GgufWriter writer(dir / "m.gguf", 64);
  writer.set("general.architecture", std::string("toy"));
  add_three(writer);
  writer.begin();
  write_three(writer);
  CHECK(files_in(dir.path()) == 0);
  writer.finish();
  CHECK(files_in(dir.path()) == 3);  // 32, 64 and 64 bytes with their padding
  CHECK(writer.first_path() == dir / "m-00001-of-00003.gguf");
  const GgufFile file(dir / "m-00001-of-00003.gguf");
  check_three(file);
  CHECK(file.part_count() == 3);
  CHECK(file.file_bytes() == writer.total_bytes());
  CHECK(file.get_string("general.architecture") == "toy");

  GgufWriter whole(dir / "whole.gguf", 1000);
  add_three(whole);
  whole.begin();
  write_three(whole);
  whole.finish();
  CHECK(GgufFile(dir / "whole.gguf").part_count() == 1);
}

TEST_CASE("An abandoned file leaves nothing behind and the old one as it was") {
  const TempDir dir;
  const auto old = [&] {
    std::ofstream(dir / "m.gguf") << "old";
    return dir / "m.gguf";
  }();
  {
    GgufWriter writer(old);
    add_three(writer);
    writer.begin();
    writer.write(pattern(24, 1));
  }
  CHECK(files_in(dir.path()) == 1);
  CHECK(std::filesystem::file_size(old) == 3);
}

TEST_CASE("A finished file replaces one that is mapped without disturbing the map") {
  const TempDir dir;
  for (int round = 0; round < 2; ++round) {
    GgufWriter writer(dir / "m.gguf");
    add_three(writer);
    writer.begin();
    write_three(writer);
    writer.finish();
  }
  const GgufFile before(dir / "m.gguf");
  GgufWriter writer(dir / "m.gguf");
  writer.copy_metadata(before);
  writer.begin();
  writer.finish();
  check_three(before);
  CHECK(GgufFile(dir / "m.gguf").tensors().empty());
  CHECK(files_in(dir.path()) == 1);
}

TEST_CASE("What the disk refuses is one sentence with the name of the file") {
  const TempDir dir;
  const auto message_of = [](const std::filesystem::path& path) {
    try {
      GgufWriter writer(path);
      writer.add_tensor("big", QuantType::f32, Shape{1 << 20});
      writer.begin();
      writer.write(pattern(4 << 20, 1));
      writer.finish();
    } catch (const Error& error) {
      CHECK(error.code() == ErrorCode::E701);
      return std::string(error.what());
    }
    return std::string();
  };
  CHECK(message_of(dir / "none/m.gguf").find("No such file") != std::string::npos);
  CHECK(message_of(dir.path()).find("Is a directory") != std::string::npos);

  // A limit on the size of files stands for a full disk: it stops the same call.
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before = {};
  getrlimit(RLIMIT_FSIZE, &before);
  const rlimit small = {1 << 20, before.rlim_max};
  setrlimit(RLIMIT_FSIZE, &small);
  const std::string message = message_of(dir / "full.gguf");
  setrlimit(RLIMIT_FSIZE, &before);
  CHECK(message.find("full.gguf") != std::string::npos);
  CHECK(message.find('\n') == std::string::npos);
  CHECK(files_in(dir.path()) == 0);
}

}  // namespace
}  // namespace glim
