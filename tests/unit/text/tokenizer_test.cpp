#include "engine/text/tokenizer.h"

#include <doctest/doctest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "engine/base/text.h"
#include "engine/gguf/gguf_file.h"
#include "engine/text/bpe.h"
#include "engine/text/tokenizer_breakers.h"

using glim::Specials;
using glim::TokenId;
using glim::Tokenizer;
using glim::TokenType;
using glim::VocabData;
using Ids = std::vector<TokenId>;

namespace {

VocabData glm_vocab() {
  return read_vocab(glim::GgufFile(GLIM_SOURCE_DIR "/tests/golden/glm4_synth_vocab.gguf"));
}

nlohmann::json golden() {
  std::ifstream file(GLIM_SOURCE_DIR "/tests/golden/tok_golden.json");
  return nlohmann::json::parse(file);
}

std::string from_hex(const std::string& hex) {
  std::string out;
  for (std::size_t i = 0; i < hex.size(); i += 2)
    out += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  return out;
}

VocabData vocab_of(std::string model, const std::vector<std::pair<std::string, TokenType>>& tokens) {
  VocabData vocab;
  vocab.model = std::move(model);
  vocab.pre = "gpt2";
  for (const auto& [text, type] : tokens) vocab.tokens.push_back(text), vocab.types.push_back(type);
  return vocab;
}

constexpr TokenType kNormal = TokenType::normal;

/// Bytes 0 to 255 as tokens of the same id.
VocabData byte_vocab() {
  VocabData vocab = vocab_of("gpt2", {});
  for (const std::string& text : glim::byte_stand_ins())
    vocab.tokens.push_back(text), vocab.types.push_back(kNormal);
  return vocab;
}

/// The definition, without a queue: join the best pair, leftmost first, until none is left.
Ids slow_bpe(const VocabData& vocab, std::string_view word) {
  std::vector<std::string> parts;
  for (const char c : word) parts.push_back(glim::byte_stand_ins()[static_cast<unsigned char>(c)]);
  while (true) {
    std::size_t best = vocab.merges.size(), where = 0;
    for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
      for (std::size_t rank = 0; rank < best; ++rank) {
        if (vocab.merges[rank] == parts[i] + " " + parts[i + 1]) best = rank, where = i;
      }
    }
    if (best == vocab.merges.size()) break;
    parts[where] += parts[where + 1];
    parts.erase(parts.begin() + static_cast<std::ptrdiff_t>(where) + 1);
  }
  Ids ids;
  for (const std::string& part : parts) {
    const auto at = std::find(vocab.tokens.begin(), vocab.tokens.end(), part);
    if (at != vocab.tokens.end()) {
      ids.push_back(static_cast<TokenId>(at - vocab.tokens.begin()));
    } else {
      for (const char c : glim::bytes_of_stand_ins(part)) ids.push_back(static_cast<unsigned char>(c));
    }
  }
  return ids;
}

}  // namespace

TEST_CASE("the GLM vocabulary encodes the reference texts to the reference ids") {
  const Tokenizer tokenizer(glm_vocab());
  CHECK(tokenizer.warnings().empty());
  CHECK(tokenizer.pre() == "glm4");
  const auto expected = golden();
  REQUIRE(expected["cases"].size() == 294);
  for (const auto& row : expected["cases"]) {
    const auto text = row["text"].get<std::string>();
    INFO(glim::printable(text));
    CHECK(tokenizer.encode(text, Specials::all) == row["parse_special"].get<Ids>());
    CHECK(tokenizer.encode(text, Specials::user_defined) == row["plain"].get<Ids>());
    CHECK(tokenizer.decode(tokenizer.encode(text, Specials::none)) == text);
  }
}

TEST_CASE("the GLM vocabulary has the reference pieces and ends of generation") {
  const Tokenizer tokenizer(glm_vocab());
  const auto expected = golden();
  const auto& pieces = expected["pieces_hex"];
  REQUIRE(pieces.size() == tokenizer.size());
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    INFO("token ", i);
    CHECK(tokenizer.piece(static_cast<TokenId>(i), true) == from_hex(pieces[i].get<std::string>()));
  }
  CHECK(tokenizer.eog() == expected["eog"].get<Ids>());
  CHECK_FALSE(tokenizer.adds_bos());
  CHECK(tokenizer.is_eog(*tokenizer.find("<|user|>")));
  CHECK_FALSE(tokenizer.is_eog(*tokenizer.find("<think>")));
}

TEST_CASE("control tokens show no text and user-defined ones do") {
  const Tokenizer tokenizer(glm_vocab());
  const TokenId user = *tokenizer.find("<|user|>"), think = *tokenizer.find("<think>");
  CHECK(tokenizer.is_control(user));
  CHECK(tokenizer.piece(user) == "");
  CHECK(tokenizer.piece(user, true) == "<|user|>");
  CHECK_FALSE(tokenizer.is_control(think));
  CHECK(tokenizer.piece(think) == "<think>");
  CHECK(tokenizer.decode(Ids{user, think}) == "<think>");
  CHECK(tokenizer.piece(-1, true) == "");
  CHECK(tokenizer.piece(static_cast<TokenId>(tokenizer.size()), true) == "");
}

TEST_CASE("padding tokens and rows beyond the vocabulary are unused") {
  const Tokenizer tokenizer(glm_vocab());
  const TokenId pad = *tokenizer.find("[PAD1792]");
  CHECK(pad == 1792);
  CHECK(tokenizer.is_unused(pad));
  CHECK_FALSE(tokenizer.is_unused(*tokenizer.find("<|video|>")));
  Ids expected;
  for (TokenId id = 1792; id < 1820; ++id) expected.push_back(id);
  CHECK(tokenizer.unused(1820) == expected);
}

TEST_CASE("a padding token that is not marked as unused is known by its name") {
  VocabData vocab = byte_vocab();
  vocab.tokens.push_back("[PAD256]"), vocab.types.push_back(kNormal);
  vocab.tokens.push_back("[PAD256]"), vocab.types.push_back(kNormal);
  const Tokenizer tokenizer(std::move(vocab));
  CHECK(tokenizer.is_unused(256));
  CHECK_FALSE(tokenizer.is_unused(257));
}

TEST_CASE("text of users cannot spell a special token") {
  const Tokenizer tokenizer(glm_vocab());
  for (std::size_t i = 0; i < tokenizer.size(); ++i) {
    const auto id = static_cast<TokenId>(i);
    const std::string text(tokenizer.piece(id, true));
    for (const TokenId part : tokenizer.encode("a" + text + "b" + text, Specials::none)) {
      CHECK((tokenizer.type(part) == kNormal || tokenizer.type(part) == TokenType::byte));
    }
  }
}

TEST_CASE("neither merges nor whole words make a special token out of ordinary text") {
  VocabData vocab = byte_vocab();
  vocab.pre = "llama-bpe";  // looks whole words up first
  vocab.tokens.push_back("/no"), vocab.types.push_back(TokenType::user_defined);
  vocab.tokens.push_back("no"), vocab.types.push_back(kNormal);
  vocab.merges = {"n o", "/ no"};
  const Tokenizer tokenizer(std::move(vocab));
  CHECK(tokenizer.encode("/no", Specials::none) == Ids{'/', 257});
  CHECK(tokenizer.encode("/no", Specials::user_defined) == Ids{256});
}

TEST_CASE("segments keep their own rules about special tokens and no token reaches over a border") {
  const Tokenizer tokenizer(glm_vocab());
  const TokenId user = *tokenizer.find("<|user|>");
  const glim::TextSegment segments[] = {
      {"<|user|>", Specials::all}, {"<|user|>x", Specials::none}, {"", Specials::all}};
  Ids expected = tokenizer.encode("<|user|>x", Specials::none);
  expected.insert(expected.begin(), user);
  CHECK(tokenizer.encode(segments) == expected);
}

TEST_CASE("any bytes survive encoding and decoding") {
  const Tokenizer tokenizer(glm_vocab());
  std::uint32_t state = 1;
  for (int round = 0; round < 300; ++round) {
    std::string bytes;
    for (int i = 0; i < round; ++i) {
      state = state * 1664525u + 1013904223u;
      bytes += static_cast<char>((state >> 24) % (round % 2 == 0 ? 256 : 128));
    }
    CHECK(tokenizer.decode(tokenizer.encode(bytes, Specials::none)) == bytes);
    CHECK(tokenizer.decode(tokenizer.encode(bytes, Specials::user_defined)) == bytes);
  }
}

TEST_CASE("the queue joins the same pairs as the definition") {
  VocabData vocab = byte_vocab();
  // Parts of several merges are no tokens themselves, and "bb a" comes before its own parts.
  vocab.merges = {"a b", "bb a", "b b", "ab a", "a a", "aa aa", "ab ab", "c c", "cc c", "aba bb", "aa b"};
  for (const char* text : {"ab", "aa", "aba", "abab", "bb", "aaaa", "aab"}) {
    vocab.tokens.push_back(text), vocab.types.push_back(kNormal);
  }
  const VocabData copy = vocab;
  const Tokenizer tokenizer(std::move(vocab));
  std::uint32_t state = 3;
  for (int round = 0; round < 3000; ++round) {
    std::string word;
    for (int i = 0; i < 1 + round % 20; ++i) {
      state = state * 1664525u + 1013904223u;
      word += static_cast<char>('a' + (state >> 20) % 3);
    }
    INFO(word);
    CHECK(tokenizer.encode(word, Specials::none) == slow_bpe(copy, word));
  }
}

TEST_CASE("a word of a million letters is encoded without rescanning") {
  const Tokenizer tokenizer(glm_vocab());
  const std::string word(1 << 20, '=');
  CHECK(tokenizer.decode(tokenizer.encode(word, Specials::none)) == word);
}

TEST_CASE("the longest special token claims its text first") {
  VocabData vocab = byte_vocab();
  for (const char* text : {"<a>", "<a><b>", "x<a", ""}) {
    vocab.tokens.push_back(text), vocab.types.push_back(TokenType::control);
  }
  const Tokenizer tokenizer(std::move(vocab));
  CHECK(tokenizer.encode("<a><b><a>", Specials::all) == Ids{257, 256});
  CHECK(tokenizer.encode("x<a>", Specials::all) == Ids{'x', 256});  // both have three bytes: the lower id
  CHECK(tokenizer.encode("x<a><b>", Specials::all) == Ids{'x', 257});
  CHECK(tokenizer.encode("x<ay", Specials::all) == Ids{258, 'y'});
}

TEST_CASE("many texts may be encoded at the same time") {
  const Tokenizer tokenizer(glm_vocab());
  const std::string text = "The function returns 42 \xe6\x88\x91 <think>\n\n x";
  const Ids expected = tokenizer.encode(text, Specials::all);
  std::vector<int> wrong(4, 0);
  std::vector<std::jthread> threads;
  for (int& count : wrong) {
    threads.emplace_back([&] {
      for (int i = 0; i < 200; ++i) count += tokenizer.encode(text, Specials::all) == expected ? 0 : 1;
    });
  }
  threads.clear();
  CHECK(wrong == std::vector<int>(4, 0));
}

TEST_CASE("beginning and end are added when the vocabulary asks for them") {
  VocabData vocab = byte_vocab();
  vocab.tokens.push_back("<s>"), vocab.types.push_back(TokenType::control);
  vocab.bos = vocab.eos = 256;
  vocab.add_bos = vocab.add_eos = true;
  const Tokenizer tokenizer(std::move(vocab));
  CHECK(tokenizer.encode("a", Specials::none) == Ids{'a'});
  CHECK(tokenizer.encode_prompt("a", Specials::none) == Ids{256, 'a', 256});
}

TEST_CASE("a byte without a token becomes the unknown token and is reported") {
  VocabData vocab = vocab_of("gpt2", {{"<unk>", TokenType::unknown}, {"a", kNormal}});
  vocab.unk = 0;
  const Tokenizer tokenizer(std::move(vocab));
  CHECK(tokenizer.encode("ab", Specials::none) == Ids{1, 0});
  REQUIRE(tokenizer.warnings().size() == 1);
  CHECK(tokenizer.warnings()[0].starts_with("255 of 256 bytes have no token"));
}

TEST_CASE("characters outside the stand-ins mean themselves") {
  CHECK(glim::bytes_of_stand_ins("\xc4\xa0x\xe2\x82\xac") == " x\xe2\x82\xac");
  CHECK(glim::bytes_of_stand_ins("\xc4\x8a") == "\n");
  CHECK(glim::bytes_of_stand_ins("\xff") == "\xff");
}

TEST_CASE("a breaker is found in every token that contains it and over token borders") {
  VocabData vocab = byte_vocab();
  vocab.tokens.push_back("x\xc4\x8a"), vocab.types.push_back(kNormal);  // "x\n"
  vocab.tokens.push_back("q:"), vocab.types.push_back(kNormal);
  const Tokenizer tokenizer(std::move(vocab));
  const std::vector<std::string> texts = {"\n", ":)"};
  const std::vector<Ids> expected = {{'\n'}, {256}, {':', ')'}, {257, ')'}};
  CHECK(glim::breaker_sequences(tokenizer, texts) == expected);
}

namespace {

/// Ids: 0 <unk>, 1 <s>, 2 <0x0A>, 3 <0xC3>, 4 <0xA4>, 5 "_", 6 a, 7 b, 8 c, 9 ab, 10 bc, 11 _a, 12 <t>, 13
/// abc
VocabData sentence_pieces() {
  VocabData vocab = vocab_of("llama", {{"<unk>", TokenType::unknown},
                                       {"<s>", TokenType::control},
                                       {"<0x0A>", TokenType::byte},
                                       {"<0xC3>", TokenType::byte},
                                       {"<0xA4>", TokenType::byte},
                                       {"\xe2\x96\x81", kNormal},
                                       {"a", kNormal},
                                       {"b", kNormal},
                                       {"c", kNormal},
                                       {"ab", kNormal},
                                       {"bc", kNormal},
                                       {"\xe2\x96\x81"
                                        "a",
                                        kNormal},
                                       {"<t>", TokenType::user_defined},
                                       {"abc", kNormal}});
  vocab.scores = {0, 0, 0, 0, 0, -1, -2, -3, -4, -2, -1, -5, 0, -9};
  vocab.unk = 0, vocab.bos = 1;
  vocab.add_bos = true;
  return vocab;
}

}  // namespace

TEST_CASE("SentencePiece joins the pair with the highest score first, leftmost among equals") {
  const Tokenizer tokenizer(sentence_pieces());
  CHECK(tokenizer.encode("ab", Specials::none) == Ids{9});
  CHECK(tokenizer.encode("abc", Specials::none) == Ids{13});  // bc (-1) before ab (-2), then a + bc
  CHECK(tokenizer.encode("abcb", Specials::none) == Ids{13, 7});
  CHECK(tokenizer.encode("cbc", Specials::none) == Ids{8, 10});
  CHECK(tokenizer.encode_prompt("ab", Specials::none) == Ids{1, 9});

  VocabData flat = sentence_pieces();
  flat.scores.clear();
  const Tokenizer leftmost(std::move(flat));
  CHECK(leftmost.encode("abc", Specials::none) == Ids{13});  // ab, then ab + c
  CHECK(leftmost.encode("bcb", Specials::none) == Ids{10, 7});
}

TEST_CASE("SentencePiece shows spaces, spells unknown characters in bytes and else is lost for words") {
  const Tokenizer tokenizer(sentence_pieces());
  CHECK(tokenizer.encode(" a b", Specials::none) == Ids{11, 5, 7});
  CHECK(tokenizer.encode("\xc3\xa4\n", Specials::none) == Ids{3, 4, 2});
  CHECK(tokenizer.encode("\xc3", Specials::none) == Ids{3});
  CHECK(tokenizer.encode("z\xc3\xb6", Specials::none) == Ids{0, 0});
  CHECK(tokenizer.encode("<0x0A>", Specials::none) == Ids{0, 0, 0, 0, 0, 0});
  CHECK(tokenizer.decode(Ids{11, 5, 7, 3, 4, 2}) == " a b\xc3\xa4\n");
}

TEST_CASE("SentencePiece puts a space before text that is fresh and takes it away again") {
  VocabData vocab = sentence_pieces();
  vocab.add_space_prefix = true;
  const Tokenizer tokenizer(std::move(vocab));
  CHECK(tokenizer.encode("ab", Specials::none) == Ids{5, 9});  // ab (-2) before _a (-5), and _ab is no token
  CHECK(tokenizer.encode("ac", Specials::none) == Ids{11, 8});
  CHECK(tokenizer.encode("a<t>a", Specials::user_defined) == Ids{11, 12, 11});
  CHECK(tokenizer.encode("", Specials::none).empty());
  CHECK(tokenizer.decode(Ids{11, 8}) == "ac");
  CHECK(tokenizer.decode(Ids{12, 11}) == "<t> a");
  const glim::TextSegment segments[] = {{"a", Specials::none}, {"a", Specials::none}};
  CHECK(tokenizer.encode(segments) == Ids{11, 6});
}
