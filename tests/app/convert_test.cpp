#include "app/convert.h"

#include <sstream>
#include <string>

#include <doctest/doctest.h>

#include "engine/base/error.h"
#include "engine/convert/convert.h"
#include "engine/reference/reference_backend.h"
#include "tests/support/hf_model.h"
#include "tests/support/model_fixture.h"
#include "tests/support/temp_dir.h"
#include "tests/support/tiny_model.h"

using namespace glim;

namespace {

TinyModel wide() {
  TinyModel model;
  model.width = 64, model.query_rank = 64, model.latent_rank = 64, model.hidden = 128,
  model.expert_hidden = 64;
  model.heads = 4, model.value = 16, model.nope = 32;
  return model;
}

const std::vector<TokenId> kTokens = {3, 1, 4, 1, 5, 9, 2, 6, 35, 8};

std::vector<float> logits(const std::filesystem::path& path, const std::vector<TokenId>& tokens = kTokens) {
  ModelFixture fixture(path, make_reference_backend(), QuantType::f32);
  return fixture.run(tokens, tokens.size());
}

HfModel model_of(const std::filesystem::path& path) {
  return HfModel(GgufFile(path));
}

std::string run(const TempDir& dir, const std::vector<std::string>& more) {
  std::vector<std::string> words = {"convert", (dir / "folder").string(), (dir / "out.gguf").string()};
  words.insert(words.end(), more.begin(), more.end());
  std::istringstream in;
  std::ostringstream out, err;
  app::Console console{in, out, err};
  const int status = app::convert_model(app::parse_arguments(words), console);
  CHECK(status == 0);
  return out.str();
}

}  // namespace

TEST_CASE("the built-in model gives the same logits after a way through a model folder") {
  const TempDir dir;
  const std::filesystem::path spark = GLIM_SOURCE_DIR "/configs/spark/spark.gguf";
  model_of(spark).write(dir / "folder");
  convert_checkpoint({.folder = dir / "folder", .out = dir / "out.gguf"});
  const std::vector<TokenId> tokens = {4062, 4064, 4067, 100, 200, 300};
  CHECK(logits(dir / "out.gguf", tokens) == logits(spark, tokens));
}

TEST_CASE("quantised folders give the logits of the values that they stand for") {
  struct Case {
    std::string name;
    HfStyle style;
    double limit;
  };
  // Unit roundoff of what is rounded: k_b to BF16 (2^-9), minima of up to 15 scales to F16 (15 * 2^-12 of a
  // scale, which is a seventh of the typical value); spread over three layers.
  for (const Case& c : {Case{"symmetric", HfStyle::packed_symmetric, 0.01},
                        Case{"asymmetric", HfStyle::packed_asymmetric, 0.02}, Case{"AWQ", HfStyle::awq, 0.02},
                        Case{"NVFP4", HfStyle::nvfp4, 0.01}, Case{"ModelOpt", HfStyle::modelopt, 0.01}}) {
    CAPTURE(c.name);
    const TempDir dir;
    wide().file().write(dir / "original.gguf");
    const HfModel stored = model_of(dir / "original.gguf").write(dir / "folder", c.style);
    stored.write(dir / "floats");
    convert_checkpoint({.folder = dir / "folder", .out = dir / "carried.gguf"});
    convert_checkpoint({.folder = dir / "folder", .out = dir / "decoded.gguf", .type = QuantType::f32});
    convert_checkpoint({.folder = dir / "floats", .out = dir / "floats.gguf"});
    const std::vector<float> exact = logits(dir / "floats.gguf");
    CHECK(logits(dir / "decoded.gguf") == exact);
    const double error = relative_l2(logits(dir / "carried.gguf"), exact);
    MESSAGE(c.name << ": relative L2 " << error);
    CHECK(error <= c.limit);
    // The rounding to four bits itself is far larger, so the limit tells right from wrong.
    CHECK(relative_l2(exact, logits(dir / "original.gguf")) > 5 * c.limit);
  }
}

TEST_CASE("the command writes the file and tells what was kept") {
  const TempDir dir;
  wide().file().write(dir / "original.gguf");
  const HfModel model = model_of(dir / "original.gguf");
  model.write(dir / "folder");
  const std::string plain = run(dir, {});
  CAPTURE(plain);
  CHECK(plain.find("attn_k_b.weight") != std::string::npos);
  CHECK(plain.find("Every value is what the folder says.") != std::string::npos);
  const std::string halves = run(dir, {"--type", "F16"});
  CHECK(halves.find("rounded") != std::string::npos);
  model.write(dir / "folder", HfStyle::packed_asymmetric);
  const std::string carried = run(dir, {});
  CHECK(carried.find("asymmetric int4, groups of 32") != std::string::npos);
  CHECK(carried.find("codes exactly, scales rounded to f16") != std::string::npos);
  CHECK(carried.find("hold exactly what the folder says") != std::string::npos);
}

TEST_CASE("types that do not exist or cannot be made are refused before anything is read") {
  const TempDir dir;
  const auto code = [&](const std::string& type) {
    try {
      run(dir, {"--type", type});
    } catch (const Error& error) {
      CAPTURE(error.what());
      return std::string(error_name(error.code())) + " " + error.help();
    }
    return std::string("done");
  };
  CHECK(code("bf17") == "E501 did you mean bf16?");
  CHECK(code("q8_k").starts_with("E501"));
  CHECK(code("iq2_xxs").starts_with("E501"));
  CHECK(code("bf16").starts_with("E101"));
}

TEST_CASE("folder and file are both wanted") {
  CHECK_THROWS_AS(app::parse_arguments({"convert", "folder"}), Error);
  CHECK_THROWS_AS(app::parse_arguments({"convert", "folder", "out.gguf", "more"}), Error);
  CHECK(app::parse_arguments({"convert", "a", "b", "--mtp"}).prediction_layers);
}
