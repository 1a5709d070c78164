#pragma once

#include <array>
#include <string>

#include "engine/text/bpe_join.h"
#include "engine/text/tokenizer_index.h"

namespace glim {

/// Bytes of a SentencePiece token text: U+2581 means a space.
std::string bytes_of_sentence_piece(std::string_view text);

/// The byte that a byte token such as <0x0A> stands for.
std::optional<unsigned char> byte_of_token(std::string_view text);

/// SentencePiece BPE: characters are joined while the joined text is a token, the highest score first; a
/// character that is no token becomes its byte tokens, or the unknown token. No words are cut beforehand.
/// Source: Kudo, Richardson 2018.
class SpmEncoder final : public PlainEncoder {
 public:
  /// Keeps references to both arguments.
  SpmEncoder(const VocabData& vocab, const TokenIndex& index);
  void encode(std::string_view text, bool fresh, std::vector<TokenId>& out) const override;

 private:
  std::optional<TokenId> ordinary(std::string_view text) const;
  void append_unknown(std::string_view bytes, std::vector<TokenId>& out) const;

  const VocabData& vocab_;
  const TokenIndex& index_;
  std::array<std::optional<TokenId>, 256> byte_tokens_;
  std::size_t longest_ = 0;  ///< bytes of the longest token text
};

}  // namespace glim
