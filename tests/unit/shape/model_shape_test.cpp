#include "engine/shape/model_shape.h"

#include <cmath>
#include <set>
#include <string>

#include <doctest/doctest.h>

#include "engine/base/error.h"
#include "engine/gguf/figures.h"
#include "engine/gguf/gguf_file.h"
#include "engine/shape/shape_file.h"
#include "engine/shape/shape_vocab.h"
#include "engine/shape/shape_weights.h"
#include "tests/support/temp_dir.h"

namespace glim {
namespace {

std::string message_of(std::string_view name) {
  try {
    shape_named(name);
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::E501);
    return error.what();
  }
  return "";
}

std::int64_t values_of(const ModelShape& shape) {
  std::int64_t out = 0;
  for (const RecipeTensor& tensor : shape.model.tensors) out += tensor.values();
  return out;
}

constexpr ShapeGeometry kSmall = {.name = "small",
                                  .label = "Small",
                                  .blocks = 3,
                                  .dense_blocks = 1,
                                  .embedding = 256,
                                  .heads = 2,
                                  .query_rank = 256,
                                  .latent = 256,
                                  .rope = 64,
                                  .nope = 192,
                                  .value = 256,
                                  .dense_width = 512,
                                  .expert_width = 256,
                                  .experts = 4,
                                  .experts_used = 2,
                                  .experts_shared = 1,
                                  .vocabulary = 1000,
                                  .context = 4096};

TEST_CASE("The shapes have the tensors and parameters of the models") {
  const ModelShape flash = shape_named("shape:glm-4.7-flash");
  CHECK(flash.model.tensors.size() == 844);
  CHECK(values_of(flash) == 29'943'393'920);
  CHECK(flash.file_type->name == "BF16");
  std::set<std::string> names;
  std::size_t kept = 0;
  for (const RecipeTensor& tensor : flash.model.tensors) {
    names.insert(tensor.name);
    kept += tensor.type == QuantType::f32;
  }
  CHECK(names.size() == 844);
  CHECK(kept == 281);
  const ModelShape reap = shape_named("shape:glm-4.7-flash-reap:q4_0_rocmfp4_strix_lean");
  CHECK(values_of(reap) == 22'996'118'432);
  CHECK(reap.file_type->code == 106);
  CHECK(shape_named("shape:glm-4.7-flash:layers=4:q8_0").model.blocks == 4);
  CHECK(shape_named("shape:glm-4.7-flash:Q4_K_M:layers=4").types.size() == 3 + 13 + 3 * 18);
}

TEST_CASE("A shape that does not exist is answered with a suggestion") {
  CHECK(message_of("shape:glm-4.7-flsh").find("did you mean glm-4.7-flash?") != std::string::npos);
  CHECK(message_of("shape:glm-4.7-flash:q4_k_mm").find("did you mean Q4_K_M?") != std::string::npos);
  CHECK(message_of("shape:glm-4.7-flash:layers=48").find("1 to 47") != std::string::npos);
  CHECK(message_of("shape:glm-4.7-flash:layers=x").find("1 to 47") != std::string::npos);
  CHECK(message_of("shape:glm-4.7-flash:q8_0:q4_0").find("one part too many") != std::string::npos);
  CHECK_FALSE(message_of("shape:").empty());
}

TEST_CASE("The made-up vocabulary has every token once and builds every word from earlier ones") {
  for (const std::int64_t size : {kLeastVocabulary, std::int64_t{1000}, std::int64_t{30000}}) {
    CAPTURE(size);
    std::vector<std::string> tokens, merges;
    for (const auto& [key, value] : shape_vocabulary(size)) {
      if (key == "tokenizer.ggml.tokens") tokens = std::get<std::vector<std::string>>(value);
      if (key == "tokenizer.ggml.merges") merges = std::get<std::vector<std::string>>(value);
    }
    CHECK(static_cast<std::int64_t>(tokens.size()) == size);
    const std::set<std::string> known(tokens.begin(), tokens.end());
    CHECK(known.size() == tokens.size());
    std::set<std::string> seen;
    for (const std::string& merge : merges) {
      const std::size_t blank = merge.find(' ', 1);
      const std::string left = merge.substr(0, blank), right = merge.substr(blank + 1);
      REQUIRE(known.count(left) == 1);
      REQUIRE(known.count(right) == 1);
      REQUIRE(known.count(left + right) == 1);
      REQUIRE(seen.insert(merge).second);
    }
  }
}

TEST_CASE("A written shape opens with the announced size and weights that are the same every time") {
  const TempDir dir;
  for (const char* type : {"BF16", "Q8_0", "Q4_K_M", "IQ2_XXS", "Q4_0_ROCMFP4_STRIX_LEAN"}) {
    CAPTURE(type);
    const ModelShape shape = make_shape(kSmall, file_type_named(type, "test"));
    GgufWriter announced(dir / "never");
    announce_shape(announced, shape);
    for (const char* name : {"a.gguf", "b.gguf"})
      CHECK(write_shape(shape, dir / name, [](std::uint64_t, std::uint64_t) { return true; }));
    const GgufFile a(dir / "a.gguf"), b(dir / "b.gguf");
    CHECK(a.file_bytes() == announced.total_bytes());
    CHECK(a.warnings().empty());
    REQUIRE(a.tensors().size() == shape.types.size());
    for (std::size_t i = 0; i < a.tensors().size(); ++i) {
      const GgufTensor &one = a.tensors()[i], &two = b.tensors()[i];
      CHECK(one.type == shape.types[i]);
      CHECK(std::equal(one.data, one.data + one.bytes, two.data));
    }
    const GgufTensor* down = a.tensor("blk.1.ffn_down_exps.weight");
    REQUIRE(down != nullptr);
    std::vector<float> values(static_cast<std::size_t>(down->values()));
    decode_row(down->type, down->data, values);
    double squares = 0;
    for (const float value : values) squares += static_cast<double>(value) * static_cast<double>(value);
    const double deviation = std::sqrt(squares / static_cast<double>(values.size()));
    // One over the root of 256 columns; two bits per weight leave a third of it in the error.
    CHECK(deviation > 0.6 / 16);
    CHECK(deviation < 1.4 / 16);
  }
}

TEST_CASE("A cancelled shape leaves no file") {
  const TempDir dir;
  const ModelShape shape = make_shape(kSmall, file_type_named("Q8_0", "test"));
  CHECK_FALSE(write_shape(shape, dir / "a.gguf", [](std::uint64_t, std::uint64_t) { return false; }));
  CHECK(std::filesystem::is_empty(dir.path()));
}

}  // namespace
}  // namespace glim
