#pragma once

#include <optional>
#include <string_view>
#include <unordered_map>

#include "engine/base/token.h"
#include "engine/text/vocab.h"

namespace glim {

/// From the text of a token, as the vocabulary spells it, to its lowest id. Views into the vocabulary's
/// strings.
class TokenIndex {
 public:
  explicit TokenIndex(const VocabData& vocab);
  std::optional<TokenId> find(std::string_view text) const {
    const auto found = ids_.find(text);
    return found == ids_.end() ? std::nullopt : std::optional(found->second);
  }

 private:
  std::unordered_map<std::string_view, TokenId> ids_;
};

/// Whether ordinary text may become this token. Tokens with a meaning of their own (role marks, tags) may
/// only be asked for by name, so that text cannot forge them.
inline bool is_ordinary(TokenType type) {
  return type == TokenType::normal || type == TokenType::byte || type == TokenType::undefined;
}

/// Turns text without special tokens into ids. Immutable, callable from any thread.
class PlainEncoder {
 public:
  virtual ~PlainEncoder() = default;
  PlainEncoder() = default;
  PlainEncoder(const PlainEncoder&) = delete;
  PlainEncoder& operator=(const PlainEncoder&) = delete;

  /// Appends to `out`. `fresh` says that the text stands at the start or follows a special token.
  virtual void encode(std::string_view text, bool fresh, std::vector<TokenId>& out) const = 0;
};

}  // namespace glim
