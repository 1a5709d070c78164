#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/token.h"
#include "engine/text/tokenizer_index.h"
#include "engine/text/tokenizer_specials.h"
#include "engine/text/vocab.h"

namespace glim {

/// Which special tokens a text may name.
enum class Specials {
  none,          ///< none: everything is ordinary text. For what users, files and tools wrote.
  user_defined,  ///< tags such as <think>, but no control tokens. What other engines call plain.
  all,           ///< all of them. For the literal parts of chat templates.
};

/// A stretch of a prompt with one origin.
struct TextSegment {
  std::string_view text;
  Specials specials;
};

/// Text to token ids and back, for byte-level BPE ("gpt2") and SentencePiece ("llama") vocabularies.
/// With Specials::none no text becomes a control, user-defined or unknown token, except the unknown token for
/// characters that the vocabulary cannot spell.
/// For byte-level vocabularies that have all bytes, decode(encode(x)) == x for any bytes x.
/// Immutable after construction: all members may be called from any thread. Never moves, because parts refer
/// to each other.
class Tokenizer {
 public:
  explicit Tokenizer(VocabData vocab);
  ~Tokenizer();
  Tokenizer(const Tokenizer&) = delete;
  Tokenizer& operator=(const Tokenizer&) = delete;

  std::vector<TokenId> encode(std::string_view text, Specials specials) const;
  /// Ids of texts that follow each other; no token reaches over a border.
  std::vector<TokenId> encode(std::span<const TextSegment> segments) const;
  /// encode(), with the tokens around it that the vocabulary asks for (add_bos, add_eos).
  std::vector<TokenId> encode_prompt(std::string_view text, Specials specials) const;

  /// The bytes of one token, which need not be whole characters. Control and unknown tokens have bytes only
  /// when asked for, unused tokens and ids outside the vocabulary never. The view lives as long as the
  /// tokenizer.
  std::string_view piece(TokenId id, bool show_control = false) const;
  /// All pieces together, without the space that add_space_prefix put in front.
  std::string decode(std::span<const TokenId> ids, bool show_control = false) const;

  /// The token that the vocabulary spells like this: "<|user|>", but ordinary tokens in stand-in characters.
  std::optional<TokenId> find(std::string_view text) const { return index_.find(text); }

  std::size_t size() const { return vocab_.tokens.size(); }
  std::string_view model() const { return vocab_.model; }
  std::string_view pre() const { return vocab_.pre; }
  TokenType type(TokenId id) const;                         ///< unused for ids outside the vocabulary
  bool is_control(TokenId id) const;                        ///< control or unknown
  bool is_eog(TokenId id) const;                            ///< ends a reply
  bool is_unused(TokenId id) const;                         ///< padding of the table, never to be sampled
  const std::vector<TokenId>& eog() const { return eog_; }  ///< ascending
  /// Ids below `rows` that must never be sampled: unused ones and rows of the output matrix without a token.
  std::vector<TokenId> unused(std::size_t rows) const;

  std::optional<TokenId> bos() const { return vocab_.bos; }
  std::optional<TokenId> eos() const { return vocab_.eos; }
  bool adds_bos() const { return vocab_.add_bos && vocab_.bos; }
  bool adds_eos() const { return vocab_.add_eos && vocab_.eos; }

  /// What was odd about the vocabulary, one sentence each.
  const std::vector<std::string>& warnings() const { return vocab_.warnings; }

 private:
  bool contains(TokenId id) const { return id >= 0 && static_cast<std::size_t>(id) < size(); }
  void store_pieces();
  void collect_eog();
  void append(const TextSegment& segment, bool& fresh, std::vector<TokenId>& out) const;

  VocabData vocab_;
  TokenIndex index_;
  std::unique_ptr<const PlainEncoder> encoder_;
  SpecialFinder all_specials_, user_defined_;
  std::string bytes_;                 ///< of all tokens, one after the other
  std::vector<std::size_t> offsets_;  ///< into bytes_, one more than tokens
  std::vector<TokenId> eog_;
};

}  // namespace glim
