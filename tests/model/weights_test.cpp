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

/// The file with `name`.weight divided by powers of two, which `name`.scale makes up for: one for all
/// matrices or a different one for each.
void split_off_scale(TinyGguf& gguf, const std::string& name, std::vector<std::int64_t> shape, bool each,
                     std::vector<float> values) {
  const std::int64_t batch = shape.size() > 2 ? shape[2] : 1;
  std::vector<float> scales;
  for (std::int64_t i = 0; i < (each ? batch : 1); ++i)
    scales.push_back(std::ldexp(0.25f, static_cast<int>(i % 4)));
  const std::size_t matrix = values.size() / scales.size();
  for (std::size_t i = 0; i < values.size(); ++i) values[i] /= scales[i / matrix];
  gguf.remove_tensor(name + ".weight").tensor(name + ".weight", shape, values);
  gguf.tensor(name + ".scale", {static_cast<std::int64_t>(scales.size())}, scales);
}

void split_off_scale(TinyGguf& gguf, const std::string& name, std::vector<std::int64_t> shape, bool each) {
  std::int64_t count = 1;
  for (const std::int64_t size : shape) count *= size;
  split_off_scale(gguf, name, shape, each, TinyModel::values(name + ".weight", shape[0], count));
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

TEST_CASE("the scale beside a weight multiplies it, one for all matrices or one for each") {
  const TinyModel m;
  const std::vector<float> expected = logits(m.file());
  for (const bool each : {false, true}) {
    TinyGguf gguf = m.file();
    split_off_scale(gguf, "token_embd", {m.width, m.vocabulary}, each);
    split_off_scale(gguf, "output", {m.width, m.vocabulary}, each);
    split_off_scale(gguf, "output_norm", {m.width}, each);
    split_off_scale(gguf, "blk.0.attn_q_a", {m.width, m.query_rank}, each);
    split_off_scale(gguf, "blk.0.attn_k_b", {m.nope, m.latent_rank, m.heads}, each);
    split_off_scale(gguf, "blk.0.ffn_down", {m.hidden, m.width}, each);
    split_off_scale(gguf, "blk.1.ffn_gate_inp", {m.width, m.experts}, each);
    split_off_scale(gguf, "blk.1.ffn_gate_exps", {m.width, m.expert_hidden, m.experts}, each);
    split_off_scale(gguf, "blk.2.ffn_down_exps", {m.expert_hidden, m.width, m.experts}, each);
    CHECK(logits(gguf) == expected);
  }
}

TEST_CASE("the joint matrix of an old file and joint experts keep their scale") {
  TinyModel old, joint;
  old.legacy_kv_b = joint.joint_gate_up = true;
  TinyGguf gguf = old.file();
  split_off_scale(gguf, "blk.1.attn_kv_b", {old.latent_rank, old.heads * (old.nope + old.value)}, false,
                  old.joint_kv_b("blk.1."));
  CHECK(logits(gguf) == logits(old.file()));
  gguf = joint.file();
  split_off_scale(gguf, "blk.1.ffn_gate_up_exps", {joint.width, 2 * joint.expert_hidden, joint.experts}, true,
                  joint.joint_experts("blk.1."));
  CHECK(logits(gguf) == logits(joint.file()));
}

TEST_CASE("scales of the wrong number or that are not finite are refused by name") {
  TinyGguf few = TinyModel().file();
  few.tensor("blk.1.ffn_up_exps.scale", {5}, std::vector<float>(5, 1.0f));
  CHECK(has(refusal(few), "E112"));
  CHECK(has(refusal(few), "blk.1.ffn_up_exps.scale has 5 values, expected 1 or 6"));
  TinyGguf infinite = TinyModel().file();
  infinite.tensor("output.scale", {1}, std::vector<float>{std::numeric_limits<float>::infinity()});
  CHECK(has(refusal(infinite), "E113"));
  CHECK(has(refusal(infinite), "output.scale"));
}

TEST_CASE("the plan counts what an old file takes besides its weights") {
  TinyModel old;
  old.legacy_kv_b = true;
  const TempDir dir;
  old.file().write(dir / "old.gguf");
  const GgufFile file(dir / "old.gguf");
  std::uint64_t stored = 0;
  for (const GgufTensor& tensor : file.tensors()) stored += tensor.bytes;
  const std::uint64_t turned_over =
      4u * 3 * 3 * 24 * 12;  // f32, layers, heads, latent rank, unrotated values
  CHECK(weight_bytes(file, read_config(file)) == stored + turned_over);
}

TEST_CASE("logits take memory for the rows that may ask for them, and more when more do") {
  const TempDir dir;
  TinyModel().file().write(dir / "tiny.gguf");
  const GgufFile file(dir / "tiny.gguf");
  const ModelConfig config = read_config(file);
  CHECK(scratch_bytes(config, {8, 8}) - scratch_bytes(config, {8, 2}) == 6u * 50 * sizeof(float));
  const std::unique_ptr<Backend> backend = make_reference_backend();
  const auto model = load_model(file, *backend, {8, 1}, {});
  const std::uint64_t before = backend->memory().scratch;
  CHECK(before == scratch_bytes(config, {8, 1}));
  KvCache cache(config, *backend, QuantType::f32, 1);
  Timeline timeline(cache);
  const std::vector<TokenId> tokens = {1, 2, 3};
  REQUIRE(timeline.extend(tokens));
  const std::vector<Row> rows = {{1, 0, 0}, {2, 1, 0}, {3, 2, 0}};
  const std::vector<std::int32_t> all = {0, 1, 2};
  const std::span<const std::int32_t> blocks = timeline.blocks();
  CHECK(model->forward({rows, {&blocks, 1}}, all, cache).size() == 150);
  CHECK(backend->memory().scratch - before == 2u * 50 * sizeof(float));
}

TEST_CASE("experts that are stored one by one are refused with the remedy") {
  TinyGguf gguf = TinyModel().file();
  gguf.remove_tensor("blk.1.ffn_gate_exps.weight")
      .tensor("blk.1.ffn_gate.0.weight", QuantType::f32, {32, 20});
  CHECK(has(refusal(gguf), "E112"));
  CHECK(has(refusal(gguf), "one by one"));
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
  CHECK(backend->memory().weights == whole);
  CHECK(backend->memory().scratch == scratch_bytes(model->config(), 4));
  try {
    load_model(file, *backend, 4,
               [](std::uint64_t done, std::uint64_t, std::string_view) { return done == 0; });
    FAIL("not cancelled");
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::E901);
  }
}
