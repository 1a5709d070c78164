#include <optional>
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

/// What E111 says about the file; "opened" when nothing is wrong.
std::string refusal(const std::filesystem::path& path) {
  try {
    const GgufFile file(path);
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::E111);
    return error.what();
  }
  return "opened";
}

std::string refusal(const TinyGguf& gguf) {
  const TempDir dir;
  gguf.write(dir / "m.gguf");
  return refusal(dir / "m.gguf");
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// 64 blocks of `stored` under the code `code`, between two other tensors or at the end of the file.
TinyGguf with_type(std::uint32_t code, QuantType stored, bool last) {
  TinyGguf gguf;
  gguf.set("general.architecture", "deepseek2").tensor("first.weight", QuantType::f32, {8});
  gguf.tensor("odd.weight", stored, {quant(stored).block_values, 64}).type_code(code);
  if (!last) gguf.tensor("last.weight", QuantType::f32, {8});
  return gguf;
}

std::vector<QuantType> fork_types() {
  std::vector<QuantType> out;
  for (const QuantInfo& info : kQuants) {
    if (holds_weights(info.type) && static_cast<std::uint32_t>(info.type) >= kFirstForkCode)
      out.push_back(info.type);
  }
  return out;
}

}  // namespace

TEST_CASE("types of the fork open in files of its mixtures") {
  CHECK(fork_types().size() == 5);
  for (const QuantType type : fork_types()) {
    for (const bool last : {false, true}) {
      for (const std::uint32_t mixture : {100u, 106u, 118u, 1024u | 106u}) {
        CHECK(refusal(with_type(static_cast<std::uint32_t>(type), type, last)
                          .set("general.file_type", mixture)) == "opened");
      }
    }
  }
}

TEST_CASE("types of the fork are unknown in any other file") {
  for (const QuantType type : fork_types()) {
    const auto code = static_cast<std::uint32_t>(type);
    const TinyGguf gguf = with_type(code, type, false);
    for (const std::uint32_t mixture : {15u, 99u, 119u, 1024u, 1024u | 15u}) {
      CHECK(contains(refusal(TinyGguf(gguf).set("general.file_type", mixture)), "is unknown"));
    }
    CHECK(contains(refusal(TinyGguf(gguf).set("general.file_type", "106")), "is unknown"));
    const std::string message = refusal(gguf);
    CHECK(contains(message, "the type " + std::to_string(code) + " is unknown"));
    CHECK(contains(message, std::string(gguf_type_name(code))));
    CHECK(contains(message, "'odd.weight'"));
  }
}

TEST_CASE("a type of the fork is unknown where its blocks do not fill the tensor's room") {
  for (const QuantType type : fork_types()) {
    for (const bool last : {false, true}) {
      // Rows of 32 values in blocks of 20 and of 34 bytes, which no type of the fork has.
      for (const QuantType stored : {QuantType::q4_1, QuantType::q8_0}) {
        const auto code = static_cast<std::uint32_t>(type);
        const bool cut = last && quant(stored).block_bytes < quant(type).block_bytes;
        const TinyGguf gguf = with_type(code, stored, last).set("general.file_type", 106u);
        if (cut) continue;  // looks like a download that has not finished
        const std::string message = refusal(gguf);
        CHECK(contains(message, "the type " + std::to_string(code) + " of tensor 'odd.weight' is unknown"));
      }
    }
  }
}

TEST_CASE("the other parts of a split set go by the file type of the first") {
  const TempDir dir;
  const auto path = [&](int number) { return SplitName{"m", number, 2}.path(number).string(); };
  const auto part = [](int number) {
    TinyGguf gguf;
    gguf.set("split.no", static_cast<std::uint16_t>(number)).set("split.count", std::uint16_t{2});
    gguf.set("split.tensors.count", 2);
    gguf.tensor("t" + std::to_string(number), QuantType::q4_0_rocmfp4, {32, 64});
    return gguf;
  };
  part(1).write(dir / path(2));
  part(0).set("general.file_type", 106u).write(dir / path(1));
  CHECK(refusal(dir / path(1)) == "opened");
  part(0).remove_tensor("t0").tensor("t0", QuantType::q4_0, {32, 64}).write(dir / path(1));
  const std::string message = refusal(dir / path(1));
  CHECK(contains(message, "'t1'"));
  CHECK(contains(message, "00002-of-00002"));
}

TEST_CASE("codes that mean no weights are refused with their name and the reason") {
  struct Refused {
    std::uint32_t code;
    const char *name, *reason;
  };
  const std::vector<Refused> all = {{4, "Q4_2", "retired"},
                                    {5, "Q4_3", "retired"},
                                    {31, "Q4_0_4_4", "retired"},
                                    {32, "Q4_0_4_8", "retired"},
                                    {33, "Q4_0_8_8", "retired"},
                                    {36, "IQ4_NL_4_4", "retired"},
                                    {37, "IQ4_NL_4_8", "retired"},
                                    {38, "IQ4_NL_8_8", "retired"},
                                    {9, "Q8_1", "activations"},
                                    {15, "Q8_K", "activations"},
                                    {105, "TURBO3_0", "KV cache"},
                                    {106, "TURBO4_0", "KV cache"},
                                    {24, "I8", "use a version"},
                                    {77, "unknown", "use a version"},
                                    {0x10000, "unknown", "use a version"},
                                    {0x10001, "unknown", "use a version"}};
  for (const Refused& row : all) {
    const std::string message =
        refusal(with_type(row.code, QuantType::q8_0, false).set("general.file_type", 106u));
    CAPTURE(message);
    CHECK(contains(message, "type " + std::to_string(row.code) + " (" + row.name + ")"));
    CHECK(contains(message, row.reason));
    CHECK(contains(message, "'odd.weight'"));
  }
  const std::string message = refusal(with_type(77, QuantType::q8_0, false));
  CHECK(contains(message, "IQ2_XXS"));
  CHECK_FALSE(contains(message, "Q8_K"));
}
