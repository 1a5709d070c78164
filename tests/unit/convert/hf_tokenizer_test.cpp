#include "engine/convert/hf_tokenizer.h"

#include <string>
#include <vector>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "tests/support/hf_model.h"
#include "tests/support/temp_dir.h"

using namespace glim;

namespace {

using Json = nlohmann::ordered_json;

/// A small vocabulary in the shape of GLM's.
Json small() {
  Json json = Json::parse(R"({
    "added_tokens": [
      {"id": 5, "content": "<|endoftext|>", "special": true}, {"id": 6, "content": "[gMASK]", "special": true},
      {"id": 7, "content": "<sop>", "special": true}, {"id": 8, "content": "<|user|>", "special": false},
      {"id": 9, "content": "<|observation|>", "special": true}, {"id": 10, "content": "<think>", "special": false}],
    "normalizer": null,
    "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
      {"type": "Split", "pattern": {"Regex": ""}, "behavior": "Isolated", "invert": false},
      {"type": "ByteLevel", "add_prefix_space": false, "use_regex": false}]},
    "model": {"type": "BPE", "byte_fallback": false, "ignore_merges": false,
      "vocab": {"a": 0, "b": 1, "c": 2, "ab": 3, "abc": 4}, "merges": ["a b", ["ab", "c"]]}})");
  json["pre_tokenizer"]["pretokenizers"][0]["pattern"]["Regex"] =
      "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\r\n]*|"
      "\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
  return json;
}

HfConfig config_of(std::int64_t vocabulary = 12) {
  HfConfig config;
  config.vocabulary = vocabulary;
  config.eos = {5, 8, 9};
  return config;
}

struct Folder {
  Folder(const Json& tokenizer = small()) { write("tokenizer.json", tokenizer); }
  void write(const std::string& name, const Json& json) { write_text_file(dir / name, json.dump()); }
  HfTokenizer read(const HfConfig& config = config_of()) const {
    return read_hf_tokenizer(dir.path(), config);
  }
  std::string code() const {
    try {
      read();
    } catch (const Error& error) {
      CAPTURE(error.what());
      CHECK(std::string(error.what()).find(dir.path().string()) == 0);
      return error_name(error.code());
    }
    return "read";
  }
  TempDir dir;
};

Json changed(const std::string& pointer, const Json& value) {
  Json json = small();
  json[Json::json_pointer(pointer)] = value;
  return json;
}

}  // namespace

TEST_CASE("a vocabulary in GLM's shape becomes tokens, types, merges and the ids of GLM's files") {
  const HfTokenizer read = Folder().read();
  CHECK(read.pre == "glm4");
  CHECK(read.tokens == std::vector<std::string>{"a", "b", "c", "ab", "abc", "<|endoftext|>", "[gMASK]",
                                                "<sop>", "<|user|>", "<|observation|>", "<think>",
                                                "[PAD11]"});
  CHECK(read.types == std::vector<std::int32_t>{1, 1, 1, 1, 1, 3, 3, 3, 3, 3, 4, 5});
  CHECK(read.merges == std::vector<std::string>{"a b", "ab c"});
  CHECK(read.eos == 5);
  CHECK(read.bos == 6);
  CHECK(read.eot == 8);
  CHECK(read.eom == 9);
  CHECK(read.pad == 5);
  CHECK(read.unknown == 5);
  CHECK(read.further_eos.empty());
}

TEST_CASE("other vocabularies get their ids from the settings beside them") {
  Json json = small();
  json["added_tokens"] = Json::array({{{"id", 5}, {"content", "</s>"}, {"special", true}}});
  Folder folder(json);
  folder.write("tokenizer_config.json", {{"bos_token", {{"content", "a"}}},
                                         {"eos_token", "</s>"},
                                         {"pad_token", nullptr},
                                         {"unk_token", "not there"}});
  folder.write("generation_config.json", {{"eos_token_id", {5, 1}}});
  const HfTokenizer read = folder.read();
  CHECK(read.bos == 0);
  CHECK(read.eos == 5);
  CHECK_FALSE(read.pad);
  CHECK_FALSE(read.unknown);
  CHECK_FALSE(read.eot);
  CHECK(read.further_eos == std::vector<std::int32_t>{1});
}

TEST_CASE("the same pattern with words looked up as a whole is Llama's rule") {
  CHECK(Folder(changed("/model/ignore_merges", true)).read().pre == "llama-bpe");
  Json digits = small();
  Json& pattern = digits["pre_tokenizer"]["pretokenizers"][0]["pattern"]["Regex"];
  std::string text = pattern.get<std::string>();
  text.replace(text.find("{1,3}"), 5, "");
  pattern = text;
  CHECK(Folder(digits).read().pre == "qwen2");
  CHECK(Folder(changed("/pre_tokenizer", {{"type", "ByteLevel"}, {"use_regex", true}})).read().pre ==
        "gpt-2");
}

TEST_CASE("the chat template comes from its own file before the settings") {
  Folder folder;
  CHECK(folder.read().chat_template.empty());
  folder.write("tokenizer_config.json", {{"chat_template", "one"}});
  CHECK(folder.read().chat_template == "one");
  const Json named = {{{"name", "tool_use"}, {"template", "x"}}, {{"name", "default"}, {"template", "two"}}};
  folder.write("tokenizer_config.json", {{"chat_template", named}});
  CHECK(folder.read().chat_template == "two");
  folder.write("tokenizer_config.json", {{"chat_template", Json::array({1})}});
  CHECK(folder.code() == "E120");
  write_text_file(folder.dir / "chat_template.jinja", "three");
  CHECK(folder.read().chat_template == "three");
  write_text_file(folder.dir / "chat_template.jinja", std::string((1 << 20) + 1, 'x'));
  CHECK(folder.code() == "E120");
}

TEST_CASE("vocabularies that cannot be served are refused with a sentence") {
  CHECK(Folder(changed("/model/type", "Unigram")).code() == "E106");
  CHECK(Folder(changed("/model/byte_fallback", true)).code() == "E106");
  CHECK(Folder(changed("/pre_tokenizer/pretokenizers/0/pattern/Regex", "x+")).code() == "E106");
  CHECK(Folder(changed("/model/vocab", Json::array())).code() == "E106");
  CHECK(Folder(changed("/model/vocab/d", 12)).code() == "E106");
  CHECK(Folder(changed("/model/vocab/d", -1)).code() == "E106");
  CHECK(Folder(changed("/model/vocab/d", "1")).code() == "E106");
  CHECK(Folder(changed("/model/vocab/d", 18446744073709551615u)).code() == "E106");
  CHECK(Folder(changed("/model/vocab/d", 4)).code() == "E106");  // taken
  CHECK(Folder(changed("/model/merges/0", "ab")).code() == "E106");
  CHECK(Folder(changed("/model/merges/0", " b")).code() == "E106");
  CHECK(Folder(changed("/model/merges/0", "a ")).code() == "E106");
  CHECK(Folder(changed("/model/merges/0", "a b c")).code() == "E106");
  CHECK(Folder(changed("/model/merges/1", {"a", 2})).code() == "E106");
  CHECK(Folder(changed("/model/merges/1", {"a"})).code() == "E106");
  CHECK(Folder(changed("/model/merges", 3)).code() == "E106");
  CHECK(Folder(changed("/added_tokens/0", {{"id", 3}})).code() == "E106");
  CHECK(Folder(changed("/added_tokens", 3)).code() == "E120");
  CHECK(Folder(changed("/added_tokens/0", 3)).code() == "E120");
  CHECK(Folder(changed("/model", nullptr)).code() == "E112");
  CHECK(Folder(Json::array()).code() == "E120");
}

TEST_CASE("recommended sampling is read and bounded") {
  Folder folder;
  CHECK_FALSE(read_hf_sampling(folder.dir.path()).temperature);
  folder.write("generation_config.json", {{"temperature", 0.7}, {"top_p", 0.95}, {"top_k", 20}});
  const HfSampling sampling = read_hf_sampling(folder.dir.path());
  CHECK(sampling.temperature == 0.7);
  CHECK(sampling.top_p == 0.95);
  CHECK(sampling.top_k == 20);
  folder.write("generation_config.json", {{"temperature", 0.7}, {"do_sample", false}});
  CHECK(read_hf_sampling(folder.dir.path()).temperature == 0.0);
  folder.write("generation_config.json", {{"top_p", 2}});
  CHECK_THROWS_AS(read_hf_sampling(folder.dir.path()), Error);
}
