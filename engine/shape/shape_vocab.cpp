#include "engine/shape/shape_vocab.h"

#include <array>
#include <string_view>

#include "engine/base/error.h"
#include "engine/base/utf8.h"

namespace glim {
namespace {

constexpr std::int32_t kNormal = 1, kControl = 3, kUserDefined = 4, kUnused = 5;
constexpr std::int64_t kUnusedRows = 24;

struct Special {
  std::string_view text;
  std::int32_t type;
};

/// In the order of GLM-4.7-Flash's vocabulary.
constexpr std::array kSpecials = {
    Special{"<|endoftext|>", kControl},
    Special{"[MASK]", kControl},
    Special{"[gMASK]", kControl},
    Special{"[sMASK]", kControl},
    Special{"<sop>", kControl},
    Special{"<eop>", kControl},
    Special{"<|system|>", kControl},
    Special{"<|user|>", kControl},
    Special{"<|assistant|>", kControl},
    Special{"<|observation|>", kControl},
    Special{"<|begin_of_image|>", kControl},
    Special{"<|end_of_image|>", kControl},
    Special{"<|begin_of_video|>", kControl},
    Special{"<|end_of_video|>", kControl},
    Special{"<|begin_of_audio|>", kControl},
    Special{"<|end_of_audio|>", kControl},
    Special{"<|begin_of_transcription|>", kControl},
    Special{"<|end_of_transcription|>", kControl},
    Special{"<|code_prefix|>", kControl},
    Special{"<|code_middle|>", kControl},
    Special{"<|code_suffix|>", kControl},
    Special{"<think>", kUserDefined},
    Special{"</think>", kUserDefined},
    Special{"<tool_call>", kUserDefined},
    Special{"</tool_call>", kUserDefined},
    Special{"<tool_response>", kUserDefined},
    Special{"</tool_response>", kUserDefined},
    Special{"<arg_key>", kUserDefined},
    Special{"</arg_key>", kUserDefined},
    Special{"<arg_value>", kUserDefined},
    Special{"</arg_value>", kUserDefined},
    Special{"/nothink", kUserDefined},
    Special{"<|begin_of_box|>", kControl},
    Special{"<|end_of_box|>", kControl},
    Special{"<|image|>", kControl},
    Special{"<|video|>", kControl},
};
static_assert(256 + kSpecials.size() + kUnusedRows <= kLeastVocabulary);

constexpr std::string_view kTemplate =
    "[gMASK]<sop>{% for message in messages %}<|{{ message.role }}|>"
    "{% if message.role == 'assistant' %}</think>{% endif %}{{ message.content }}{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>"
    "{% if enable_thinking is defined and not enable_thinking %}</think>{% else %}<think>{% endif %}{% endif "
    "%}";

/// Ordinary tokens in the making, each with the pairs of earlier tokens that it is joined from.
class WordList {
 public:
  explicit WordList(std::size_t limit) : limit_(limit) {}

  void fill() {
    add_bytes();
    const std::vector<std::string> syllables = make_syllables();
    for (const std::string& a : syllables) add(a, {{a.substr(0, 1), a.substr(1)}});
    for (const std::string& a : syllables) add(kSpace + a, {{kSpace, a}});
    for (const std::string& a : syllables)
      for (const std::string& b : syllables) {
        add(a + b, {{a, b}});
        add(kSpace + a + b, {{kSpace + a, b}, {kSpace, a + b}});
      }
    for (const std::string& a : syllables)
      for (const std::string& b : syllables)
        for (const std::string& c : syllables) {
          if (full()) return;
          add(a + b + c, {{a + b, c}, {a, b + c}});
          add(kSpace + a + b + c, {{kSpace + a + b, c}, {kSpace + a, b + c}, {kSpace, a + b + c}});
        }
    GLIM_ASSERT(full());
  }

  std::vector<std::string> tokens, merges;

 private:
  using Pairs = std::vector<std::pair<std::string, std::string>>;

  bool full() const { return tokens.size() == limit_; }

  void add(const std::string& token, const Pairs& pairs) {
    if (full()) return;
    tokens.push_back(token);
    for (const auto& [left, right] : pairs) merges.push_back(left + " " + right);
  }

  /// Bytes stand in the file as printable characters: themselves, or from U+0100 on in rising order.
  void add_bytes() {
    char32_t next = 0x100;
    std::vector<std::string> others;
    for (char32_t byte = 0; byte < 256; ++byte) {
      const bool plain =
          (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || (byte >= 174 && byte <= 255);
      std::string text;
      utf8_append(text, plain ? byte : next++);
      (plain ? tokens : others).push_back(text);
    }
    tokens.insert(tokens.end(), others.begin(), others.end());
  }

  static std::vector<std::string> make_syllables() {
    std::vector<std::string> out;
    for (const char consonant : std::string_view("bcdfghjklmnpqrstvwxz"))
      for (const char vowel : std::string_view("aeiou")) out.push_back({consonant, vowel});
    return out;
  }

  const std::string kSpace = "\u0120";
  std::size_t limit_;
};

}  // namespace

std::vector<std::pair<std::string, GgufOut>> shape_vocabulary(std::int64_t size) {
  GLIM_ASSERT(size >= kLeastVocabulary);
  const auto first_special = size - kUnusedRows - static_cast<std::int64_t>(kSpecials.size());
  WordList words(static_cast<std::size_t>(first_special));
  words.fill();
  std::vector<std::int32_t> types(words.tokens.size(), kNormal);
  std::vector<std::pair<std::string, GgufOut>> out;
  const auto id = [&](const char* key, std::string_view text) {
    for (std::size_t i = 0; i < kSpecials.size(); ++i)
      if (kSpecials[i].text == text)
        out.emplace_back(std::string("tokenizer.ggml.") + key,
                         static_cast<std::uint32_t>(first_special) + static_cast<std::uint32_t>(i));
  };
  for (const Special& special : kSpecials) {
    words.tokens.emplace_back(special.text);
    types.push_back(special.type);
  }
  while (words.tokens.size() < static_cast<std::size_t>(size)) {
    words.tokens.push_back("[PAD" + std::to_string(words.tokens.size()) + "]");
    types.push_back(kUnused);
  }
  out.emplace_back("tokenizer.ggml.model", std::string("gpt2"));
  out.emplace_back("tokenizer.ggml.pre", std::string("glm4"));
  out.emplace_back("tokenizer.ggml.tokens", std::move(words.tokens));
  out.emplace_back("tokenizer.ggml.token_type", std::move(types));
  out.emplace_back("tokenizer.ggml.merges", std::move(words.merges));
  id("eos_token_id", "<|endoftext|>");
  id("padding_token_id", "<|endoftext|>");
  id("unknown_token_id", "<|endoftext|>");
  id("bos_token_id", "[gMASK]");
  id("eot_token_id", "<|user|>");
  id("eom_token_id", "<|observation|>");
  out.emplace_back("tokenizer.chat_template", std::string(kTemplate));
  return out;
}

}  // namespace glim
