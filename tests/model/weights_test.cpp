#include <doctest/doctest.h>

#include <limits>

#include "engine/base/error.h"
#include "engine/cpu/cpu_backend.h"
#include "engine/reference/reference_backend.h"
#include "tests/support/model_fixture.h"
#include "tests/support/temp_dir.h"
#include "tests/support/tiny_model.h"

using namespace glim;

namespace {

const std::vector<TokenId> kTokens = {3, 1, 4, 1, 5, 9, 2, 6, 49, 0};

std::vector<float> logits(const TinyGguf& gguf) {
  const TempDir dir;
  gguf.write(dir / "tiny.gguf");
  ModelFixture fixture(dir / "tiny.gguf", make_reference_backend(), QuantType::f32);
  return fixture.run(kTokens, kTokens.size());
}

std::string refusal(const TinyGguf& gguf) {
  try {
    logits(gguf);
  } catch (const Error& error) {
    return std::string(error_name(error.code())) + " " + error.what();
  }
  return "none";
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("every spelling of the same model gives the same logits") {
  const std::vector<float> expected = logits(TinyModel().file());
  CHECK(largest_magnitude(expected) > 0.1);
  TinyModel old, joint, swapped;
  old.legacy_kv_b = true;
  joint.joint_gate_up = true;
  swapped.architecture = "glm4moelite";
  CHECK(logits(old.file()) == expected);
  CHECK(logits(joint.file()) == expected);
  CHECK(logits(swapped.file()) == expected);
}

TEST_CASE("the processor backend runs every spelling too") {
  for (const bool legacy : {false, true}) {
    TinyModel model;
    model.legacy_kv_b = model.joint_gate_up = legacy;
    const TempDir dir;
    model.file().write(dir / "tiny.gguf");
    ModelFixture fixture(dir / "tiny.gguf", make_cpu_backend(2), QuantType::f32);
    CHECK(relative_l2(fixture.run(kTokens, 4), logits(TinyModel().file())) < 1e-5);
  }
}

TEST_CASE("a head that is missing is the embedding") {
  TinyModel tied;
  tied.tied = true;
  TinyGguf same = TinyModel().file();
  same.remove_tensor("output.weight");
  same.tensor("output.weight", {tied.width, tied.vocabulary},
              TinyModel::values("token_embd.weight", tied.width, tied.width * tied.vocabulary));
  CHECK(logits(tied.file()) == logits(same));
}

TEST_CASE("queries without a low-rank form, no shared expert and no dense layer are fine") {
  TinyModel model;
  model.query_rank = model.shared = model.dense_layers = 0;
  CHECK(largest_magnitude(logits(model.file())) > 0.1);
}

TEST_CASE("norms, biases and the router may come in another type") {
  TinyModel model;
  TinyGguf gguf = model.file();
  std::vector<float> ones(static_cast<std::size_t>(model.width), 1.0f);
  std::vector<std::byte> halves(2 * ones.size());
  encode_row(QuantType::bf16, ones, halves.data());
  TinyGguf plain = gguf;
  plain.remove_tensor("output_norm.weight").tensor("output_norm.weight", {model.width}, ones);
  gguf.remove_tensor("output_norm.weight")
      .tensor("output_norm.weight", QuantType::bf16, {model.width}, halves);
  CHECK(logits(gguf) == logits(plain));
}

TEST_CASE("a missing tensor is named") {
  for (const char* name :
       {"token_embd.weight", "output_norm.weight", "blk.0.attn_q_a.weight", "blk.2.attn_k_b.weight",
        "blk.0.ffn_up.weight", "blk.1.ffn_gate_inp.weight", "blk.2.ffn_down_shexp.weight"}) {
    TinyGguf gguf = TinyModel().file();
    const std::string message = refusal(gguf.remove_tensor(name));
    CHECK(has(message, "E112"));
    CHECK(has(message, name));
  }
}

TEST_CASE("a tensor of the wrong shape is named with both shapes") {
  TinyGguf gguf = TinyModel().file();
  gguf.remove_tensor("output_norm.weight").tensor("output_norm.weight", QuantType::f32, {1});
  const std::string message = refusal(gguf);
  CHECK(has(message, "E112"));
  CHECK(has(message, "output_norm.weight"));
  CHECK(has(message, "[1]"));
  CHECK(has(message, "[32]"));
  TinyGguf few = TinyModel().file();
  few.remove_tensor("token_embd.weight").tensor("token_embd.weight", QuantType::f32, {32, 4});
  CHECK(has(refusal(few), "[32, 4], expected [32, 50]"));
}

TEST_CASE("a norm that is not finite is refused, a router bias of minus infinity is not") {
  TinyGguf gguf = TinyModel().file();
  std::vector<float> gain(32, 1.0f);
  gain[7] = std::numeric_limits<float>::quiet_NaN();
  gguf.remove_tensor("blk.1.ffn_norm.weight").tensor("blk.1.ffn_norm.weight", {32}, gain);
  CHECK(has(refusal(gguf), "E113"));
  CHECK(has(refusal(gguf), "blk.1.ffn_norm.weight"));
  TinyGguf biased = TinyModel().file();
  const std::vector<float> bias(6, -std::numeric_limits<float>::infinity());
  biased.remove_tensor("blk.1.exp_probs_b.bias").tensor("blk.1.exp_probs_b.bias", {6}, bias);
  CHECK(std::isfinite(largest_magnitude(logits(biased))));
}

TEST_CASE("a file with only the prediction layer is recognised") {
  TinyGguf gguf = TinyModel().file();
  gguf.set("deepseek2.nextn_predict_layers", 1u).remove_tensor("blk.0.attn_norm.weight");
  gguf.tensor("blk.2.nextn.eh_proj.weight", QuantType::f32, {64, 32});
  CHECK(has(refusal(gguf), "MTP"));
}

TEST_CASE("tensors that nobody uses are counted and do no harm") {
  TinyGguf gguf = TinyModel().file();
  const std::vector<float> expected = logits(gguf);
  gguf.set("deepseek2.block_count", 4u).set("deepseek2.nextn_predict_layers", 1u);
  gguf.tensor("blk.3.nextn.enorm.weight", QuantType::f32, {32})
      .tensor("rope_freqs.weight", QuantType::f32, {4});
  CHECK(logits(gguf) == expected);
  const TempDir dir;
  gguf.write(dir / "tiny.gguf");
  const ModelFixture fixture(dir / "tiny.gguf", make_reference_backend(), QuantType::f32);
  REQUIRE(fixture.model->config().notes.size() == 1);
  CHECK(has(fixture.model->config().notes[0], "2 tensors"));
}

TEST_CASE("progress rises to the total, and loading stops when asked to") {
  const TempDir dir;
  TinyModel().file().write(dir / "tiny.gguf");
  const GgufFile file(dir / "tiny.gguf");
  const std::unique_ptr<Backend> backend = make_reference_backend();
  std::uint64_t last = 0, whole = 0;
  const auto model =
      load_model(file, *backend, 4, [&](std::uint64_t done, std::uint64_t total, std::string_view) {
        CHECK(done >= last);
        last = done;
        whole = total;
        return true;
      });
  CHECK(last == whole);
  CHECK(model->weight_bytes() == whole);
  CHECK(weight_bytes(file, model->config()) == whole);
  CHECK(scratch_bytes(model->config(), 4) == model->scratch_bytes());
  try {
    load_model(file, *backend, 4,
               [](std::uint64_t done, std::uint64_t, std::string_view) { return done == 0; });
    FAIL("not cancelled");
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::E901);
  }
}
