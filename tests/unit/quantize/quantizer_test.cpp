#include "engine/quantize/quantizer.h"

#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>
#include <string>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "engine/quantize/encode.h"
#include "tests/support/sha256.h"
#include "tests/support/temp_dir.h"
#include "tests/support/tiny_gguf.h"

namespace glim {
namespace {

using Json = nlohmann::json;

const std::filesystem::path kGolden = GLIM_SOURCE_DIR "/tests/golden";

QuantizeOptions options_for(std::string_view type) {
  QuantizeOptions out;
  out.recipe.file_type = &file_type_named(type, "test");
  out.threads = 2;
  return out;
}

bool go_on(const QuantizeProgress&) {
  return true;
}

std::string message_of(const auto& action) {
  try {
    action();
  } catch (const Error& error) {
    return std::string(error_name(error.code())) + " " + error.what();
  }
  return "";
}

std::vector<float> ramp(std::size_t count) {
  std::vector<float> out(count);
  for (std::size_t i = 0; i < count; ++i)
    out[i] = std::sin(static_cast<float>(i) * 0.37f) * (i % 64 == 5 ? 3.0f : 0.1f);
  return out;
}

std::filesystem::path write_source(const TempDir& dir, const std::vector<float>& values) {
  TinyGguf file;
  file.set("general.architecture", std::string("toy"));
  file.set("toy.block_count", 1u);
  file.set("quantize.imatrix.file", std::string("old"));
  file.tensor("blk.0.ffn_up.weight", {64, 4}, values);
  file.tensor("blk.0.attn_norm.weight", {64}, std::span(values).first(64));
  file.write(dir / "in.gguf");
  return dir / "in.gguf";
}

TEST_CASE("A quantised file holds the rows that the encoder makes, and the rest as it was") {
  const TempDir dir;
  const std::vector<float> values = ramp(256);
  const GgufFile source(write_source(dir, values));
  std::size_t calls = 0;
  std::uint64_t last = 0, total = 0;
  CHECK(quantize_file(source, dir / "out.gguf", options_for("Q8_0"), [&](const QuantizeProgress& progress) {
    ++calls, last = progress.done, total = progress.total;
    return true;
  }));
  CHECK(calls >= 2);
  CHECK(last == total);

  const GgufFile out(dir / "out.gguf");
  CHECK(out.get_int("general.file_type") == 7);
  CHECK(out.get_int("general.quantization_version") == 2);
  CHECK(out.get_int("toy.block_count") == 1);
  CHECK(out.find("quantize.imatrix.file") == nullptr);
  const GgufTensor* up = out.tensor("blk.0.ffn_up.weight");
  REQUIRE(up != nullptr);
  CHECK(up->type == QuantType::q8_0);
  std::vector<std::byte> expected(4 * 2 * 34);
  for (std::size_t row = 0; row < 4; ++row)
    quantize_row(QuantType::q8_0, std::span(values).subspan(row * 64, 64), {}, expected.data() + row * 68);
  CHECK(std::equal(expected.begin(), expected.end(), up->data));
  const GgufTensor* norm = out.tensor("blk.0.attn_norm.weight");
  REQUIRE(norm != nullptr);
  CHECK(norm->type == QuantType::f32);
  CHECK(std::memcmp(norm->data, values.data(), 64 * sizeof(float)) == 0);
}

TEST_CASE("A value that is no number stops the work in one sentence and leaves no file") {
  for (const float bad : {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity()}) {
    const TempDir dir;
    std::vector<float> values = ramp(256);
    values[130] = bad;
    const GgufFile source(write_source(dir, values));
    const std::string message =
        message_of([&] { quantize_file(source, dir / "out.gguf", options_for("Q8_0"), go_on); });
    CHECK(message.find("E105 tensor 'blk.0.ffn_up.weight' holds a value in row 2") == 0);
    CHECK_FALSE(std::filesystem::exists(dir / "out.gguf"));
  }
  const TempDir dir;
  std::vector<float> values = ramp(256);
  values[70] = 1e5f;
  const GgufFile source(write_source(dir, values));
  CHECK(message_of([&] { quantize_file(source, dir / "out.gguf", options_for("F16"), go_on); }).find("f16") !=
        std::string::npos);
  CHECK(quantize_file(source, dir / "out.gguf", options_for("BF16"), go_on));
}

TEST_CASE("Cancelling leaves no file") {
  const TempDir dir;
  const GgufFile source(write_source(dir, ramp(256)));
  CHECK_FALSE(quantize_file(source, dir / "out.gguf", options_for("Q8_0"),
                            [](const QuantizeProgress&) { return false; }));
  CHECK(std::distance(std::filesystem::directory_iterator(dir.path()), {}) == 1);
}

TEST_CASE("An importance matrix of another model or with gaps is noticed") {
  const TempDir dir;
  const GgufFile source(write_source(dir, ramp(256)));
  ImportanceMatrix importance;
  QuantizeOptions options = options_for("Q4_0");
  options.importance = &importance;
  options.recipe.importance = true;
  options.importance_file = "m.imatrix";
  importance.values["blk.0.ffn_up.weight"] = std::vector<float>(32, 1.0f);
  CHECK(message_of([&] { quantize_file(source, dir / "out.gguf", options, go_on); }).find("another model") !=
        std::string::npos);
  importance.values["blk.0.ffn_up.weight"] = std::vector<float>(64, 1.0f);
  importance.dataset = "text";
  importance.chunks = 7;
  CHECK(quantize_file(source, dir / "out.gguf", options, go_on));
  const GgufFile out(dir / "out.gguf");
  CHECK(out.get_string("quantize.imatrix.file") == "m.imatrix");
  CHECK(out.get_string("quantize.imatrix.dataset") == "text");
  CHECK(out.get_int("quantize.imatrix.entries_count") == 1);
  CHECK(out.get_int("quantize.imatrix.chunks_count") == 7);

  importance.values.clear();
  const RecipeModel model = recipe_model(source);
  CHECK(check_importance(model, assign_types(model, options.recipe), importance).size() == 1);
}

/// The same tensors by llama-quantize.
void compare_with_peer(const std::string& name, const Json& golden, const ImportanceMatrix& importance) {
  CAPTURE(name);
  const TempDir dir;
  const GgufFile source(kGolden / "model/glm-mini-Q8_0.gguf");
  const std::string type = name.substr(0, name.find('+'));
  QuantizeOptions options = options_for(type);
  if (name != type) {
    options.importance = &importance;
    options.recipe.importance = true;
  }
  if (golden.contains("refused")) {
    CHECK(message_of([&] { quantize_file(source, dir / "out.gguf", options, go_on); }).find("E501") == 0);
    return;
  }
  REQUIRE(quantize_file(source, dir / "out.gguf", options, go_on));
  const GgufFile out(dir / "out.gguf");
  CHECK(out.get_int("general.file_type") == golden.at("file_type").get<int>());
  for (const auto& [tensor_name, expected] : golden.at("tensors").items()) {
    CAPTURE(tensor_name);
    const GgufTensor* tensor = out.tensor(tensor_name);
    REQUIRE(tensor != nullptr);
    CHECK(gguf_type_name(static_cast<std::uint32_t>(tensor->type)) == expected.at(0).get<std::string>());
    // Experts that the text never reached have equal weights, so equal values may trade their codes; which
    // one gets the higher code is up to the sort in the peer's C library. The errors are the same to the last
    // bit.
    if (name == "IQ1_M+imatrix" && tensor_name.find("_exps") != std::string::npos) continue;
    CHECK(sha256_prefix({tensor->data, tensor->bytes}) == expected.at(1).get<std::string>());
  }
}

TEST_CASE("A whole model comes out bit for bit as llama-quantize writes it") {
  const Json golden = Json::parse(std::ifstream(kGolden / "e2e/mini_quant.json"));
  const ImportanceMatrix importance = read_importance(kGolden / "e2e/mini.imatrix.gguf");
  int files = 0;
  for (const auto& [name, file] : golden.at("files").items()) {
    if (name.starts_with("Q1_0")) continue;  // a file type that the peer does not write
    compare_with_peer(name, file, importance);
    ++files;
  }
  CHECK(files == 64);
}

}  // namespace
}  // namespace glim
