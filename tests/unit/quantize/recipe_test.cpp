#include "engine/quantize/recipe.h"

#include <algorithm>
#include <fstream>
#include <string>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "engine/base/text.h"

namespace glim {
namespace {

using Json = nlohmann::json;

/// A model of three blocks with eight experts whose quantised files are known.
RecipeModel eight_experts() {
  RecipeModel out;
  out.blocks = 3, out.experts = 8, out.heads = 2, out.kv_heads = 1;
  const auto add = [&](const std::string& name, std::int64_t x, std::int64_t y, std::int64_t z = 1) {
    out.tensors.push_back({name, {x, y, z, 1}, QuantType::f32});
  };
  add("token_embd.weight", 256, 512);
  add("output_norm.weight", 256, 1);
  add("output.weight", 256, 512);
  for (int i = 0; i < 3; ++i) {
    const std::string block = strf("blk.%d.", i);
    add(block + "attn_norm.weight", 256, 1);
    add(block + "attn_q_a.weight", 256, 256);
    add(block + "attn_q_b.weight", 256, 512);
    add(block + "attn_kv_a_mqa.weight", 256, 576);
    add(block + "attn_k_b.weight", 192, 512, 2);
    add(block + "attn_v_b.weight", 512, 256, 2);
    add(block + "attn_output.weight", 512, 256);
    if (i == 0) {
      add(block + "ffn_gate.weight", 256, 512);
      add(block + "ffn_up.weight", 256, 512);
      add(block + "ffn_down.weight", 512, 256);
      continue;
    }
    add(block + "ffn_gate_inp.weight", 256, 8);
    add(block + "exp_probs_b.bias", 8, 1);
    for (const char* part : {"ffn_gate_exps", "ffn_up_exps", "ffn_down_exps"})
      add(block + part + ".weight", 256, 256, 8);
    for (const char* part : {"ffn_gate_shexp", "ffn_up_shexp", "ffn_down_shexp"})
      add(block + part + ".weight", 256, 256);
  }
  return out;
}

/// A plain model of dense blocks.
RecipeModel dense(std::int64_t blocks, std::int64_t kv_heads, bool tied) {
  RecipeModel out;
  out.blocks = blocks, out.heads = 8, out.kv_heads = kv_heads;
  const auto add = [&](const std::string& name, std::int64_t x, std::int64_t y) {
    out.tensors.push_back({name, {x, y, 1, 1}, QuantType::bf16});
  };
  add("token_embd.weight", 512, 1000);
  if (!tied) add("output.weight", 512, 1000);
  for (std::int64_t i = 0; i < blocks; ++i)
    for (const char* part : {"attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"})
      add(strf("blk.%lld.%s.weight", static_cast<long long>(i), part), 512, 512);
  return out;
}

RecipeOptions options_for(std::string_view type) {
  RecipeOptions out;
  out.file_type = &file_type_named(type, "test");
  return out;
}

QuantType type_of(const RecipeModel& model, const RecipeOptions& options, std::string_view name) {
  const std::vector<Assignment> types = assign_types(model, options);
  for (std::size_t i = 0; i < types.size(); ++i)
    if (model.tensors[i].name == name) return types[i].type;
  FAIL("no tensor " << std::string(name));
  return {};
}

std::string message_of(const auto& action) {
  try {
    action();
  } catch (const Error& error) {
    return std::string(error_name(error.code())) + " " + error.what();
  }
  return "";
}

TEST_CASE("A model with eight experts gets the types of its files in every file type") {
  const Json golden = Json::parse(std::ifstream(GLIM_SOURCE_DIR "/tests/golden/e2e/tiny_types.json"));
  const RecipeModel model = eight_experts();
  ImportanceMatrix all;
  for (const RecipeTensor& tensor : model.tensors) all.values[tensor.name] = {1};
  int checked = 0;
  for (const auto& [name, file] : golden.items()) {
    CAPTURE(name);
    const std::string type = name.substr(0, name.find('+'));
    if (type == "NVFP4") continue;  // no file type of this name, only a format
    RecipeOptions options = options_for(type);
    options.importance = name != type;
    const std::vector<Assignment> types = assign_types(model, options);
    const bool refused =
        lacks_importance(model, options, types, options.importance ? &all : nullptr).has_value();
    CHECK(refused == file.contains("refused"));
    if (refused) continue;
    CHECK(options.file_type->code == file.at("file_type").get<std::uint32_t>());
    for (std::size_t i = 0; i < types.size(); ++i) {
      const std::string& tensor = model.tensors[i].name;
      CAPTURE(tensor);
      std::string written = file.at("types").value(tensor, "F32");
      std::transform(written.begin(), written.end(), written.begin(),
                     [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
      CHECK(std::string(quant(types[i].type).name) == written);
      ++checked;
    }
  }
  CHECK(checked == 83 * static_cast<int>(model.tensors.size()));
}

TEST_CASE("Plain attention keeps more of its values than of its keys") {
  const RecipeModel model = dense(16, 2, false);
  CHECK(type_of(model, options_for("Q4_K_M"), "blk.0.attn_v.weight") == QuantType::q6_k);
  CHECK(type_of(model, options_for("Q4_K_M"), "blk.2.attn_v.weight") == QuantType::q4_k);
  CHECK(type_of(model, options_for("Q4_K_M"), "blk.4.attn_v.weight") == QuantType::q6_k);
  CHECK(type_of(model, options_for("Q4_K_M"), "blk.0.attn_k.weight") == QuantType::q4_k);
  CHECK(type_of(model, options_for("Q2_K"), "blk.5.attn_v.weight") == QuantType::q4_k);
  CHECK(type_of(dense(16, 8, false), options_for("Q2_K"), "blk.5.attn_v.weight") == QuantType::q3_k);
  CHECK(type_of(model, options_for("Q4_0_ROCMFP4_STRIX_LEAN"), "blk.5.attn_k.weight") ==
        QuantType::q4_0_rocmfp4);
  CHECK(recipe_notes(model, options_for("Q4_0_ROCMFP4_STRIX_LEAN")).empty());
}

TEST_CASE("A tied embedding is treated as the head") {
  CHECK(type_of(dense(4, 8, true), options_for("Q4_K_S"), "token_embd.weight") == QuantType::q6_k);
  CHECK(type_of(dense(4, 8, false), options_for("Q4_K_S"), "token_embd.weight") == QuantType::q4_k);
  CHECK(type_of(dense(4, 8, true), options_for("Q4_K_L"), "token_embd.weight") == QuantType::q8_0);
}

TEST_CASE("What the user asks for comes before the rules, in the order given, and still has to fit") {
  const RecipeModel model = eight_experts();
  RecipeOptions options = options_for("Q4_K_M");
  options.overrides = {{NamePattern("blk\\.0\\..*ffn_down"), QuantType::q8_0},
                       {NamePattern("ffn_down"), QuantType::q5_k},
                       {NamePattern("attn_k_b"), QuantType::q6_k},
                       {NamePattern("norm|ffn_gate_inp"), QuantType::q4_0}};
  options.token_embedding = QuantType::iq4_nl;
  options.output = QuantType::q5_1;
  CHECK(type_of(model, options, "blk.0.ffn_down.weight") == QuantType::q8_0);
  CHECK(type_of(model, options, "blk.1.ffn_down_exps.weight") == QuantType::q5_k);
  CHECK(type_of(model, options, "blk.1.attn_k_b.weight") == QuantType::q8_0);
  CHECK(type_of(model, options, "blk.1.attn_norm.weight") == QuantType::f32);
  CHECK(type_of(model, options, "blk.1.ffn_gate_inp.weight") == QuantType::f32);
  CHECK(type_of(model, options, "token_embd.weight") == QuantType::iq4_nl);
  CHECK(type_of(model, options, "output.weight") == QuantType::q5_1);
  const std::vector<Assignment> types = assign_types(model, options);
  const auto fallback = std::find_if(types.begin(), types.end(), [](const Assignment& one) {
    return one.why == Assignment::Why::does_not_fit;
  });
  REQUIRE(fallback != types.end());
  CHECK(fallback->wanted == QuantType::q6_k);
}

TEST_CASE("A pattern that is found in no name is reported") {
  RecipeOptions options = options_for("Q8_0");
  options.overrides = {{NamePattern("ffn_down"), QuantType::q5_k},
                       {NamePattern("ffn_dwon"), QuantType::q5_k}};
  const std::vector<std::string> notes = recipe_notes(eight_experts(), options);
  REQUIRE(notes.size() == 1);
  CHECK(notes[0].find("ffn_dwon") != std::string::npos);
}

TEST_CASE("A pure file has one type or is refused") {
  RecipeOptions options = options_for("Q4_0");
  options.pure = true;
  for (const Assignment& one : assign_types(eight_experts(), options))
    CHECK((one.type == QuantType::q4_0 || one.why == Assignment::Why::kept));
  options.file_type = &file_type_named("q4_k", "test");
  CHECK(message_of([&] { assign_types(eight_experts(), options); }).find("blk.0.attn_k_b.weight") !=
        std::string::npos);
}

TEST_CASE("Unknown names are answered with the nearest one") {
  CHECK(file_type_named("q4_k", "x").name == "Q4_K_M");
  CHECK(message_of([] { file_type_named("q4_k_mm", "TYPE"); }).find("did you mean Q4_K_M?") !=
        std::string::npos);
  CHECK(message_of([] { quant_type_named("q6k", "--output-tensor-type"); }).find("q6_k") !=
        std::string::npos);
  RecipeOptions options = options_for("IQ1_S");
  options.rules = RuleBook::bartowski;
  CHECK(message_of([&] { assign_types(eight_experts(), options); }).find("--recipe llama.cpp") !=
        std::string::npos);
}

TEST_CASE("Patterns are regular expressions that are found anywhere in a name") {
  const std::string name = "blk.12.ffn_down_exps.weight";
  for (const char* text : {"ffn_down", "^blk", "weight$", "blk\\.1[0-9]\\.", "\\.(11|12)\\.ffn_(up|down)",
                           "blk.\\d+.ffn", "x?ff*n", "[^a-z]12", "^blk\\..*\\.weight$", "(a|ffn)+_"}) {
    CAPTURE(text);
    CHECK(NamePattern(text).found_in(name));
  }
  for (const char* text : {"ffn_up", "^ffn", "blk$", "blk\\.1[3-9]\\.", "blk\\.1\\.", "[^b]lk"}) {
    CAPTURE(text);
    CHECK_FALSE(NamePattern(text).found_in(name));
  }
  for (const char* text : {"", "*.weight", "(a", "a)", "[a", "a\\", "a{2}"}) {
    CAPTURE(text);
    CHECK(message_of([&] { NamePattern pattern(text); }).find("E501") == 0);
  }
  // Far more ways to fail than there is time for.
  CHECK_FALSE(NamePattern("(a*)*(a*)*(a*)*b").found_in(std::string(63, 'a')));
}

}  // namespace
}  // namespace glim
