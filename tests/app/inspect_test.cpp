#include "app/inspect.h"

#include <algorithm>
#include <sstream>
#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "tests/support/temp_dir.h"
#include "tests/support/tiny_gguf.h"
#include "ui/text_layout.h"

using namespace glim;

namespace {

TinyGguf model() {
  TinyGguf gguf;
  gguf.set("general.architecture", "deepseek2")
      .set("general.name", "A model")
      .set("deepseek2.block_count", 4u);
  gguf.set("deepseek2.context_length", 4096u).set("deepseek2.expert_count", 4u);
  gguf.set("deepseek2.expert_used_count", 1u).set("deepseek2.attention.kv_lora_rank", 64u);
  gguf.set("deepseek2.rope.dimension_count", 32u).set("deepseek2.attention.layer_norm_rms_epsilon", 1e-5f);
  gguf.set("tokenizer.ggml.tokens", std::vector<std::string>{"a", "b", "c", "d", "e", "f", "g"});
  gguf.set("tokenizer.chat_template", std::string(5000, 'x')).set("flag", true);
  gguf.tensor("token_embd.weight", QuantType::q8_0, {64, 7})
      .tensor("output.weight", QuantType::q8_0, {64, 7});
  for (const int block : {0, 1, 3}) {
    const std::string name = "blk." + std::to_string(block) + ".ffn_up_exps.weight";
    gguf.tensor(name, QuantType::f16, {64, 32, 4});
  }
  for (const int block : {0, 1, 2, 3}) {
    gguf.tensor("blk." + std::to_string(block) + ".attn_norm.weight", QuantType::f32, {64});
  }
  return gguf;
}

std::string text_of(const std::filesystem::path& path, bool json) {
  std::ostringstream out;
  CHECK(app::inspect(path, json, out) == 0);
  return out.str();
}

std::string text_of(const TinyGguf& gguf, bool json) {
  const TempDir dir;
  gguf.write(dir / "m.gguf");
  return text_of(dir / "m.gguf", json);
}

bool has_line(const std::string& text, const std::string& line) {
  return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

}  // namespace

TEST_CASE("the description shows metadata, grouped tensors, totals and costs in aligned columns") {
  const std::string text = text_of(model(), false);
  CAPTURE(text);
  CHECK(has_line(text, "Metadata: 12 keys"));
  CHECK(has_line(text, "  general.name                          A model"));
  CHECK(has_line(text, "  deepseek2.attention.layer_norm_rms_epsilon  1e-05"));
  CHECK(has_line(text, "  tokenizer.ggml.tokens                 7 x string: 'a', 'b', 'c', 'd', 'e', ..."));
  CHECK(has_line(text, "  flag                                  true"));
  CHECK(text.find("xxx... (5,000 bytes)") != std::string::npos);
  CHECK(has_line(text, "Tensors: 9"));
  CHECK(has_line(text, "  blk.<1>.ffn_up_exps.weight  f16   64 x 32 x 4  3  48.00 KiB"));
  CHECK(has_line(text, "  blk.0-3.attn_norm.weight    f32   64           4   1.00 KiB"));
  CHECK(has_line(text, "  <1> blocks 0-1, 3"));
  CHECK(has_line(text, "  f16         3      24,576  48.00 KiB  96.1 %"));
  CHECK(has_line(text, "  parameters                 25,728"));
  CHECK(has_line(text, "  active per token            6,848"));  // 24,576 / 4 + 448 + 256
  CHECK(has_line(text, "  f16               768 B            3.00 MiB"));
  CHECK(has_line(text, "  q8_0              408 B            1.59 MiB"));
}

TEST_CASE("no line of the description is wider than the terminal of 80 columns") {
  TinyGguf gguf = model();
  gguf.set("general.description", "漢字" + std::string(300, 'w') + "漢字").set("a.b", std::string(90, 'q'));
  for (int block = 0; block < 200; block += 2) {
    gguf.tensor("blk." + std::to_string(block) + ".even.weight", QuantType::f32, {1});
  }
  std::istringstream lines(text_of(gguf, false));
  std::string line;
  std::getline(lines, line);  // the path is never cut
  while (std::getline(lines, line)) {
    CAPTURE(line);
    CHECK(ui::display_width(line) <= 80);
  }
}

TEST_CASE("the JSON form is one object with the same facts") {
  const auto json = nlohmann::json::parse(text_of(model(), true));
  CHECK(json["version"] == 3);
  CHECK(json["parts"] == 1);
  CHECK(json["parameters"] == 25728);
  CHECK(json["active_parameters"] == 6848);
  CHECK(json["context_length"] == 4096);
  CHECK(json["metadata"]["general.name"]["value"] == "A model");
  CHECK(json["metadata"]["flag"]["value"] == true);
  CHECK(json["metadata"]["tokenizer.ggml.tokens"]["count"] == 7);
  CHECK(json["metadata"]["tokenizer.ggml.tokens"]["first"][1] == "b");
  CHECK(json["metadata"]["tokenizer.chat_template"]["value"].get<std::string>().size() == 5000);
  CHECK(json["tensors"].size() == 9);
  CHECK(json["tensors"][2]["name"] == "blk.0.ffn_up_exps.weight");
  CHECK(json["tensors"][2]["shape"] == nlohmann::json({64, 32, 4}));
  CHECK(json["tensors"][2]["bytes"] == 16384);
  CHECK(json["types"][0]["type"] == "f16");
  CHECK(json["types"][0]["bytes"] == 49152);
  CHECK(json["kv"][1]["type"] == "f16");
  CHECK(json["kv"][1]["bytes_per_token"] == 768);
  CHECK(json["kv"][1]["bytes_at_context"] == 768 * 4096);
}

TEST_CASE("text from the file reaches the terminal as visible escapes and JSON as valid UTF-8") {
  TinyGguf gguf = model();
  gguf.set("general.name", "a\x1b]52;c;x\x07\x9b\xff").set("k\x1b[31m", "v");
  const std::string text = text_of(gguf, false);
  CHECK(std::none_of(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\n') || c == 0x7f;
  }));
  CHECK(text.find("\\x1b]52") != std::string::npos);
  const auto json = nlohmann::json::parse(text_of(gguf, true));
  CHECK(json["metadata"]["general.name"]["value"] == "a\x1b]52;c;x\x07\xef\xbf\xbd\xef\xbf\xbd");
}

TEST_CASE("a file without tensors is described and one that is no model file is an error") {
  CHECK(text_of(TinyGguf().set("general.architecture", "x"), false).find("Tensors") == std::string::npos);
  std::ostringstream out;
  CHECK_THROWS_AS(app::inspect(GLIM_SOURCE_DIR "/tests/golden/bad_gguf/hdr_bad_magic.gguf", true, out),
                  Error);
  CHECK(out.str().empty());
}
