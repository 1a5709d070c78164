#pragma once

#include <array>
#include <string>

#include "engine/text/bpe_join.h"
#include "engine/text/pretokenizer.h"
#include "engine/text/tokenizer_index.h"

namespace glim {

/// The printable character that stands for each byte in byte-level BPE vocabularies: bytes 33-126, 161-172
/// and 174-255 stand for themselves, the other 68 become U+0100 and up in ascending order. Source: Radford et
/// al. 2019 (GPT-2), released encoder.
const std::array<std::string, 256>& byte_stand_ins();

/// The bytes that a token text in stand-in characters means; a character that is no stand-in means its own
/// UTF-8.
std::string bytes_of_stand_ins(std::string_view text);

/// Position of the space between the two parts of a merge, or npos when it has no two parts.
/// The first character may itself be a space.
std::size_t merge_split(std::string_view merge);

/// (left symbol, right symbol) -> (rank, joined symbol), in one flat table.
class MergeTable {
 public:
  struct Merge {
    std::uint32_t rank, joined;
  };
  explicit MergeTable(std::size_t merges);
  void add(std::uint32_t left, std::uint32_t right, Merge merge);  ///< keeps the merge that was there first
  const Merge* find(std::uint32_t left, std::uint32_t right) const;

 private:
  struct Slot {
    std::uint64_t key;
    Merge merge;
  };
  std::size_t start(std::uint64_t key) const;
  std::vector<Slot> slots_;  ///< a power of two of them, at most two thirds in use
};

/// Byte-level BPE: words by the pre-tokenizer's rule, joined by the vocabulary's merges; what ends up as no
/// token becomes the tokens of its bytes, and a byte without a token the unknown token or nothing.
class BpeEncoder final : public PlainEncoder {
 public:
  /// Keeps references to both arguments. `vocab.merges` is needed during construction only.
  BpeEncoder(const VocabData& vocab, const TokenIndex& index);
  void encode(std::string_view text, bool fresh, std::vector<TokenId>& out) const override;
  int missing_bytes() const { return missing_bytes_; }  ///< bytes that have no token

 private:
  void add_merges(const VocabData& vocab);
  bool is_token(std::uint32_t symbol) const { return symbol < ordinary_.size() && ordinary_[symbol]; }
  std::optional<TokenId> whole_word(std::string_view word, std::string& scratch) const;
  void encode_word(std::string_view word, PairJoiner& joiner, std::vector<TokenId>& out) const;
  void append_bytes(std::string_view bytes, std::vector<TokenId>& out) const;

  const TokenIndex& index_;
  Pretokenizer pretokenizer_;
  bool ignore_merges_;
  std::optional<TokenId> unknown_;
  std::vector<bool> ordinary_;  ///< by token
  /// Symbols are token ids, followed by texts that merges pass through without being tokens.
  std::array<std::uint32_t, 256> byte_symbols_{};
  int missing_bytes_ = 0;
  MergeTable merges_;
};

}  // namespace glim
