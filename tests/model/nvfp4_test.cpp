#include <doctest/doctest.h>

#include <bit>
#include <string>
#include <vector>

#include "engine/cpu/cpu_backend.h"
#include "engine/reference/reference_backend.h"
#include "tests/support/model_fixture.h"
#include "tests/support/temp_dir.h"
#include "tests/support/tiny_model.h"

using namespace glim;

namespace {

/// The same model twice: matrices in NVFP4 with their scales beside them, and decoded to F32.
struct Twins {
  TinyGguf rounded, plain;
};

std::vector<std::byte> random_blocks(std::int64_t values, Random& random) {
  std::vector<std::byte> out(row_bytes(QuantType::nvfp4, values));
  for (std::size_t i = 0; i < out.size(); ++i) {
    // Scales from 1/4 to 1, then codes.
    const bool scale = i % quant(QuantType::nvfp4).block_bytes < 4;
    out[i] = static_cast<std::byte>(scale ? 0x30 + random.next() % 16 : random.next());
  }
  return out;
}

void replace(Twins& twins, const GgufTensor& tensor, bool each, Random& random) {
  const std::string name(tensor.name), base = name.substr(0, name.rfind(".weight"));
  const std::vector<std::int64_t> shape(tensor.shape.begin(), tensor.shape.begin() + tensor.dimensions);
  const std::vector<std::byte> blocks = random_blocks(tensor.values(), random);
  const auto count = static_cast<std::size_t>(each ? tensor.shape[2] : 1);
  std::vector<float> scales(count), values(static_cast<std::size_t>(tensor.values()));
  for (float& scale : scales) scale = static_cast<float>(0.03 + 0.03 * random.uniform());
  decode_row(QuantType::nvfp4, blocks.data(), values);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] *= scales[i / (values.size() / count)];
  twins.rounded.remove_tensor(name).tensor(name, QuantType::nvfp4, shape, blocks);
  twins.rounded.tensor(base + ".scale", {static_cast<std::int64_t>(count)}, scales);
  twins.rounded.tensor(base + ".input_scale", {1}, std::vector<float>{123});
  twins.plain.remove_tensor(name).tensor(name, shape, values);
}

Twins twins(bool each) {
  TinyModel model;
  model.width = model.query_rank = model.latent_rank = model.nope = model.value = model.hidden =
      model.expert_hidden = 64;
  Twins out{model.file(), model.file()};
  const TempDir dir;
  model.file().write(dir / "tiny.gguf");
  const GgufFile file(dir / "tiny.gguf");
  Random random(9);
  int replaced = 0;
  for (const GgufTensor& tensor : file.tensors()) {
    const bool router = tensor.name.find("ffn_gate_inp") != tensor.name.npos;
    if (tensor.dimensions < 2 || router) continue;
    CHECK(tensor.shape[0] % 64 == 0);
    replace(out, tensor, each, random);
    ++replaced;
  }
  CHECK(replaced == 2 + 3 * 6 + 3 + 2 * 6);
  return out;
}

struct Run {
  std::vector<float> logits;
  std::vector<std::string> notes;
};

Run run(const TinyGguf& gguf, std::unique_ptr<Backend> backend) {
  const TempDir dir;
  gguf.write(dir / "tiny.gguf");
  ModelFixture fixture(dir / "tiny.gguf", std::move(backend), QuantType::f32);
  return {fixture.run(std::vector<TokenId>{3, 1, 4, 1, 5, 9, 2, 6, 49, 0}, 4), fixture.model->config().notes};
}

}  // namespace

TEST_CASE("weights in NVFP4 with their scales give the logits of the decoded weights") {
  for (const bool each : {false, true}) {
    const Twins pair = twins(each);
    const Run expected = run(pair.plain, make_reference_backend());
    CHECK(largest_magnitude(expected.logits) > 0.1);
    for (const bool fast : {false, true}) {
      const Run found = run(pair.rounded, fast ? make_cpu_backend(2) : make_reference_backend());
      // The decoded weights are rounded once more, after the scale.
      // Activations have sixteen bits where the processor multiplies bytes.
      CHECK(relative_l2(found.logits, expected.logits) < 3e-4);
      CHECK(found.notes.empty());
    }
  }
}
