#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "engine/base/error.h"
#include "engine/gguf/gguf_file.h"
#include "engine/gguf/split_name.h"
#include "tests/support/temp_dir.h"
#include "tests/support/tiny_gguf.h"

using namespace glim;

namespace {

/// Part `number` (from 0) of three with one tensor each.
TinyGguf part(int number) {
  TinyGguf gguf;
  if (number == 0) gguf.set("general.architecture", "deepseek2").set("general.name", "set");
  gguf.set("split.no", static_cast<std::uint16_t>(number)).set("split.count", std::uint16_t{3});
  gguf.set("split.tensors.count", 3);
  gguf.tensor("t" + std::to_string(number), {2}, std::vector<float>{static_cast<float>(number), 9});
  return gguf;
}

std::string name_of(int number) {
  return SplitName{"m", number + 1, 3}.path(number + 1).string();
}

void write_set(const TempDir& dir) {
  for (int i = 0; i < 3; ++i) part(i).write(dir / name_of(i));
}

/// The message of the split error that opening the first part gives.
std::string refusal(const std::filesystem::path& path) {
  try {
    const GgufFile file(path);
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::E104);
    return error.what();
  }
  return "opened";
}

bool contains(const std::string& text, const std::string& word) {
  return text.find(word) != std::string::npos;
}

}  // namespace

TEST_CASE("names of parts are taken apart and put together") {
  const auto name = SplitName::parse("/models/x-00002-of-00013.gguf");
  REQUIRE(name);
  CHECK(name->number == 2);
  CHECK(name->count == 13);
  CHECK(name->path(1) == "/models/x-00001-of-00013.gguf");
  CHECK_FALSE(SplitName::parse("x.gguf"));
  CHECK_FALSE(SplitName::parse("x-0000a-of-00013.gguf"));
  CHECK_FALSE(SplitName::parse("x-00001-of-00013.bin"));
}

TEST_CASE("a split set opens from its first part as one model") {
  const TempDir dir;
  write_set(dir);
  const GgufFile file(dir / name_of(0));
  REQUIRE(file.tensors().size() == 3);
  CHECK(file.part_count() == 3);
  CHECK(file.tensor("t2")->part == 2);
  CHECK(reinterpret_cast<const float*>(file.tensor("t2")->data)[0] == 2.0f);
  CHECK(file.get_string("general.name") == "set");
  CHECK(file.file_bytes() ==
        file.part(0).bytes().size() + file.part(1).bytes().size() + file.part(2).bytes().size());
}

TEST_CASE("a missing part and a part that is not the first are named") {
  const TempDir dir;
  write_set(dir);
  const std::string second = refusal(dir / name_of(1));
  CHECK(contains(second, "part 2 of 3"));
  CHECK(contains(second, "m-00001-of-00003.gguf"));
  std::filesystem::remove(dir / name_of(1));
  CHECK(contains(refusal(dir / name_of(0)), "m-00002-of-00003.gguf"));
}

TEST_CASE("parts that do not belong together are refused") {
  const TempDir dir;
  const auto with_second = [&dir](const TinyGguf& gguf) {
    write_set(dir);
    gguf.write(dir / name_of(1));
    return refusal(dir / name_of(0));
  };
  CHECK(contains(with_second(part(2)), "split.no"));
  CHECK(contains(with_second(part(1).set("split.count", std::uint16_t{4})), "split.count"));
  CHECK(contains(with_second(part(1).set("general.architecture", "llama")), "architecture"));
  CHECK(contains(with_second(part(1).remove_tensor("t1").tensor("t0", QuantType::f32, {1})), "t0"));
  CHECK(contains(with_second(part(1).tensor("extra", QuantType::f32, {1})), "should have 3 tensors"));

  write_set(dir);
  std::filesystem::rename(dir / name_of(0), dir / "renamed.gguf");
  CHECK(contains(refusal(dir / "renamed.gguf"), "-00001-of-00003.gguf"));
  part(0).set("split.count", std::uint16_t{65535}).write(dir / "renamed.gguf");
  CHECK(contains(refusal(dir / "renamed.gguf"), "65535"));
}
