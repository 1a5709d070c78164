#include "engine/text/tokenizer_breakers.h"

namespace glim {

std::vector<std::vector<TokenId>> breaker_sequences(const Tokenizer& tokenizer,
                                                    std::span<const std::string> texts) {
  std::vector<std::vector<TokenId>> out;
  for (const std::string& text : texts) {
    if (text.empty()) continue;
    for (std::size_t i = 0; i < tokenizer.size(); ++i) {
      const auto id = static_cast<TokenId>(i);
      const std::string_view piece = tokenizer.piece(id);
      if (piece.find(text) != std::string_view::npos) {
        out.push_back({id});
        continue;
      }
      for (std::size_t length = 1; length < text.size() && length <= piece.size(); ++length) {
        if (!piece.ends_with(std::string_view(text).substr(0, length))) continue;
        std::vector<TokenId> sequence = tokenizer.encode(text.substr(length), Specials::none);
        sequence.insert(sequence.begin(), id);
        out.push_back(std::move(sequence));
      }
    }
  }
  return out;
}

}  // namespace glim
