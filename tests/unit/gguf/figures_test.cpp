#include "engine/gguf/figures.h"

#include <cmath>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "engine/quant/cache_types.h"
#include "tests/support/temp_dir.h"
#include "tests/support/tiny_gguf.h"

using namespace glim;

namespace {

constexpr std::int64_t kLayers = 47, kWidth = 2048;

void add_feed_forward(TinyGguf& gguf, const std::string& block, QuantType type, std::int64_t experts) {
  const auto f32 = QuantType::f32;
  if (block == "blk.0.") {
    for (const char* name : {"ffn_gate", "ffn_up"})
      gguf.tensor(block + name + ".weight", type, {kWidth, 10240});
    gguf.tensor(block + "ffn_down.weight", type, {10240, kWidth});
    return;
  }
  gguf.tensor(block + "ffn_gate_inp.weight", f32, {kWidth, experts});
  gguf.tensor(block + "exp_probs_b.bias", f32, {experts});
  for (const char* name : {"ffn_gate", "ffn_up"}) {
    gguf.tensor(block + name + "_exps.weight", type, {kWidth, 1536, experts});
    gguf.tensor(block + name + "_shexp.weight", type, {kWidth, 1536});
  }
  gguf.tensor(block + "ffn_down_exps.weight", type, {1536, kWidth, experts});
  gguf.tensor(block + "ffn_down_shexp.weight", type, {1536, kWidth});
}

void add_attention(TinyGguf& gguf, const std::string& block, QuantType type) {
  const auto f32 = QuantType::f32;
  gguf.tensor(block + "attn_norm.weight", f32, {kWidth}).tensor(block + "ffn_norm.weight", f32, {kWidth});
  gguf.tensor(block + "attn_q_a_norm.weight", f32, {768}).tensor(block + "attn_kv_a_norm.weight", f32, {512});
  gguf.tensor(block + "attn_q_a.weight", type, {kWidth, 768})
      .tensor(block + "attn_q_b.weight", type, {768, 5120});
  gguf.tensor(block + "attn_kv_a_mqa.weight", type, {kWidth, 576});
  gguf.tensor(block + "attn_k_b.weight", type, {192, 512, 20})
      .tensor(block + "attn_v_b.weight", type, {512, 256, 20});
  gguf.tensor(block + "attn_output.weight", type, {5120, kWidth});
}

/// GLM-4.7-Flash at its real size, the weights being holes.
TinyGguf glm(QuantType type, std::int64_t experts) {
  TinyGguf gguf;
  gguf.set("general.architecture", "deepseek2").set("deepseek2.block_count", 47u);
  gguf.set("deepseek2.context_length", 202752u)
      .set("deepseek2.expert_count", static_cast<std::uint32_t>(experts));
  gguf.set("deepseek2.expert_used_count", 4u).set("deepseek2.rope.dimension_count", 64u);
  gguf.set("deepseek2.attention.kv_lora_rank", 512u).set("deepseek2.attention.head_count", 20u);
  gguf.tensor("token_embd.weight", type, {kWidth, 154880}).tensor("output.weight", type, {kWidth, 154880});
  gguf.tensor("output_norm.weight", QuantType::f32, {kWidth});
  for (std::int64_t i = 0; i < kLayers; ++i) {
    const std::string block = "blk." + std::to_string(i) + ".";
    add_attention(gguf, block, type);
    add_feed_forward(gguf, block, type, experts);
  }
  return gguf;
}

ModelFigures figures_of(const TinyGguf& gguf) {
  const TempDir dir;
  gguf.write(dir / "m.gguf");
  return figures(GgufFile(dir / "m.gguf"));
}

double giga(std::uint64_t bytes) {
  return static_cast<double>(bytes) * 1e-9;
}

}  // namespace

TEST_CASE("parameters, sizes and traffic of GLM-4.7-Flash and its pruned variant are the published ones") {
  const ModelFigures q8 = figures_of(glm(QuantType::q8_0, 64));
  CHECK(q8.parameters == 29'943'393'920u);
  CHECK(q8.active_parameters == 3'579'571'840u);
  CHECK(giga(q8.tensor_bytes) == doctest::Approx(31.83).epsilon(0.0005));
  CHECK(giga(q8.token_bytes) == doctest::Approx(3.822).epsilon(0.0005));
  CHECK(q8.bits_per_weight() == doctest::Approx(8.50).epsilon(0.001));
  REQUIRE(q8.types.size() == 2);
  CHECK(q8.types[0].type == QuantType::q8_0);
  CHECK(q8.types[0].tensors == 563);
  CHECK(q8.types[1].tensors == 281);
  CHECK(q8.types[0].bytes + q8.types[1].bytes == q8.tensor_bytes);

  const ModelFigures bf16 = figures_of(glm(QuantType::bf16, 64));
  CHECK(giga(bf16.tensor_bytes) == doctest::Approx(59.90).epsilon(0.0005));
  CHECK(giga(bf16.token_bytes) == doctest::Approx(7.172).epsilon(0.0005));

  const ModelFigures pruned = figures_of(glm(QuantType::q8_0, 48));
  CHECK(pruned.parameters == 22'996'118'432u);
  CHECK(pruned.active_parameters == 3'578'063'776u);
}

TEST_CASE("the cache of latent attention is one row per layer in every format that fits it") {
  const ModelFigures f = figures_of(glm(QuantType::q8_0, 64));
  CHECK(f.context == 202752);
  const std::vector<std::uint64_t> expected = {108'288, 54'144, 54'144, 28'764, 20'304, 18'612,
                                               16'920,  15'228, 15'228, 15'228, 14'382, 10'998};
  REQUIRE(f.kv.size() == kCacheTypes.size());
  REQUIRE(f.kv.size() == expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    CHECK(f.kv[i].type == kCacheTypes[i]);
    CHECK(f.kv[i].token_bytes == expected[i]);
    CHECK(f.kv[i].context_bytes == expected[i] * 202'752);
  }
  TinyGguf odd = glm(QuantType::q8_0, 64).set("deepseek2.rope.dimension_count", 40u);
  CHECK(figures_of(odd).kv.size() == 3);  // those without blocks
}

TEST_CASE("blocks that predict further tokens count in the totals only") {
  const ModelFigures trunk = figures_of(glm(QuantType::q8_0, 64));
  TinyGguf gguf = glm(QuantType::q8_0, 64);
  gguf.set("deepseek2.block_count", 48u).set("deepseek2.nextn_predict_layers", 1u);
  gguf.tensor("blk.47.nextn.eh_proj.weight", QuantType::q8_0, {4096, kWidth});
  const ModelFigures f = figures_of(gguf);
  CHECK(f.parameters == trunk.parameters + 4096 * kWidth);
  CHECK(f.active_parameters == trunk.active_parameters);
  CHECK(f.token_bytes == trunk.token_bytes);
  CHECK(f.kv[1].token_bytes == trunk.kv[1].token_bytes);
}

TEST_CASE("models with keys and values per head count both, and a tied embedding is active") {
  TinyGguf gguf;
  gguf.set("general.architecture", "llama").set("llama.block_count", 2u).set("llama.embedding_length", 64u);
  gguf.set("llama.attention.head_count", 4u).set("llama.attention.head_count_kv", 2u);
  gguf.tensor("token_embd.weight", QuantType::f32, {64, 10});
  const ModelFigures f = figures_of(gguf);
  CHECK(f.active_parameters == 640);
  CHECK(f.token_bytes == 2560);
  REQUIRE(f.kv.size() == 3);  // heads of 16 values hold no blocks of 32
  CHECK(f.kv[1].token_bytes == 2 * 2 * (16 + 16) * 2);
  CHECK_FALSE(f.kv[1].context_bytes);
  gguf.set("llama.attention.key_length", 32u).set("llama.attention.value_length", 64u);
  gguf.set("llama.attention.head_count_kv", std::vector<std::uint32_t>{1, 3});
  const ModelFigures wide = figures_of(gguf);
  REQUIRE(wide.kv.size() == 10);  // blocks of 64 do not fit
  CHECK(wide.kv[3].token_bytes == (1 + 3) * (34 + 68));
}

TEST_CASE("odd keys leave figures out instead of failing") {
  TinyGguf gguf = glm(QuantType::q8_0, 64);
  gguf.set("deepseek2.block_count", "many").set("deepseek2.context_length", ~std::uint64_t{0});
  gguf.set("deepseek2.expert_count", -1);
  const ModelFigures f = figures_of(gguf);
  CHECK(f.kv.empty());
  CHECK_FALSE(f.context);
  CHECK(f.parameters == 29'943'393'920u);
  CHECK(figures_of(TinyGguf()).bits_per_weight() == 0);
  CHECK(figures_of(TinyGguf().set("general.architecture", 7u)).types.empty());
}

TEST_CASE("block numbers are read from tensor names") {
  CHECK(block_name("blk.46.attn_norm.weight")->block == 46);
  CHECK(block_name("blk.46.attn_norm.weight")->rest == ".attn_norm.weight");
  CHECK_FALSE(block_name("output.weight"));
  CHECK_FALSE(block_name("blk.x.weight"));
  CHECK_FALSE(block_name("blk.12"));
  CHECK_FALSE(block_name("blk.-1.x"));
  CHECK_FALSE(block_name("blk.99999999999999999999.x"));
}
