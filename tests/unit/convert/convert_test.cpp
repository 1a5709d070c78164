#include "engine/convert/convert.h"

#include <algorithm>
#include <cstring>
#include <set>
#include <string>

#include <doctest/doctest.h>

#include "engine/base/error.h"
#include "engine/gguf/gguf_file.h"
#include "tests/support/hf_model.h"
#include "tests/support/temp_dir.h"
#include "tests/support/tiny_model.h"

using namespace glim;

namespace {

/// Widths that every block format of 32 and 64 values fits.
TinyModel wide() {
  TinyModel model;
  model.width = 64, model.query_rank = 64, model.latent_rank = 64, model.hidden = 128,
  model.expert_hidden = 64;
  model.heads = 4, model.value = 16, model.nope = 32;
  return model;
}

/// A model file, the folder made of it, and what it converts to.
struct Fixture {
  explicit Fixture(const TinyModel& tiny = wide()) {
    tiny.file().write(dir / "original.gguf");
    open();
  }
  explicit Fixture(const std::filesystem::path& path) {
    std::filesystem::copy_file(path, dir / "original.gguf");
    open();
  }
  void open() {
    original = std::make_unique<GgufFile>(dir / "original.gguf");
    model = std::make_unique<HfModel>(*original);
  }
  ConvertReport convert(HfStyle style = HfStyle::plain, std::optional<QuantType> type = {},
                        bool mtp = false) {
    stored = std::make_unique<HfModel>(model->write(dir / "folder", style));
    ConvertReport report = convert_checkpoint({.folder = dir / "folder",
                                               .out = dir / "out.gguf",
                                               .type = type,
                                               .prediction_layers = mtp,
                                               .threads = 2});
    converted = std::make_unique<GgufFile>(dir / "out.gguf");
    return report;
  }
  std::string code(bool mtp = false) {
    try {
      convert(HfStyle::plain, {}, mtp);
    } catch (const Error& error) {
      message = error.what();
      return error_name(error.code());
    }
    return "converted";
  }

  TempDir dir;
  std::unique_ptr<GgufFile> original, converted;
  std::unique_ptr<HfModel> model, stored;
  std::string message;
};

bool same_data(const GgufTensor& a, const GgufTensor& b) {
  return a.type == b.type && a.shape == b.shape && a.bytes == b.bytes &&
         std::memcmp(a.data, b.data, a.bytes) == 0;
}

void check_same_tensors(const GgufFile& a, const GgufFile& b) {
  CHECK(a.tensors().size() == b.tensors().size());
  for (const GgufTensor& tensor : a.tensors()) {
    CAPTURE(tensor.name);
    const GgufTensor* other = b.tensor(tensor.name);
    REQUIRE(other != nullptr);
    CHECK(same_data(tensor, *other));
  }
}

/// Integers, numbers, texts; lists are compared elsewhere.
std::string scalar(const GgufValue& value) {
  if (const auto* number = std::get_if<std::int64_t>(&value.value)) return std::to_string(*number);
  if (const auto* number = std::get_if<double>(&value.value)) return std::to_string(*number);
  if (const auto* text = std::get_if<std::string_view>(&value.value)) return std::string(*text);
  return "";
}

const ConvertedClass& class_named(const ConvertReport& report, const std::string& name) {
  const auto found = std::find_if(report.classes.begin(), report.classes.end(),
                                  [&](const ConvertedClass& c) { return c.name == name; });
  REQUIRE(found != report.classes.end());
  return *found;
}

std::vector<float> decoded(const GgufTensor& tensor) {
  std::vector<float> out(static_cast<std::size_t>(tensor.values()));
  decode_row(tensor.type, tensor.data, out);
  return out;
}

}  // namespace

TEST_CASE("the built-in model taken apart and converted is the same file again") {
  Fixture fixture(GLIM_SOURCE_DIR "/configs/spark/spark.gguf");
  const ConvertReport report = fixture.convert();
  check_same_tensors(*fixture.original, *fixture.converted);
  for (const ConvertedClass& row : report.classes) CHECK(row.fidelity == Fidelity::exact);
  for (const auto& [key, value] : fixture.original->metadata()) {
    if (!key.starts_with("deepseek2.") && !key.starts_with("tokenizer.") &&
        !key.starts_with("general.sampling.") && key != "general.file_type" &&
        key != "general.quantization_version" && key != "general.architecture")
      continue;
    CAPTURE(key);
    const GgufValue* found = fixture.converted->find(key);
    REQUIRE(found != nullptr);
    CHECK(found->kind == value.kind);
    CHECK(scalar(*found) == scalar(value));
  }
  CHECK(*fixture.converted->get_strings("tokenizer.ggml.tokens") ==
        *fixture.original->get_strings("tokenizer.ggml.tokens"));
  CHECK(*fixture.converted->get_strings("tokenizer.ggml.merges") ==
        *fixture.original->get_strings("tokenizer.ggml.merges"));
  const auto found = *fixture.converted->get_ints("tokenizer.ggml.token_type");
  const auto types = *fixture.original->get_ints("tokenizer.ggml.token_type");
  const auto& tokens = *fixture.original->get_strings("tokenizer.ggml.tokens");
  for (std::size_t i = 0; i < types.size(); ++i) {
    // Tags of this form are control tokens in every converted file.
    const bool tag = tokens[i].starts_with("<|") && tokens[i].ends_with("|>");
    CHECK(found[i] == (tag ? 3 : types[i]));
  }
}

TEST_CASE("models of other make come back bit by bit too") {
  TinyModel odd;  // widths that no block format fits
  odd.query_rank = 0;
  Fixture without_rank(odd);
  without_rank.convert();
  check_same_tensors(*without_rank.original, *without_rank.converted);
  TinyModel tied;
  tied.tied = true;
  tied.shared = 0;
  tied.dense_layers = 0;
  Fixture other(tied);
  other.convert();
  check_same_tensors(*other.original, *other.converted);
}

TEST_CASE("rows that rotate in halves are put side by side") {
  Fixture fixture;
  const TinyModel tiny = wide();
  const auto halves = [&](HfTensor& tensor, std::int64_t group) {
    const std::vector<float> from = tensor.values;
    const std::int64_t cols = tensor.shape[1], still = group - tiny.rope;
    for (std::int64_t r = 0; r < tensor.shape[0]; ++r) {
      const std::int64_t in_group = r % group - still;
      if (in_group < 0) continue;
      const std::int64_t to = r - in_group + in_group / 2 + (in_group % 2) * tiny.rope / 2;
      std::copy_n(from.begin() + r * cols, cols, tensor.values.begin() + to * cols);
    }
  };
  for (std::int64_t layer = 0; layer < tiny.layers; ++layer) {
    const std::string model = "model.layers." + std::to_string(layer) + ".self_attn.";
    halves(fixture.model->tensor(model + "q_b_proj"), tiny.nope + tiny.rope);
    halves(fixture.model->tensor(model + "kv_a_proj_with_mqa"), tiny.latent_rank + tiny.rope);
  }
  fixture.model->config["rope_interleave"] = false;
  fixture.convert();
  check_same_tensors(*fixture.original, *fixture.converted);
}

TEST_CASE("codes that GGUF has a format for go over, and the report says how well") {
  struct Case {
    HfStyle style;
    QuantType type;
    Fidelity fidelity;
  };
  for (const Case& c : {Case{HfStyle::packed_symmetric, QuantType::q4_0, Fidelity::exact},
                        Case{HfStyle::packed_asymmetric, QuantType::q4_1, Fidelity::scales_rounded},
                        Case{HfStyle::awq, QuantType::q4_1, Fidelity::scales_rounded},
                        Case{HfStyle::nvfp4, QuantType::nvfp4, Fidelity::exact},
                        Case{HfStyle::modelopt, QuantType::nvfp4, Fidelity::exact}}) {
    Fixture fixture;
    const ConvertReport report = fixture.convert(c.style);
    CAPTURE(quant(c.type).name);
    for (const char* name :
         {"attn_q_a.weight", "attn_v_b.weight", "ffn_down_exps.weight", "ffn_gate.weight"}) {
      CAPTURE(name);
      const ConvertedClass& row = class_named(report, name);
      CHECK(row.type == c.type);
      CHECK(row.fidelity <= c.fidelity);
    }
    // Transposed, so its blocks cannot stay; and a norm is always a float.
    CHECK(class_named(report, "attn_k_b.weight").type == QuantType::bf16);
    CHECK(class_named(report, "attn_k_b.weight").fidelity == Fidelity::rounded);
    CHECK(class_named(report, "attn_norm.weight").type == QuantType::f32);
    CHECK(fixture.converted->get_int("general.file_type").has_value());
  }
}

TEST_CASE("NVFP4 brings its factors along, one per matrix of a stack") {
  Fixture fixture;
  fixture.convert(HfStyle::nvfp4);
  const GgufTensor* one = fixture.converted->tensor("blk.0.ffn_up.scale");
  const GgufTensor* stack = fixture.converted->tensor("blk.1.ffn_up_exps.scale");
  REQUIRE(one != nullptr);
  REQUIRE(stack != nullptr);
  CHECK(one->shape[0] == 1);
  CHECK(stack->shape[0] == 6);
  const std::vector<float> factors = decoded(*stack);
  const GgufTensor& weight = *fixture.converted->tensor("blk.1.ffn_up_exps.weight");
  const std::vector<float> values = decoded(weight);
  const std::size_t count = values.size() / 6;
  for (std::size_t e = 0; e < 6; ++e) {
    const auto& exact =
        fixture.stored->tensor("model.layers.1.mlp.experts." + std::to_string(e) + ".up_proj").values;
    for (std::size_t i = 0; i < count; ++i)
      CHECK(std::fabs(values[e * count + i] * factors[e] - exact[i]) <= 0x1p-22f * std::fabs(exact[i]));
  }
  // Asking for floats applies the factors instead.
  fixture.convert(HfStyle::nvfp4, QuantType::f32);
  CHECK(fixture.converted->tensor("blk.1.ffn_up_exps.scale") == nullptr);
  CHECK(decoded(*fixture.converted->tensor("blk.0.ffn_up.weight")) ==
        fixture.stored->tensor("model.layers.0.mlp.up_proj").values);
}

TEST_CASE("floats of quantised folders are the values that the folder means") {
  for (const HfStyle style : {HfStyle::packed_symmetric, HfStyle::packed_asymmetric, HfStyle::awq,
                              HfStyle::nvfp4, HfStyle::modelopt}) {
    Fixture fixture;
    fixture.convert(style, QuantType::f32);
    const GgufFile quantised(fixture.dir / "out.gguf");
    HfModel plain = *fixture.stored;
    plain.write(fixture.dir / "floats");
    convert_checkpoint({.folder = fixture.dir / "floats", .out = fixture.dir / "floats.gguf"});
    const GgufFile floats(fixture.dir / "floats.gguf");
    check_same_tensors(floats, quantised);
  }
}

TEST_CASE("a type asked for is that of all matrices that it fits") {
  Fixture fixture;
  const ConvertReport report = fixture.convert(HfStyle::plain, QuantType::q8_0);
  CHECK(class_named(report, "attn_q_a.weight").type == QuantType::q8_0);
  CHECK(class_named(report, "attn_q_a.weight").fidelity == Fidelity::quantised);
  CHECK(class_named(report, "ffn_gate_inp.weight").type == QuantType::f32);
  CHECK(class_named(report, "exp_probs_b.bias").type == QuantType::f32);
  Fixture odd{TinyModel()};
  const ConvertReport small = odd.convert(HfStyle::plain, QuantType::q8_0);
  CHECK(class_named(small, "attn_q_a.weight").type == QuantType::q8_0);
  CHECK(class_named(small, "attn_q_b.weight").type == QuantType::bf16);  // rows of 16
  CHECK(class_named(odd.convert(HfStyle::plain, QuantType::f16), "attn_q_b.weight").fidelity ==
        Fidelity::rounded);
  CHECK_THROWS_AS(odd.convert(HfStyle::plain, QuantType::q8_k), Error);
}

TEST_CASE("the result does not depend on the number of threads") {
  Fixture fixture;
  fixture.convert(HfStyle::awq);
  convert_checkpoint({.folder = fixture.dir / "folder", .out = fixture.dir / "one.gguf", .threads = 1});
  check_same_tensors(GgufFile(fixture.dir / "one.gguf"), *fixture.converted);
}

namespace {

/// Moves the last layer behind the model, as the one that predicts further tokens.
void add_prediction_layer(Fixture& fixture) {
  HfModel& model = *fixture.model;
  model.config["num_hidden_layers"] = 2;
  model.config["num_nextn_predict_layers"] = 1;
  const std::int64_t width = 64;
  const auto add = [&](const std::string& name, std::vector<std::int64_t> shape, std::size_t count) {
    model.tensors.push_back(
        {"model.layers.2." + name, "F32", std::move(shape), std::vector<float>(count, 1), false});
  };
  add("eh_proj", {width, 2 * width}, 2 * width * width);
  add("enorm", {width}, width);
  add("hnorm", {width}, width);
  add("shared_head.norm", {width}, width);
}

}  // namespace

TEST_CASE("layers that predict further tokens are left out unless asked for") {
  Fixture fixture;
  add_prediction_layer(fixture);
  const ConvertReport without = fixture.convert();
  CHECK(without.left_out ==
        9 + 2 + 3 * 7 + 4);  // attention and norms, router, experts with the shared one, its own
  CHECK(fixture.converted->get_int("deepseek2.block_count") == 2);
  CHECK(fixture.converted->tensor("blk.2.attn_norm.weight") == nullptr);
  const ConvertReport with = fixture.convert(HfStyle::plain, {}, true);
  CHECK(with.left_out == 0);
  CHECK(fixture.converted->get_int("deepseek2.block_count") == 3);
  CHECK(fixture.converted->get_int("deepseek2.nextn_predict_layers") == 1);
  REQUIRE(fixture.converted->tensor("blk.2.nextn.eh_proj.weight") != nullptr);
  CHECK(fixture.converted->tensor("blk.2.nextn.eh_proj.weight")->shape[0] == 128);
  CHECK(fixture.converted->tensor("blk.2.nextn.shared_head_norm.weight") != nullptr);
  CHECK(same_data(*fixture.original->tensor("blk.2.attn_k_b.weight"),
                  *fixture.converted->tensor("blk.2.attn_k_b.weight")));
  fixture.model->remove("model.layers.2.enorm");
  CHECK(fixture.code(true) == "E112");
  fixture.model->config["num_nextn_predict_layers"] = 0;
  CHECK(fixture.code(true) == "E112");
  CHECK(fixture.code(false) == "converted");
}

TEST_CASE("tensors that are missing, too many or of another shape are named") {
  Fixture fixture;
  const HfModel whole = *fixture.model;
  const auto names = [&](const std::string& word) { return fixture.message.find(word) != std::string::npos; };
  for (const char* base :
       {"model.embed_tokens", "model.norm", "lm_head", "model.layers.1.self_attn.kv_b_proj",
        "model.layers.2.mlp.experts.5.down_proj", "model.layers.1.mlp.gate"}) {
    CAPTURE(base);
    *fixture.model = whole;
    fixture.model->remove(base);
    CHECK(fixture.code() == "E112");
    CHECK(names(std::string(base) + ".weight"));
  }
  *fixture.model = whole;
  fixture.model->remove("model.layers.1.mlp.gate.e_score_correction_bias");
  CHECK(fixture.code() == "converted");
  *fixture.model = whole;
  fixture.model->tensors.push_back(
      {"model.layers.0.self_attn.o_proj_bias", "F32", {64}, std::vector<float>(64), false});
  CHECK(fixture.code() == "E112");
  CHECK(names("o_proj_bias"));
  *fixture.model = whole;
  HfTensor& tensor = fixture.model->tensor("model.layers.0.self_attn.o_proj");
  tensor.shape = {tensor.shape[0] / 2, tensor.shape[1] * 2};
  CHECK(fixture.code() == "E112");
  CHECK(names("o_proj"));
}

TEST_CASE("what lies beside the weights without being one does no harm") {
  Fixture fixture;
  fixture.model->tensors.push_back(
      {"model.layers.0.self_attn.rotary_emb.inv_freq_bias", "F32", {4}, {1, 2, 3, 4}, false});
  CHECK(fixture.code() == "E112");
  fixture.model->tensors.pop_back();
  TinySafetensors file;
  for (const HfTensor& tensor : fixture.model->tensors) file.f32(tensor.name(), tensor.shape, tensor.values);
  file.f32("model.layers.0.self_attn.rotary_emb.inv_freq", {1}, {1})
      .f32("model.layers.0.self_attn.k_scale", {1}, {1});
  fixture.convert();
  file.write(fixture.dir / "folder" / "model.safetensors");
  CHECK_NOTHROW(convert_checkpoint({.folder = fixture.dir / "folder", .out = fixture.dir / "out.gguf"}));
}

TEST_CASE("a conversion that is stopped or fails leaves no file") {
  Fixture fixture;
  fixture.model->write(fixture.dir / "folder");
  int calls = 0;
  std::uint64_t last = 0;
  const ConvertOptions options{.folder = fixture.dir / "folder", .out = fixture.dir / "out.gguf"};
  try {
    convert_checkpoint(options, [&](std::uint64_t done, std::uint64_t total, std::string_view) {
      CHECK(done >= last);
      CHECK(done <= total);
      last = done;
      return ++calls < 5;
    });
    FAIL("it was not stopped");
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::E901);
  }
  CHECK(calls == 5);
  CHECK_FALSE(std::filesystem::exists(fixture.dir / "out.gguf"));
  std::size_t entries = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(fixture.dir.path()))
    ++entries;
  CHECK(entries == 2);  // the original and the folder
}

TEST_CASE("a scale that the format cannot hold stops the conversion with the tensor's name") {
  Fixture fixture;
  for (float& value : fixture.model->tensor("model.layers.0.mlp.up_proj").values) value *= 1e7f;
  fixture.model->write(fixture.dir / "folder", HfStyle::packed_symmetric);
  const ConvertOptions options{.folder = fixture.dir / "folder", .out = fixture.dir / "out.gguf"};
  try {
    convert_checkpoint(options);
    FAIL("it was converted");
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::E113);
    CHECK(std::string(error.what()).find("blk.0.ffn_up.weight") != std::string::npos);
  }
  CHECK_FALSE(std::filesystem::exists(fixture.dir / "out.gguf"));
}
