#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace glim {

/// How one family of byte-level BPE vocabularies cuts text into words before merging.
struct PretokenizerRule {
  std::span<const std::string_view> names;  ///< spellings in `tokenizer.ggml.pre`; the first is the main one
  std::span<const std::string_view>
      patterns;                ///< applied in turn, each to the pieces that the one before left
  bool ignore_merges = false;  ///< a word that is a token is taken whole, whatever the merges say
  bool add_bos = false;        ///< when the file does not say
};

/// The rule of that name, or null.
const PretokenizerRule* find_pretokenizer(std::string_view name);

/// Every known name, for messages.
std::vector<std::string_view> pretokenizer_names();

/// Cuts text into words. Concatenated, the words are the text, byte for byte, also when it is no valid UTF-8:
/// bytes that belong to no character count as symbols (neither letter, digit nor space). Text of any length
/// takes time linear in it; where matching would exceed its limits the rest becomes one word. Immutable;
/// split() may be called from any thread.
class Pretokenizer {
 public:
  explicit Pretokenizer(const PretokenizerRule& rule);
  ~Pretokenizer();
  Pretokenizer(const Pretokenizer&) = delete;
  Pretokenizer& operator=(const Pretokenizer&) = delete;

  /// The words are views into `text`, none of them empty.
  std::vector<std::string_view> split(std::string_view text) const;

 private:
  class Pattern;
  std::vector<std::unique_ptr<const Pattern>> patterns_;
};

}  // namespace glim
