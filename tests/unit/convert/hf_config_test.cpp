#include "engine/convert/hf_config.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "engine/convert/hf_metadata.h"
#include "engine/gguf/gguf_file.h"
#include "tests/support/hf_model.h"
#include "tests/support/temp_dir.h"

using namespace glim;

namespace {

using Json = nlohmann::ordered_json;

/// The settings of GLM-4.7-Flash as published.
Json flash() {
  return Json::parse(R"({
    "architectures": ["Glm4MoeLiteForCausalLM"], "attention_bias": false, "attention_dropout": 0.0,
    "pad_token_id": 154820, "eos_token_id": [154820, 154827, 154829], "hidden_act": "silu",
    "hidden_size": 2048, "intermediate_size": 10240, "max_position_embeddings": 202752,
    "model_type": "glm4_moe_lite", "moe_intermediate_size": 1536, "topk_method": "noaux_tc",
    "norm_topk_prob": true, "num_attention_heads": 20, "n_group": 1, "topk_group": 1,
    "n_routed_experts": 64, "n_shared_experts": 1, "routed_scaling_factor": 1.8, "num_experts_per_tok": 4,
    "first_k_dense_replace": 1, "num_hidden_layers": 47, "num_key_value_heads": 20,
    "num_nextn_predict_layers": 1, "partial_rotary_factor": 1.0, "rms_norm_eps": 1e-05,
    "rope_scaling": null, "rope_theta": 1000000, "tie_word_embeddings": false, "dtype": "bfloat16",
    "q_lora_rank": 768, "kv_lora_rank": 512, "qk_nope_head_dim": 192, "qk_rope_head_dim": 64,
    "v_head_dim": 256, "vocab_size": 154880})");
}

HfConfig read(const std::string& text) {
  const TempDir dir;
  write_text_file(dir / "config.json", text);
  return read_hf_config(dir / "config.json");
}

HfConfig read(const Json& json) {
  return read(json.dump());
}

std::string code_of(const Json& json, const std::string& word = "config.json") {
  try {
    read(json);
  } catch (const Error& error) {
    CAPTURE(error.what());
    CHECK(std::string(error.what()).find(word) != std::string::npos);
    return error_name(error.code());
  }
  return "read";
}

std::string with(const std::string& key, const Json& value) {
  Json json = flash();
  json[key] = value;
  return code_of(json);
}

/// The keys that a file of these settings has.
struct Keys {
  explicit Keys(const HfConfig& config, bool prediction_layers = false) {
    GgufWriter writer(dir / "m.gguf");
    write_model_keys(config, prediction_layers, writer);
    const std::vector<std::int64_t> shape = {1};
    const float one = 1;
    writer.add_tensor("t", QuantType::f32, shape);
    writer.begin();
    writer.write(std::as_bytes(std::span(&one, 1)));
    writer.finish();
    file = std::make_unique<GgufFile>(dir / "m.gguf");
  }
  TempDir dir;
  std::unique_ptr<GgufFile> file;
};

}  // namespace

TEST_CASE("the settings of GLM-4.7-Flash become the keys that files of it have") {
  const Keys keys(read(flash()));
  const GgufFile& file = *keys.file;
  CHECK(file.get_string("general.architecture") == "deepseek2");
  const std::pair<const char*, std::int64_t> sizes[] = {{"block_count", 47},
                                                        {"context_length", 202752},
                                                        {"embedding_length", 2048},
                                                        {"feed_forward_length", 10240},
                                                        {"attention.head_count", 20},
                                                        {"attention.head_count_kv", 1},
                                                        {"expert_used_count", 4},
                                                        {"expert_group_count", 1},
                                                        {"expert_group_used_count", 1},
                                                        {"expert_gating_func", 2},
                                                        {"leading_dense_block_count", 1},
                                                        {"vocab_size", 154880},
                                                        {"attention.q_lora_rank", 768},
                                                        {"attention.kv_lora_rank", 512},
                                                        {"attention.key_length", 576},
                                                        {"attention.value_length", 512},
                                                        {"attention.key_length_mla", 256},
                                                        {"attention.value_length_mla", 256},
                                                        {"expert_feed_forward_length", 1536},
                                                        {"expert_count", 64},
                                                        {"expert_shared_count", 1},
                                                        {"rope.dimension_count", 64}};
  for (const auto& [key, value] : sizes) {
    CAPTURE(key);
    CHECK(file.get_int("deepseek2." + std::string(key)) == value);
    CHECK(file.find("deepseek2." + std::string(key))->kind == GgufKind::u32);
  }
  CHECK(file.get_float("deepseek2.attention.layer_norm_rms_epsilon") == doctest::Approx(1e-5).epsilon(1e-7));
  CHECK(file.get_float("deepseek2.rope.freq_base") == 1e6);
  CHECK(file.get_float("deepseek2.expert_weights_scale") == doctest::Approx(1.8).epsilon(1e-7));
  CHECK(file.get_bool("deepseek2.expert_weights_norm") == true);
  CHECK(file.metadata().size() == 27);
  for (const auto& [key, value] : file.metadata()) CHECK(key.find("rope.scaling") == std::string_view::npos);
}

TEST_CASE("layers that predict further tokens count as blocks when they are in the file") {
  const Keys keys(read(flash()), true);
  CHECK(keys.file->get_int("deepseek2.block_count") == 48);
  CHECK(keys.file->get_int("deepseek2.nextn_predict_layers") == 1);
}

TEST_CASE("the base of RoPE may stand in an object of its own") {
  Json json = flash();
  json.erase("rope_theta");
  CHECK(code_of(json, "rope_theta") == "E112");
  json["rope_parameters"] = {{"rope_theta", 5000.0}, {"rope_type", "default"}};
  CHECK(read(json).rope_base == 5000);
  CHECK_FALSE(read(json).scaling);
}

TEST_CASE("YaRN of DeepSeek becomes its keys, other scalings are refused") {
  Json json = flash();
  json["model_type"] = "deepseek_v3";
  json["rope_scaling"] = {
      {"type", "yarn"},       {"factor", 40},   {"original_max_position_embeddings", 4096},
      {"beta_fast", 32},      {"beta_slow", 1}, {"mscale", 1.0},
      {"mscale_all_dim", 1.0}};
  const Keys keys(read(json));
  CHECK(keys.file->get_string("deepseek2.rope.scaling.type") == "yarn");
  CHECK(keys.file->get_float("deepseek2.rope.scaling.factor") == 40);
  CHECK(keys.file->get_int("deepseek2.rope.scaling.original_context_length") == 4096);
  CHECK(keys.file->get_float("deepseek2.rope.scaling.yarn_log_multiplier") == doctest::Approx(0.1));
  json["rope_scaling"]["mscale"] = 0.5;
  CHECK(code_of(json, "mscale") == "E111");
  CHECK(with("rope_scaling", {{"type", "llama3"}}) == "E111");
  CHECK(with("rope_scaling", 3) == "E120");
}

TEST_CASE("models without a query rank, without experts or with softmax routers are read") {
  Json json = flash();
  json["q_lora_rank"] = nullptr;
  json["scoring_func"] = "softmax";
  CHECK(read(json).query_rank == 0);
  CHECK(read(json).gating == 1);
  json["n_routed_experts"] = nullptr;
  CHECK(read(json).dense_layers == 47);
  const Keys keys(read(json));
  CHECK(keys.file->find("deepseek2.expert_count") == nullptr);
  CHECK(keys.file->find("deepseek2.attention.q_lora_rank") == nullptr);
}

TEST_CASE("kinds of layers may be listed one by one") {
  Json json = flash();
  json.erase("first_k_dense_replace");
  CHECK(code_of(json, "first_k_dense_replace") == "E112");
  json["mlp_layer_types"] = {"dense", "dense", "sparse"};
  CHECK(read(json).dense_layers == 2);
  json["mlp_layer_types"] = {"dense", "sparse", "dense"};
  CHECK(code_of(json, "dense") == "E111");
  json["mlp_layer_types"] = 3;
  CHECK(code_of(json) == "E120");
}

TEST_CASE("what this program cannot compute is refused by name") {
  CHECK(with("model_type", "llama") == "E110");
  CHECK(with("model_type", "glm4") == "E110");
  CHECK(with("hidden_act", "gelu") == "E111");
  CHECK(with("attention_bias", true) == "E111");
  CHECK(with("scoring_func", "tanh") == "E111");
  CHECK(with("moe_layer_freq", 2) == "E111");
}

TEST_CASE("every setting that is missing, of another type or far out of range is refused with a sentence") {
  const Json whole = flash();
  for (const auto& [key, unused] : whole.items()) {
    CAPTURE(key);
    Json without = whole;
    without.erase(key);
    const std::string code = code_of(without);
    CHECK((code == "read" || code == "E112" || code == "E110"));
    for (const Json& bad : {Json("x"), Json(-1), Json(1e300), Json(0), Json(Json::array({Json::array()})),
                            Json(Json::object()), Json(18446744073709551615u)}) {
      const std::string outcome = with(key, bad);
      CHECK((outcome == "read" || outcome.starts_with("E1")));
    }
  }
  CHECK(with("hidden_size", 0) == "E113");
  CHECK(with("hidden_size", 2048.5) == "E120");
  CHECK(with("num_hidden_layers", 100000) == "E113");
  CHECK(with("num_experts_per_tok", 65) == "E113");
  CHECK(with("qk_rope_head_dim", 63) == "E113");
  CHECK(with("eos_token_id", {1, "x"}) == "E120");
  CHECK(with("eos_token_id", std::vector<int>(65, 1)) == "E113");
  CHECK(with("rms_norm_eps", 0) == "E113");
}

TEST_CASE("a file that is no object of JSON is refused") {
  for (const char* text : {"", "{", "[]", "3", "{\"a\":\xff}", "nul"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(read(std::string(text)), Error);
  }
  CHECK_THROWS_AS(read(std::string(100000, '[')), Error);
  CHECK_THROWS_AS(read_hf_config("/nowhere/config.json"), Error);
}
