#include "engine/model/config.h"

#include <doctest/doctest.h>

#include <cmath>

#include "engine/base/error.h"
#include "tests/support/temp_dir.h"
#include "tests/support/tiny_model.h"

using namespace glim;

namespace {

ModelConfig read(const TinyGguf& gguf) {
  const TempDir dir;
  gguf.write(dir / "tiny.gguf");
  return read_config(GgufFile(dir / "tiny.gguf"));
}

/// The error that reading gives, as "E113 message".
std::string refusal(const TinyGguf& gguf) {
  try {
    read(gguf);
  } catch (const Error& error) {
    return std::string(error_name(error.code())) + " " + error.what();
  }
  return "none";
}

TinyGguf tiny() {
  return TinyModel().file();
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a complete file gives every number") {
  const ModelConfig c = read(tiny());
  CHECK(c.architecture == "deepseek2");
  CHECK(c.name == "tiny");
  CHECK(c.layers == 3);
  CHECK(c.dense_layers == 1);
  CHECK(c.width == 32);
  CHECK(c.heads == 3);
  CHECK(c.query_rank == 16);
  CHECK(c.latent_rank == 24);
  CHECK(c.rope_width == 8);
  CHECK(c.nope_width == 12);
  CHECK(c.value_width == 10);
  CHECK(c.dense_hidden == 40);
  CHECK(c.expert_hidden == 20);
  CHECK(c.shared_hidden == 20);
  CHECK(c.experts == 6);
  CHECK(c.router.gating == Gating::sigmoid);
  CHECK(c.router.active == 2);
  CHECK(c.router.normalise);
  CHECK(c.router.scale == 1.8f);
  CHECK(c.vocabulary == 50);
  CHECK(c.trained_context == 512);
  CHECK_FALSE(c.legacy_kv_b);
  CHECK(c.attention_scale == doctest::Approx(1 / std::sqrt(20.0)));
  REQUIRE(c.rope_frequencies.size() == 4);
  CHECK(c.rope_frequencies[0] == 1);
  CHECK(c.rope_frequencies[2] == doctest::Approx(1e-3));
  CHECK(c.notes.empty());
}

TEST_CASE("the swapped spelling gives the same numbers") {
  TinyModel other{.architecture = "glm4moelite"};
  TinyGguf gguf = other.file();
  gguf.remove("glm4moelite.expert_gating_func").set("glm4moelite.attention.head_count_kv", 3u);
  const ModelConfig a = read(tiny()), b = read(gguf);
  CHECK(b.architecture == "glm4moelite");
  CHECK(a.nope_width == b.nope_width);
  CHECK(a.value_width == b.value_width);
  CHECK(a.latent_rank == b.latent_rank);
  CHECK(b.router.gating == Gating::sigmoid);
}

TEST_CASE("a file without the absorbed widths is an old one") {
  TinyModel old;
  old.legacy_kv_b = true;
  const ModelConfig c = read(old.file());
  CHECK(c.legacy_kv_b);
  CHECK(c.nope_width == 12);
  CHECK(c.value_width == 10);
}

TEST_CASE("missing keys that may be missing get their documented defaults") {
  TinyGguf gguf = tiny();
  for (const char* key :
       {"expert_gating_func", "expert_weights_norm", "expert_weights_scale", "leading_dense_block_count",
        "expert_group_count", "feed_forward_length", "expert_shared_count"}) {
    gguf.remove(std::string("deepseek2.") + key);
  }
  const ModelConfig c = read(gguf);
  CHECK(c.router.gating == Gating::softmax);
  CHECK_FALSE(c.router.normalise);
  CHECK(c.router.scale == 0);
  CHECK(c.dense_layers == 0);
  CHECK(c.router.groups == 1);
  CHECK(c.shared_hidden == 0);
}

TEST_CASE("a missing router key means sigmoid for the one model that was published without it") {
  for (const std::uint32_t blocks : {47u, 48u, 46u}) {
    TinyGguf gguf = tiny();
    gguf.remove("deepseek2.expert_gating_func")
        .set("deepseek2.vocab_size", 154880u)
        .set("deepseek2.block_count", blocks);
    const ModelConfig c = read(gguf);
    CHECK(c.router.gating == (blocks == 46 ? Gating::softmax : Gating::sigmoid));
    CHECK(c.notes.size() == (blocks == 46 ? 0 : 1));
  }
}

TEST_CASE("prediction layers are not counted as layers") {
  TinyGguf gguf = tiny();
  gguf.set("deepseek2.nextn_predict_layers", 1u);
  CHECK(read(gguf).layers == 2);
}

TEST_CASE("a model without experts is dense throughout") {
  TinyGguf gguf = tiny();
  gguf.remove("deepseek2.expert_count");
  const ModelConfig c = read(gguf);
  CHECK(c.experts == 0);
  CHECK(c.dense_layers == c.layers);
}

TEST_CASE("a list with one equal value per layer is as good as the value") {
  TinyGguf gguf = tiny();
  gguf.set("deepseek2.attention.head_count", std::vector<std::uint32_t>{3, 3, 3});
  CHECK(read(gguf).heads == 3);
  gguf.set("deepseek2.attention.head_count", std::vector<std::uint32_t>{3, 3, 1});
  CHECK(has(refusal(gguf), "E113"));
  gguf.set("deepseek2.attention.head_count", std::vector<std::uint32_t>{});
  CHECK(has(refusal(gguf), "E113"));
}

TEST_CASE("stretched positions blend the frequencies and scale the scores") {
  TinyGguf gguf = tiny();
  gguf.set("deepseek2.rope.scaling.type", "yarn").set("deepseek2.rope.scaling.factor", 40.0f);
  gguf.set("deepseek2.rope.scaling.original_context_length", 4096u);
  gguf.set("deepseek2.rope.scaling.yarn_log_multiplier", 0.0707f).set("deepseek2.rope.freq_base", 10000.0f);
  gguf.set("deepseek2.rope.dimension_count", 64u).set("deepseek2.attention.key_length", 88u);
  gguf.set("deepseek2.attention.key_length_mla", 192u);
  const ModelConfig c = read(gguf);
  const double m = 1 + 0.0707 * std::log(40.0);
  CHECK(c.attention_scale == doctest::Approx(m * m / std::sqrt(192.0)).epsilon(1e-6));
  // A pair that turns 32 times within 4096 tokens is number 10.47, one that turns once number 22.51.
  CHECK(c.rope_frequencies[10] == doctest::Approx(std::pow(1e4, -20.0 / 64)));
  CHECK(c.rope_frequencies[23] == doctest::Approx(std::pow(1e4, -46.0 / 64) / 40));
  const double ramp = (16.0 - 10) / (23 - 10), plain = std::pow(1e4, -32.0 / 64);
  CHECK(c.rope_frequencies[16] == doctest::Approx(plain / 40 * ramp + plain * (1 - ramp)));
}

TEST_CASE("the attention factor multiplies the magnitude of stretched positions") {
  TinyGguf gguf = tiny();
  gguf.set("deepseek2.rope.scaling.type", "yarn").set("deepseek2.rope.scaling.factor", 4.0f);
  gguf.set("deepseek2.rope.scaling.original_context_length", 128u);
  CHECK(read(gguf).attention_scale == doctest::Approx(1 / std::sqrt(20.0)));
  gguf.set("deepseek2.rope.scaling.attn_factor", 0.5f);
  CHECK(read(gguf).attention_scale == doctest::Approx(0.25 / std::sqrt(20.0)));
}

TEST_CASE("a factor without a type means linear stretching, a type without a factor is refused") {
  TinyGguf gguf = tiny();
  gguf.set("deepseek2.rope.scaling.factor", 4.0f);
  CHECK(read(gguf).rope_frequencies[0] == 0.25);
  gguf.set("deepseek2.rope.scaling.type", "none");
  CHECK(read(gguf).rope_frequencies[0] == 1);
  gguf.remove("deepseek2.rope.scaling.factor").set("deepseek2.rope.scaling.type", "yarn");
  CHECK(has(refusal(gguf), "E112"));
  CHECK(has(refusal(gguf), "rope.scaling.factor"));
}

TEST_CASE("linear stretching divides every frequency") {
  TinyGguf gguf = tiny();
  gguf.set("deepseek2.rope.scaling.type", "linear").set("deepseek2.rope.scaling.factor", 4.0f);
  const ModelConfig c = read(gguf);
  CHECK(c.rope_frequencies[0] == 0.25);
  CHECK(c.attention_scale == doctest::Approx(1 / std::sqrt(20.0)));
}

TEST_CASE("an unknown architecture is refused with the names of the known ones") {
  TinyGguf gguf = tiny();
  const std::string message = refusal(gguf.set("general.architecture", "gpt\x1b[2J"));
  CHECK(has(message, "E110"));
  CHECK(has(message, "deepseek2, glm4moelite"));
  CHECK_FALSE(has(message, "\x1b"));
}

TEST_CASE("a missing key is named") {
  for (const char* key :
       {"block_count", "context_length", "embedding_length", "attention.head_count", "rope.freq_base",
        "attention.kv_lora_rank", "attention.key_length", "rope.dimension_count", "expert_used_count",
        "attention.layer_norm_rms_epsilon", "expert_feed_forward_length", "vocab_size"}) {
    TinyGguf gguf = tiny();
    const std::string message = refusal(gguf.remove(std::string("deepseek2.") + key));
    CHECK(has(message, "E112"));
    CHECK(has(message, std::string("deepseek2.") + key));
  }
}

TEST_CASE("a value out of range is refused with its key") {
  struct Bad {
    const char* key;
    TinyGguf::Value value;
  };
  const std::vector<Bad> list = {
      {"block_count", 0u},
      {"block_count", 0x80000000u},
      {"block_count", -1},
      {"embedding_length", 1u << 21},
      {"attention.head_count", 0u},
      {"attention.head_count_kv", 2u},
      {"attention.kv_lora_rank", 0u},
      {"attention.key_length", 33u},
      {"attention.value_length", 25u},
      {"rope.dimension_count", 7u},
      {"rope.dimension_count", 20u},
      {"rope.freq_base", INFINITY},
      {"rope.freq_base", 1.0f},
      {"attention.layer_norm_rms_epsilon", NAN},
      {"attention.layer_norm_rms_epsilon", 0.0f},
      {"attention.layer_norm_rms_epsilon", 0.5f},
      {"expert_count", 1000000u},
      {"expert_used_count", 7u},
      {"expert_used_count", 0u},
      {"expert_group_count", 4u},
      {"expert_group_count", 6u},
      {"expert_weights_scale", NAN},
      {"expert_gating_func", 4u},
      {"leading_dense_block_count", 9u},
      {"vocab_size", 0u},
      {"vocab_size", 1u << 30},
      {"context_length", 0u},
      {"nextn_predict_layers", 3u},
      {"rope.scaling.type", std::string("longrope")},
  };
  for (const Bad& bad : list) {
    CAPTURE(bad.key);
    TinyGguf gguf = tiny();
    const std::string message = refusal(gguf.set(std::string("deepseek2.") + bad.key, bad.value));
    CHECK(has(message, "E113"));
    CHECK(has(message, bad.key));
  }
}

TEST_CASE("groups of experts that leave too few to choose from are refused") {
  TinyGguf gguf = tiny();
  gguf.set("deepseek2.expert_group_count", 3u).set("deepseek2.expert_group_used_count", 1u);
  CHECK(read(gguf).router.groups == 3);
  CHECK(has(refusal(gguf.set("deepseek2.expert_used_count", 3u)), "expert_group_used_count"));
}

TEST_CASE("a vocabulary smaller than its list of tokens is refused") {
  TinyGguf gguf = tiny();
  gguf.set("tokenizer.ggml.tokens", std::vector<std::string>(51, "x"));
  CHECK(has(refusal(gguf), "vocab_size"));
  CHECK(read(gguf.remove("deepseek2.vocab_size")).vocabulary == 51);
}
