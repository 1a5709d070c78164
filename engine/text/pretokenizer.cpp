#include "engine/text/pretokenizer.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <algorithm>
#include <array>

#include "engine/base/error.h"
#include "engine/base/utf8.h"

namespace glim {
namespace {

// {s} stands for the whitespace characters below, to be used inside a bracket expression: \s would add
// U+180E.
// {'} stands for the English endings in either case. Not (?i:...): that would let U+017F pass for an s, which
// only gpt-4o's vocabulary does.
constexpr std::string_view kSpaces =
    R"(\x{9}-\x{d}\x{20}\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000})";
constexpr std::string_view kEndings = R"('(?:[sStTmMdD]|[rRvV][eE]|[lL][lL]))";

constexpr std::string_view kDigitsByThree[] = {
    R"({'}|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^{s}\p{L}\p{N}]+[\r\n]*)"
    R"(|[{s}]*[\r\n]+|[{s}]+(?![^{s}])|[{s}]+)"};
constexpr std::string_view kDigitsSingly[] = {
    R"({'}|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^{s}\p{L}\p{N}]+[\r\n]*|[{s}]*[\r\n]+|[{s}]+(?![^{s}])|[{s}]+)"};
constexpr std::string_view kMarksAreLetters[] = {
    R"({'}|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^{s}\p{L}\p{M}\p{N}]+[\r\n]*)"
    R"(|[{s}]*[\r\n]+|[{s}]+(?![^{s}])|[{s}]+)"};
constexpr std::string_view kGpt2Words =
    R"('(?:[stmd]|re|ve|ll)| ?\p{L}+| ?\p{N}+| ?[^{s}\p{L}\p{N}]+|[{s}]+(?![^{s}])|[{s}]+)";
constexpr std::string_view kGpt2[] = {kGpt2Words};
constexpr std::string_view kGpt2DigitsSingly[] = {R"(\p{N})", kGpt2Words};
constexpr std::string_view kGpt4o[] = {
    R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?)"
    R"(|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?)"
    R"(|\p{N}{1,3}| ?[^{s}\p{L}\p{N}]+[\r\n/]*|[{s}]*[\r\n]+|[{s}]+(?![^{s}])|[{s}]+)"};
constexpr std::string_view kTekken[] = {
    R"([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+)"
    R"(|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*)"
    R"(|\p{N}| ?[^{s}\p{L}\p{N}]+[\r\n/]*|[{s}]*[\r\n]+|[{s}]+(?![^{s}])|[{s}]+)"};
constexpr std::string_view kDeepSeekV3[] = {
    R"(\p{N}{1,3})", R"([\x{4e00}-\x{9fa5}\x{3040}-\x{309f}\x{30a0}-\x{30ff}]+)",
    R"([!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+)"
    R"(| ?[\p{P}\p{S}]+[\r\n]*|[{s}]*[\r\n]+|[{s}]+(?![^{s}])|[{s}]+)"};

constexpr std::string_view kGlm4Names[] = {"glm4", "chatglm-bpe", "dbrx", "smaug-bpe"};
constexpr std::string_view kLlama3Names[] = {"llama-bpe", "llama3", "llama-v3"};
constexpr std::string_view kQwen2Names[] = {"qwen2", "deepseek-r1-qwen", "stablelm2"};
constexpr std::string_view kQwen35Names[] = {"qwen35"};
constexpr std::string_view kGpt2Names[] = {"gpt-2", "gpt2", "default", "phi-2", "mpt", "olmo"};
constexpr std::string_view kGpt4oNames[] = {"gpt-4o", "gpt4o", "llama4"};
constexpr std::string_view kTekkenNames[] = {"tekken"};
constexpr std::string_view kDeepSeekV3Names[] = {"deepseek-v3"};
constexpr std::string_view kSmollmNames[] = {"smollm", "starcoder", "refact", "command-r", "codeshell"};

constexpr PretokenizerRule kRules[] = {
    {.names = kGlm4Names, .patterns = kDigitsByThree},
    {.names = kLlama3Names, .patterns = kDigitsByThree, .ignore_merges = true, .add_bos = true},
    {.names = kQwen2Names, .patterns = kDigitsSingly},
    {.names = kQwen35Names, .patterns = kMarksAreLetters},
    {.names = kGpt2Names, .patterns = kGpt2},
    {.names = kGpt4oNames, .patterns = kGpt4o},
    {.names = kTekkenNames, .patterns = kTekken, .ignore_merges = true, .add_bos = true},
    {.names = kDeepSeekV3Names, .patterns = kDeepSeekV3},
    {.names = kSmollmNames, .patterns = kGpt2DigitsSingly},
};

// Enough for a word of millions of characters; what needs more is not text.
constexpr std::uint32_t kMatchLimit = 10'000'000;

std::string replaced(std::string text, std::string_view what, std::string_view with) {
  for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; at += with.size()) {
    text.replace(at, what.size(), with);
  }
  return text;
}

struct Range {
  std::size_t begin, end;
};

/// Text in which every byte that belongs to no character is replaced by U+FFFD, with the way back.
struct Repaired {
  std::string text;
  std::vector<std::size_t> origin;  ///< for each byte of `text`, and its end, the position in the original
};

Repaired repaired(std::string_view original) {
  Repaired out;
  for (std::size_t at = 0; at < original.size();) {
    const Utf8Char c = utf8_next(original.substr(at));
    const std::size_t length = c.valid ? c.length : 1;
    utf8_append(out.text, c.code);
    out.origin.resize(out.text.size(), at);
    at += length;
  }
  out.origin.push_back(original.size());
  return out;
}

}  // namespace

class Pretokenizer::Pattern {
 public:
  explicit Pattern(std::string_view source);
  ~Pattern() {
    pcre2_match_context_free(limits_);
    pcre2_code_free(code_);
  }
  Pattern(const Pattern&) = delete;
  Pattern& operator=(const Pattern&) = delete;

  /// Appends matches and the text between them, relative to `base`.
  void split(std::string_view piece, std::size_t base, std::vector<Range>& out) const;

 private:
  pcre2_code* code_ = nullptr;
  pcre2_match_context* limits_ = nullptr;
};

Pretokenizer::Pattern::Pattern(std::string_view source) {
  const std::string text = replaced(replaced(std::string(source), "{s}", kSpaces), "{'}", kEndings);
  int error = 0;
  PCRE2_SIZE where = 0;
  code_ = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), PCRE2_UTF | PCRE2_UCP, &error,
                        &where, nullptr);
  GLIM_ASSERT(code_ != nullptr);
  // Not every machine has or allows a JIT; pcre2_match then interprets the pattern with the same result.
  pcre2_jit_compile(code_, PCRE2_JIT_COMPLETE);
  limits_ = pcre2_match_context_create(nullptr);
  GLIM_ASSERT(limits_ != nullptr);
  pcre2_set_match_limit(limits_, kMatchLimit);
}

void Pretokenizer::Pattern::split(std::string_view piece, std::size_t base, std::vector<Range>& out) const {
  struct Free {
    void operator()(pcre2_match_data* data) const { pcre2_match_data_free(data); }
  };
  const std::unique_ptr<pcre2_match_data, Free> match(pcre2_match_data_create(1, nullptr));
  GLIM_ASSERT(match != nullptr);
  const PCRE2_SIZE* found = pcre2_get_ovector_pointer(match.get());
  const auto subject = reinterpret_cast<PCRE2_SPTR>(piece.data());
  std::size_t at = 0;
  while (at < piece.size()) {
    // The text is known to be valid; checking it again for every word would take quadratic time.
    const int groups = pcre2_match(code_, subject, piece.size(), at, PCRE2_NO_UTF_CHECK | PCRE2_NOTEMPTY,
                                   match.get(), limits_);
    if (groups < 0) break;
    if (found[0] > at) out.push_back({base + at, base + found[0]});
    out.push_back({base + found[0], base + found[1]});
    at = found[1];
  }
  if (at < piece.size()) out.push_back({base + at, base + piece.size()});
}

Pretokenizer::Pretokenizer(const PretokenizerRule& rule) {
  for (std::string_view pattern : rule.patterns)
    patterns_.push_back(std::make_unique<const Pattern>(pattern));
}

Pretokenizer::~Pretokenizer() = default;

std::vector<std::string_view> Pretokenizer::split(std::string_view text) const {
  if (text.empty()) return {};
  Repaired repair;
  std::string_view subject = text;
  if (!is_utf8(text)) {
    repair = repaired(text);
    subject = repair.text;
  }
  std::vector<Range> pieces = {{0, subject.size()}}, next;
  for (const auto& pattern : patterns_) {
    next.clear();
    for (const Range& piece : pieces) {
      pattern->split(subject.substr(piece.begin, piece.end - piece.begin), piece.begin, next);
    }
    pieces.swap(next);
  }
  std::vector<std::string_view> words;
  words.reserve(pieces.size());
  for (Range piece : pieces) {
    if (!repair.origin.empty()) piece = {repair.origin[piece.begin], repair.origin[piece.end]};
    words.push_back(text.substr(piece.begin, piece.end - piece.begin));
  }
  return words;
}

const PretokenizerRule* find_pretokenizer(std::string_view name) {
  for (const PretokenizerRule& rule : kRules) {
    if (std::find(rule.names.begin(), rule.names.end(), name) != rule.names.end()) return &rule;
  }
  return nullptr;
}

std::vector<std::string_view> pretokenizer_names() {
  std::vector<std::string_view> names;
  for (const PretokenizerRule& rule : kRules) names.insert(names.end(), rule.names.begin(), rule.names.end());
  return names;
}

}  // namespace glim
