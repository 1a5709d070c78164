#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/random.h"
#include "engine/base/text.h"
#include "engine/cpu/cpu_backend.h"
#include "engine/quant/cache_types.h"
#include "engine/reference/reference_backend.h"
#include "engine/text/tokenizer.h"
#include "engine/text/vocab.h"
#include "tests/support/model_fixture.h"
#include "tests/support/temp_dir.h"
#include "tests/support/tiny_model.h"

using namespace glim;

namespace {

/// Rows that have been, or may be, in a cache, one after the other.
using Rows = std::vector<float>;

constexpr std::int64_t kWidth = 576;  ///< of GLM-4.7-Flash: 512 latent and 64 rotated values

Rows noise() {
  Random random(1);
  Rows out(200 * kWidth);
  for (float& value : out) value = static_cast<float>(random.normal());
  return out;
}

/// A few channels of every row are large, as those of the rotated part are.
Rows with_outliers() {
  Rows out = noise();
  for (std::size_t i = 0; i < out.size(); ++i) {
    const std::size_t channel = i % kWidth;
    if (channel % 97 == 5) out[i] *= 20;
  }
  return out;
}

std::vector<TokenId> text_tokens(const GgufFile& file) {
  std::string text;
  for (int i = 0; i < 6; ++i) {
    text += "[gMASK]<sop><|user|>Please start counting at " + std::to_string(i) +
            " and end at eight. Which quant is a sane start, and how much memory does it need?<|assistant|>"
            "</think>Q4_K_M is the usual choice: 18.12 GB, small loss. One two three four.";
  }
  return Tokenizer(read_vocab(file)).encode(text, Specials::all);
}

/// What running `tokens` leaves: the logits of all of them, and the latent values of all layers.
struct Trace {
  std::vector<float> logits;
  Rows latent;
};

Trace run(const std::filesystem::path& path, std::span<const TokenId> tokens, QuantType type) {
  ModelFixture fixture(path, make_cpu_backend(2), type);
  Timeline timeline(fixture.cache);
  Trace out;
  out.logits = fixture.run(timeline, tokens, 64);
  if (type != QuantType::f32) return out;
  const auto rank = static_cast<std::ptrdiff_t>(fixture.model->config().latent_rank);
  for (std::int32_t layer = 0; layer < fixture.model->config().layers; ++layer) {
    for (std::int32_t t = 0; t < timeline.length(); ++t) {
      const std::int32_t block = timeline.blocks()[static_cast<std::size_t>(t / kBlockTokens)];
      const float* row =
          fixture.cache.layer(layer).floats(std::int64_t{block} * kBlockTokens + t % kBlockTokens);
      out.latent.insert(out.latent.end(), row, row + rank);
    }
  }
  return out;
}

double rounding_error(QuantType type, const Rows& rows) {
  std::vector<std::byte> stored(row_bytes(type, std::ssize(rows)));
  Rows found(rows.size());
  encode_row(type, rows, stored.data());
  decode_row(type, stored.data(), found);
  return relative_l2(found, rows);
}

std::filesystem::path spark() {
  return GLIM_SOURCE_DIR "/configs/spark/spark.gguf";
}

/// Spark with 64 rotated values in place of 32, which do the same: a pair more behind each pair, all zero,
/// and frequencies that are spaced half as wide. So its rows hold whole blocks of every KV type.
class WideSpark {
 public:
  explicit WideSpark(const std::filesystem::path& target) : spark_(spark()) {
    for (const auto& [key, value] : spark_.metadata()) {
      if (key.starts_with("deepseek2.") || key == "general.architecture") copy(std::string(key), value);
    }
    out_.set("deepseek2.rope.dimension_count", 64u).set("deepseek2.attention.key_length", 256u + 64);
    out_.set("deepseek2.attention.key_length_mla", 64u + 64);
    for (const GgufTensor& tensor : spark_.tensors()) {
      if (tensor.name.ends_with("attn_q_b.weight")) {
        // Scores are divided by the root of the head's width.
        widen(tensor, 4, 64, static_cast<float>(std::sqrt(128.0 / 96)));
      } else if (tensor.name.ends_with("attn_kv_a_mqa.weight")) {
        widen(tensor, 1, 256, 1);
      } else {
        const std::vector<std::int64_t> shape(tensor.shape.begin(), tensor.shape.begin() + tensor.dimensions);
        out_.tensor(tensor.name, tensor.type, shape, {tensor.data, tensor.data + tensor.bytes});
      }
    }
    out_.write(target);
  }

 private:
  void copy(const std::string& key, const GgufValue& value) {
    if (const auto* text = std::get_if<std::string_view>(&value.value)) {
      out_.set(key, std::string(*text));
    } else if (const auto* real = std::get_if<double>(&value.value)) {
      out_.set(key, static_cast<float>(*real));
    } else if (value.kind == GgufKind::boolean) {
      out_.set(key, std::get<std::int64_t>(value.value) != 0);
    } else {
      out_.set(key, static_cast<std::uint32_t>(std::get<std::int64_t>(value.value)));
    }
  }

  /// Each of the `parts` has `plain` rows and 32 rotated ones.
  void widen(const GgufTensor& tensor, std::int64_t parts, std::int64_t plain, float factor) {
    const std::int64_t cols = tensor.shape[0];
    std::vector<float> values(static_cast<std::size_t>(tensor.values())), wide;
    decode_row(tensor.type, tensor.data, values);
    for (float& value : values) value *= factor;
    for (std::int64_t part = 0; part < parts; ++part) {
      const auto row = values.begin() + part * (plain + 32) * cols;
      wide.insert(wide.end(), row, row + plain * cols);
      for (std::int64_t pair = 0; pair < 16; ++pair) {
        const auto rotated = row + (plain + 2 * pair) * cols;
        wide.insert(wide.end(), rotated, rotated + 2 * cols);
        wide.insert(wide.end(), static_cast<std::size_t>(2 * cols), 0.0f);
      }
    }
    out_.tensor(tensor.name, {cols, parts * (plain + 64)}, wide);
  }

  GgufFile spark_;
  TinyGguf out_;
};

/// Random weights; no experts, because a router would turn small errors into another choice.
TinyModel random_model() {
  TinyModel model;
  model.latent_rank = 512;
  model.rope = 64;
  model.dense_layers = model.layers;
  return model;
}

std::vector<TokenId> counted_tokens() {
  std::vector<TokenId> out;
  for (TokenId i = 0; i < 150; ++i) out.push_back(i * 37 % 50);
  return out;
}

}  // namespace

TEST_CASE("47 layers of 576 values take the bytes that are published for every KV type") {
  ModelConfig config;
  config.layers = 47;
  config.latent_rank = 512;
  config.rope_width = 64;
  const std::vector<std::pair<const char*, std::uint64_t>> expected = {
      {"f32", 108'288},   {"f16", 54'144},          {"bf16", 54'144}, {"q8_0", 28'764},
      {"q5_1", 20'304},   {"q5_0", 18'612},         {"q4_1", 16'920}, {"q4_0", 15'228},
      {"iq4_nl", 15'228}, {"q4_0_rocmfp4", 15'228}, {"rot4", 14'382}, {"rot3", 10'998}};
  CHECK(expected.size() == kCacheTypes.size());
  for (const auto& [name, bytes] : expected)
    CHECK(kv_bytes_per_token(config, *quant_from_name(name)) == bytes);
}

TEST_CASE("a KV type that does not fit the rows is refused, and those that do are named") {
  ModelConfig config;
  config.layers = 1;
  config.latent_rank = 256;
  config.rope_width = 32;
  for (const QuantType type : {QuantType::rot4, QuantType::q4_k, QuantType::iq4_xs}) {
    try {
      static_cast<void>(kv_bytes_per_token(config, type));
      FAIL("accepted");
    } catch (const Error& error) {
      const std::string message = error.what();
      CHECK(error.code() == ErrorCode::E603);
      CHECK(message.find(std::string("KV type ") + std::string(quant(type).name)) == 0);
      CHECK(message.find("288 values") != message.npos);
      CHECK(message.find("f32, f16, bf16, q8_0, q5_1, q5_0, q4_1, q4_0, iq4_nl, q4_0_rocmfp4") !=
            message.npos);
      CHECK(message.find("rot3") == message.npos);
    }
  }
}

TEST_CASE("both backends agree on every KV type, and on a prompt in pieces to the bit") {
  const TempDir dir;
  random_model().file().write(dir / "random.gguf");
  const std::vector<TokenId> tokens = counted_tokens();
  const std::vector<float> unrounded = run(dir / "random.gguf", tokens, QuantType::f32).logits;
  for (const QuantType type : kCacheTypes) {
    CAPTURE(quant(type).name);
    ModelFixture exact(dir / "random.gguf", make_reference_backend(), type),
        fast(dir / "random.gguf", make_cpu_backend(2), type);
    const std::vector<float> expected = exact.run(std::span(tokens).first(70), 64),
                             found = fast.run(tokens, 64);
    // A value that lies on an edge may be stored as either neighbour: a little of what rounding costs.
    const double bound = 1e-5 + relative_l2(found, unrounded) / 4;
    CHECK(relative_l2(std::span(found).first(expected.size()), expected) < bound);
    CHECK(fast.run(tokens, 1) == found);
    CHECK(fast.run(tokens, 50) == found);
  }
}

TEST_CASE("what each KV type costs: errors of stored rows and of logits") {
  const TempDir dir;
  const std::filesystem::path wide = dir / "wide.gguf";
  WideSpark{wide};
  const std::vector<TokenId> words = text_tokens(GgufFile(spark()));
  REQUIRE(words.size() > 200);
  const Trace exact = run(wide, words, QuantType::f32);
  CHECK(relative_l2(exact.logits, run(spark(), words, QuantType::f32).logits) < 1e-5);
  const Rows plain = noise(), outliers = with_outliers();
  std::string table =
      "\n| KV type | bytes per row of 576 | noise | noise, 6 large channels | latent rows of spark | logits "
      "of "
      "spark |\n|---|---|---|---|---|---|\n";
  for (const QuantType type : kCacheTypes) {
    const double of_noise = rounding_error(type, plain), of_rows = rounding_error(type, exact.latent);
    const double of_logits = relative_l2(run(wide, words, type).logits, exact.logits);
    table += strf("| %s | %zu | %.5f | %.5f | %.5f | %.5f |\n", std::string(quant(type).name).c_str(),
                  row_bytes(type, kWidth), of_noise, rounding_error(type, outliers), of_rows, of_logits);
    CAPTURE(quant(type).name);
    // Formats without blocks have 7 or more bits behind the leading one. Those with blocks have steps of two
    // over 2^bits of the largest value, which is about three times the typical one.
    const QuantInfo& info = quant(type);
    const double bound = info.block_values == 1 ? 0x1p-8 : 3 * std::exp2(1 - info.bits_per_value());
    CHECK(of_noise <= bound);
    CHECK(of_rows <= bound);
    CHECK(of_logits <= bound);
  }
  MESSAGE(table);
}
