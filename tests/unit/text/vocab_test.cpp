#include "engine/text/vocab.h"

#include <doctest/doctest.h>

#include "engine/base/error.h"
#include "engine/gguf/gguf_file.h"
#include "tests/support/temp_dir.h"
#include "tests/support/tiny_gguf.h"

using glim::TinyGguf;
using glim::VocabData;
using Texts = std::vector<std::string>;
using Codes = std::vector<std::int32_t>;

namespace {

/// A file with the four tokens a, b, ab, <s>.
TinyGguf small() {
  TinyGguf file;
  file.set("general.architecture", std::string("llama"));
  file.set("tokenizer.ggml.model", std::string("gpt2"));
  file.set("tokenizer.ggml.pre", std::string("glm4"));
  file.set("tokenizer.ggml.tokens", Texts{"a", "b", "ab", "<s>"});
  file.set("tokenizer.ggml.token_type", Codes{1, 1, 1, 3});
  file.set("tokenizer.ggml.merges", Texts{"a b"});
  file.set("tokenizer.ggml.bos_token_id", 3u);
  return file;
}

VocabData read(const TinyGguf& file) {
  const glim::TempDir dir;
  file.write(dir / "v.gguf");
  return read_vocab(glim::GgufFile(dir / "v.gguf"));
}

/// The sentence of the E106 that reading gives, or empty.
std::string refusal(const TinyGguf& file) {
  try {
    read(file);
  } catch (const glim::Error& error) {
    CHECK(error.code() == glim::ErrorCode::E106);
    return error.what();
  }
  return {};
}

bool mentions(const std::string& text, const char* part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a vocabulary is read as it stands") {
  const VocabData vocab = read(small());
  CHECK(vocab.tokens == Texts{"a", "b", "ab", "<s>"});
  CHECK(vocab.types[3] == glim::TokenType::control);
  CHECK(vocab.merges == Texts{"a b"});
  CHECK(vocab.bos == 3);
  CHECK_FALSE(vocab.eos);
  CHECK_FALSE(vocab.add_bos);
  CHECK(vocab.warnings.empty());
}

TEST_CASE("a vocabulary that cannot be used is refused with its key") {
  CHECK(mentions(refusal(small().remove("tokenizer.ggml.tokens")), "tokenizer.ggml.tokens is missing"));
  CHECK(mentions(refusal(small().set("tokenizer.ggml.tokens", Texts{})), "tokenizer.ggml.tokens is empty"));
  CHECK(mentions(refusal(small().remove("tokenizer.ggml.model")), "tokenizer.ggml.model is missing"));
  CHECK(mentions(refusal(small().set("tokenizer.ggml.model", std::string("sentencepiece9"))),
                 "sentencepiece9"));
  CHECK(mentions(refusal(small().set("tokenizer.ggml.pre", std::string("glm99"))),
                 "\"glm99\"; known are glm4"));
  CHECK(mentions(refusal(small().set("tokenizer.ggml.token_type", Codes{1})), "1 entries for 4 tokens"));
  CHECK(mentions(refusal(small().set("tokenizer.ggml.scores", std::vector<float>{1})),
                 "1 entries for 4 tokens"));
}

TEST_CASE("a merge needs two parts with a space between") {
  for (const char* merge : {"", " ", "ab", "a ", " b", "  "}) {
    INFO("'", merge, "'");
    CHECK(mentions(refusal(small().set("tokenizer.ggml.merges", Texts{"a b", merge})), "entry 1"));
  }
  CHECK(refusal(small().set("tokenizer.ggml.merges", Texts{"  b"})).empty());
}

TEST_CASE("oddities are repaired and reported") {
  const VocabData vocab = read(small()
                                   .set("tokenizer.ggml.tokens", Texts{"a", "", "a", "a"})
                                   .set("tokenizer.ggml.token_type", Codes{1, 3, 99, -1})
                                   .set("tokenizer.ggml.bos_token_id", 4u)
                                   .set("tokenizer.ggml.eos_token_ids", Codes{2, -1, 1000000})
                                   .set("tokenizer.ggml.add_bos_token", true));
  CHECK_FALSE(vocab.bos);
  CHECK(vocab.eos_ids == std::vector<glim::TokenId>{2});
  CHECK(vocab.tokens[1] == "[EMPTY_1]");
  CHECK(vocab.types[1] == glim::TokenType::unused);
  CHECK(vocab.types[2] == glim::TokenType::normal);
  REQUIRE(vocab.warnings.size() == 7);
  CHECK(mentions(vocab.warnings[0], "2 tokens of an unknown type"));
  CHECK(mentions(vocab.warnings[1], "bos_token_id: there is no token 4"));
  CHECK(mentions(vocab.warnings[2], "no token -1"));
  CHECK(mentions(vocab.warnings[3], "no token 1000000"));
  CHECK(mentions(vocab.warnings[4], "1 tokens have no text"));
  CHECK(mentions(vocab.warnings[5], "2 tokens repeat"));
  CHECK(mentions(vocab.warnings[6], "start with a token"));
}

TEST_CASE("a missing pre-tokenizer is that of GLM for GLM's files and GPT-2's for others") {
  TinyGguf file = small();
  file.remove("tokenizer.ggml.pre");
  const VocabData plain = read(file);
  CHECK(plain.pre == "default");
  REQUIRE(plain.warnings.size() == 1);
  CHECK(mentions(plain.warnings[0], "tokenizer.ggml.pre is missing"));
  CHECK(read(file.set("general.architecture", std::string("glm4moelite"))).pre == "glm4");
  file.set("general.architecture", std::string("deepseek2"));
  CHECK(read(file).pre == "default");
  CHECK(read(file.set("tokenizer.ggml.tokens", Texts{"a", "b", "[gMASK]", "<sop>"})).pre == "glm4");
}

TEST_CASE("a SentencePiece vocabulary starts with its beginning and a space unless it says otherwise") {
  TinyGguf file = small();
  file.set("tokenizer.ggml.model", std::string("llama"));
  file.set("tokenizer.ggml.scores", std::vector<float>{1, 2, std::numeric_limits<float>::quiet_NaN(), 0});
  const VocabData vocab = read(file);
  CHECK(vocab.add_bos);
  CHECK(vocab.add_space_prefix);
  CHECK(vocab.scores == std::vector<float>{1, 2, 0, 0});
  CHECK(vocab.warnings.size() == 1);
  file.set("tokenizer.ggml.add_bos_token", false).set("tokenizer.ggml.add_space_prefix", false);
  CHECK_FALSE(read(file).add_bos);
  CHECK_FALSE(read(file).add_space_prefix);
  CHECK(read(file.remove("tokenizer.ggml.scores")).scores.empty());
}
