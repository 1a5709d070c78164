#include "engine/convert/safetensors.h"

#include <fstream>
#include <string>

#include <doctest/doctest.h>

#include "engine/base/error.h"
#include "engine/convert/checkpoint.h"
#include "tests/support/temp_dir.h"
#include "tests/support/tiny_safetensors.h"

using namespace glim;

namespace {

void write_text(const std::filesystem::path& path, const std::string& text) {
  std::ofstream(path, std::ios::binary).write(text.data(), static_cast<std::streamsize>(text.size()));
}

struct Outcome {
  std::string code = "opened";
  std::string message;
};

template <typename Open>
Outcome outcome_of(const Open& open) {
  try {
    open();
  } catch (const Error& error) {
    return {error_name(error.code()), error.what()};
  }
  return {};
}

Outcome open_text(const std::string& text) {
  const TempDir dir;
  write_text(dir / "m.safetensors", text);
  return outcome_of([&] { SafetensorsFile file(dir / "m.safetensors"); });
}

Outcome open_folder(const TempDir& dir) {
  return outcome_of([&] { Checkpoint checkpoint(dir.path()); });
}

TinySafetensors two_tensors() {
  TinySafetensors file;
  file.f32("a", {2, 3}, {1, 2, 3, 4, 5, 6}).bf16("b", {2}, {-1, 0.5f});
  return file;
}

/// The two tensors with another description of the first.
Outcome open_described(const std::string& first) {
  return open_text(two_tensors().with_header(R"({"a":)" + first +
                                             R"(,"b":{"dtype":"BF16","shape":[2],"data_offsets":[24,28]}})"));
}

bool names(const Outcome& outcome, const std::string& code, const std::string& what) {
  CAPTURE(outcome.message);
  CHECK(outcome.code == code);
  CHECK(outcome.message.find(what) != std::string::npos);
  return outcome.message.find("m.safetensors: ") != std::string::npos;
}

}  // namespace

TEST_CASE("the table of element types is in the order of the types") {
  for (std::size_t i = 0; i < kSafeTypes.size(); ++i) {
    CHECK(static_cast<std::size_t>(kSafeTypes[i].type) == i);
    CHECK(safe_type_from_name(kSafeTypes[i].name) == kSafeTypes[i].type);
  }
}

TEST_CASE("a file gives its tensors with type, shape and bytes") {
  const TempDir dir;
  TinySafetensors source = two_tensors();
  source.add("scalar", "I64", {}, std::vector<std::int64_t>{7})
      .add("none", "U8", {0, 5}, std::vector<char>{});
  source.header()["__metadata__"] = {{"format", "pt"}, {"shape", "[1]"}};
  source.write(dir / "m.safetensors");
  const SafetensorsFile file(dir / "m.safetensors");
  REQUIRE(file.tensors().size() == 4);
  const SafeTensor* a = file.tensor("a");
  REQUIRE(a != nullptr);
  CHECK(a->type == SafeType::f32);
  CHECK(a->shape == std::vector<std::int64_t>{2, 3});
  CHECK(a->data.size() == 24);
  CHECK(file.tensor("b")->type == SafeType::bf16);
  CHECK(file.tensor("scalar")->values() == 1);
  CHECK(file.tensor("none")->values() == 0);
  CHECK(file.tensor("__metadata__") == nullptr);
}

TEST_CASE("padding behind the header is accepted") {
  const TinySafetensors source = two_tensors();
  TinySafetensors copy = source;
  CHECK(open_text(source.with_header(copy.header().dump() + "     ")).code == "opened");
}

TEST_CASE("a header of an impossible length is refused before it is read") {
  const TinySafetensors file = two_tensors();
  for (const std::uint64_t length : {std::uint64_t{1} << 63, ~std::uint64_t{0}, std::uint64_t{100'000'001}})
    CHECK(names(open_text(file.with_header("{}", length)), "E120", "claims"));
  CHECK(names(open_text(file.with_header("{}", 1000)), "E104", "truncated"));
  CHECK(names(open_text(""), "E104", "too few"));
  CHECK(names(open_text(std::string(7, '\0')), "E104", "too few"));
}

TEST_CASE("a header that is not the JSON of a safetensors file is refused") {
  const TinySafetensors file = two_tensors();
  CHECK(names(open_text(file.with_header("")), "E120", "start with"));
  CHECK(names(open_text(file.with_header("[1]")), "E120", "start with"));
  CHECK(names(open_text(file.with_header("{\"a\":")), "E120", "no JSON"));
  CHECK(names(open_text(file.with_header("{} {}")), "E120", "no JSON"));
  CHECK(names(open_text(file.with_header("{\"a\xff\":{}}")), "E120", "no JSON"));
  CHECK(names(open_text(file.with_header(R"({"a":3})")), "E120", "number"));
  CHECK(names(open_text(file.with_header(R"({"__metadata__":{"x":{}}})")), "E120", "object"));
  const std::string deep = std::string(1'000'000, '[');
  CHECK(names(open_text(file.with_header(R"({"a":{"shape":)" + deep)), "E120", "list"));
  CHECK(names(open_text(file.with_header("{\"a\":" + std::string(100'000, '{'))), "E120", "JSON"));
}

TEST_CASE(
    "a description that is incomplete, doubled or of the wrong kind is refused with its tensor's name") {
  CHECK(names(open_described("{}"), "E120", "\"a\" lacks"));
  CHECK(names(open_described(R"({"dtype":"F32","shape":[2,3]})"), "E120", "\"a\" lacks"));
  CHECK(names(open_described(R"({"dtype":"F32","shape":[2,3],"data_offsets":[0]})"), "E120", "\"a\" lacks"));
  CHECK(names(open_described(R"({"dtype":"F32","shape":[2,3],"data_offsets":[0,24,24]})"), "E120", "\"a\""));
  CHECK(names(open_described(R"({"dtype":"F32","dtype":"F32","shape":[2,3],"data_offsets":[0,24]})"), "E120",
              "twice"));
  CHECK(names(open_described(R"({"dtype":"F32","shape":[2,3],"data_offsets":[0,24],"x":1})"), "E120",
              "unknown"));
  CHECK(names(open_described(R"({"dtype":7,"shape":[2,3],"data_offsets":[0,24]})"), "E120", "a number"));
  CHECK(names(open_described(R"({"dtype":"F32","shape":"x","data_offsets":[0,24]})"), "E120", "a text"));
  CHECK(names(open_described(R"({"dtype":"F32","shape":[2.0,3],"data_offsets":[0,24]})"), "E120", "broken"));
  CHECK(names(open_described(R"({"dtype":"F32","shape":[-2,3],"data_offsets":[0,24]})"), "E120", "negative"));
  CHECK(names(open_described(R"({"dtype":"F32","shape":[null],"data_offsets":[0,24]})"), "E120", "null"));
  CHECK(names(open_described(R"({"dtype":"Q9_Z","shape":[2,3],"data_offsets":[0,24]})"), "E111", "Q9_Z"));
}

TEST_CASE("shapes whose product cannot be are refused") {
  CHECK(names(open_described(R"({"dtype":"F32","shape":[281474976710657],"data_offsets":[0,24]})"), "E120",
              "more values"));
  CHECK(names(open_described(R"({"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,24]})"),
              "E120", "more values"));
  CHECK(names(open_described(R"({"dtype":"F32","shape":[18446744073709551615],"data_offsets":[0,24]})"),
              "E120", "more values"));
  CHECK(names(open_described(R"({"dtype":"F32","shape":[18446744073709551616],"data_offsets":[0,24]})"),
              "E120", "broken"));
  CHECK(names(open_described(R"({"dtype":"F32","shape":[1,1,1,1,1,1,1,2,3],"data_offsets":[0,24]})"), "E120",
              "dimensions"));
}

TEST_CASE("tensors that do not tile the data are refused") {
  const auto with = [](const std::string& offsets) {
    return open_described(R"({"dtype":"F32","shape":[2,3],"data_offsets":)" + offsets + "}");
  };
  CHECK(with("[0,24]").code == "opened");
  CHECK(names(with("[0,20]"), "E120", "its shape needs 24"));
  CHECK(names(with("[24,0]"), "E120", "ends before"));
  CHECK(names(with("[4,28]"), "E120", "gap"));
  CHECK(names(with("[18446744073709551592,18446744073709551615]"), "E120", "gap"));
  CHECK(names(with("[18446744073709551591,18446744073709551615]"), "E120", "gap"));
  TinySafetensors file = two_tensors();
  file.header()["b"]["data_offsets"] = {20, 24};
  CHECK(names(open_text(file.text()), "E120", "overlaps"));
  file = two_tensors();
  file.header().erase("b");
  CHECK(names(open_text(file.text()), "E120", "4 bytes follow"));
  const std::string whole = two_tensors().text();
  CHECK(names(open_text(whole.substr(0, whole.size() - 1)), "E104", "truncated"));
  CHECK(names(open_text(whole + "x"), "E120", "follow"));
}

TEST_CASE("a name that occurs twice is refused, and so is one that no terminal can show") {
  const TinySafetensors file = two_tensors();
  const std::string a = R"({"dtype":"F32","shape":[2,3],"data_offsets":[0,24]})";
  const std::string b = R"({"dtype":"BF16","shape":[2],"data_offsets":[24,28]})";
  CHECK(
      names(open_text(file.with_header("{\"a\":" + a + ",\"a\":" + b + "}")), "E120", "\"a\" occurs twice"));
  CHECK(
      names(open_text(file.with_header("{\"\\u001b[2J\":" + a + ",\"b\":" + b + "}")), "E120", "printable"));
  CHECK(names(open_text(file.with_header("{\"\":" + a + ",\"b\":" + b + "}")), "E120", "printable"));
  const std::string longest(1025, 'x');
  CHECK(
      names(open_text(file.with_header("{\"" + longest + "\":" + a + ",\"b\":" + b + "}")), "E120", "1024"));
}

TEST_CASE("every file cut short and every file with one byte changed opens or is refused with a sentence") {
  const std::string whole = two_tensors().text();
  for (std::size_t length = 0; length < whole.size(); ++length) {
    CAPTURE(length);
    CHECK(open_text(whole.substr(0, length)).code != "opened");
  }
  for (std::size_t at = 0; at + 28 < whole.size(); ++at) {
    for (const int flip : {1, 0x80, 0xff}) {
      std::string changed = whole;
      changed[at] = static_cast<char>(changed[at] ^ flip);
      const Outcome outcome = open_text(changed);
      CAPTURE(at);
      CHECK((outcome.code == "opened" || outcome.message.find("m.safetensors: ") != std::string::npos));
    }
  }
}

TEST_CASE("a folder is one file, or the parts that its index lists") {
  const TempDir dir;
  CHECK(open_folder(dir).code == "E101");
  TinySafetensors a, b;
  a.f32("a", {1}, {1}).f32("unlisted", {1}, {2});
  b.f32("b", {1}, {3});
  a.write(dir / "model-00001-of-00002.safetensors");
  CHECK(open_folder(dir).code == "opened");
  b.write(dir / "model-00002-of-00002.safetensors");
  CHECK(open_folder(dir).code == "E104");  // which of them?
  write_text(
      dir / "model.safetensors.index.json",
      R"({"weight_map":{"a":"model-00001-of-00002.safetensors","b":"model-00002-of-00002.safetensors"}})");
  const Checkpoint checkpoint(dir.path());
  CHECK(checkpoint.tensors().size() == 2);
  CHECK(checkpoint.tensor("b")->data.size() == 4);
  CHECK(checkpoint.tensor("unlisted") == nullptr);
  CHECK(outcome_of([&] { Checkpoint nowhere(dir / "nowhere"); }).code == "E101");
}

TEST_CASE("an index that is wrong about its files is refused") {
  const TempDir dir;
  two_tensors().write(dir / "m.safetensors");
  const auto with = [&](const std::string& index) {
    write_text(dir / "model.safetensors.index.json", index);
    return open_folder(dir);
  };
  CHECK(with(R"({"weight_map":{"a":"m.safetensors"}})").code == "opened");
  CHECK(with(R"({"weight_map":{"c":"m.safetensors"}})").code == "E104");
  CHECK(with(R"({"weight_map":{"a":"n.safetensors"}})").code == "E104");
  CHECK(with(R"({"weight_map":{"a":"../m.safetensors"}})").code == "E120");
  CHECK(with(R"({"weight_map":{"a":"/etc/passwd"}})").code == "E120");
  CHECK(with(R"({"weight_map":{"a":3}})").code == "E120");
  CHECK(with(R"({"weight_map":{}})").code == "E120");
  CHECK(with(R"({"weight_map":[]})").code == "E120");
  CHECK(with("3").code == "E120");
  CHECK(with("{").code == "E120");
  CHECK(with(std::string(200, '[') + std::string(200, ']')).code == "E120");
}
