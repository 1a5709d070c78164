#include "engine/shape/model_shape.h"

#include <cmath>
#include <set>
#include <string>

#include <doctest/doctest.h>

#include "engine/base/error.h"
#include "engine/gguf/figures.h"
#include "engine/gguf/gguf_file.h"
#include "engine/shape/shape_file.h"
#include "engine/shape/shape_memory.h"
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

TEST_CASE("A shape in memory is byte for byte the file, on any number of threads") {
  const TempDir dir;
  for (const char* type : {"BF16", "Q4_K_M", "IQ2_XXS"}) {
    CAPTURE(type);
    const ModelShape shape = make_shape(kSmall, file_type_named(type, "test"));
    CHECK(write_shape(shape, dir / "a.gguf", [](std::uint64_t, std::uint64_t) { return true; }));
    const GgufFile written(dir / "a.gguf");
    const std::span<const std::byte> expected = written.part(0).bytes();
    for (const int threads : {1, 3}) {
      const std::unique_ptr<GgufFile> made = open_shape(shape);
      CHECK(made->in_memory());
      REQUIRE(made->file_bytes() == written.file_bytes());
      CHECK(std::equal(made->tensors()[0].data, made->tensors()[0].data + 64,
                       std::vector<std::byte>(64, std::byte{0}).begin()));
      std::uint64_t last = 0, total = 0;
      CHECK(fill_shape(*made, threads, [&](std::uint64_t done, std::uint64_t all) {
        CHECK(done >= last);
        last = done;
        total = all;
        return true;
      }));
      CHECK(last == total);
      const std::span<const std::byte> bytes = made->part(0).bytes();
      CHECK(std::equal(bytes.begin(), bytes.end(), expected.begin(), expected.end()));
    }
  }
}

TEST_CASE("Filling a shape stops when it is told to") {
  const std::unique_ptr<GgufFile> made = open_shape(make_shape(kSmall, file_type_named("Q8_0", "test")));
  int asked = 0;
  CHECK_FALSE(fill_shape(*made, 1, [&](std::uint64_t, std::uint64_t) { return ++asked < 3; }));
  CHECK(asked == 3);
}

TEST_CASE("A shape of true size costs nothing but its header until it is filled") {
  const std::unique_ptr<GgufFile> made = open_shape(shape_named("shape:glm-4.7-flash:q4_k_m"));
  CHECK(made->file_bytes() > 18'000'000'000);
  CHECK(made->tensors().size() == 844);
}

TEST_CASE("A shape has one plain name, whatever the order of its parts") {
  const auto plain = [](const char* name) { return plain_name(shape_named(name)); };
  CHECK(plain("shape:glm-4.7-flash") == "shape:glm-4.7-flash:bf16");
  CHECK(plain("shape:glm-4.7-flash:layers=4:Q4_K") == "shape:glm-4.7-flash:q4_k_m:layers=4");
  CHECK(plain("shape:glm-4.7-flash:recipe=bartowski:q4_k_m:layers=4") ==
        "shape:glm-4.7-flash:q4_k_m:layers=4:recipe=bartowski");
  CHECK(plain("shape:glm-4.7-flash-reap:recipe=llama.cpp:q8_0") == "shape:glm-4.7-flash-reap:q8_0");
}

TEST_CASE("The recipe decides the types of a shape") {
  const ModelShape ours = shape_named("shape:glm-4.7-flash:q4_k_m");
  const ModelShape other = shape_named("shape:glm-4.7-flash:q4_k_m:recipe=bartowski");
  std::uint64_t sizes[2] = {};
  for (std::size_t i = 0; i < ours.types.size(); ++i) {
    sizes[0] += tensor_bytes(ours.model.tensors[i], ours.types[i]);
    sizes[1] += tensor_bytes(other.model.tensors[i], other.types[i]);
  }
  CHECK(static_cast<double>(sizes[0]) / 1e9 == doctest::Approx(18.124).epsilon(0.001));
  CHECK(static_cast<double>(sizes[1]) / 1e9 == doctest::Approx(18.461).epsilon(0.001));
  CHECK(message_of("shape:glm-4.7-flash:recipe=mine").find("recipe=bartowski") != std::string::npos);
  CHECK_FALSE(message_of("shape:glm-4.7-flash:q8_0_rocmfpx:recipe=bartowski").empty());
  CHECK_FALSE(message_of("shape:glm-4.7-flash:layer=4").empty());
}

TEST_CASE("A cancelled shape leaves no file") {
  const TempDir dir;
  const ModelShape shape = make_shape(kSmall, file_type_named("Q8_0", "test"));
  CHECK_FALSE(write_shape(shape, dir / "a.gguf", [](std::uint64_t, std::uint64_t) { return false; }));
  CHECK(std::filesystem::is_empty(dir.path()));
}

}  // namespace
}  // namespace glim
