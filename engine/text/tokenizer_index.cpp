#include "engine/text/tokenizer_index.h"

namespace glim {

TokenIndex::TokenIndex(const VocabData& vocab) {
  ids_.reserve(vocab.tokens.size());
  for (std::size_t i = 0; i < vocab.tokens.size(); ++i)
    ids_.try_emplace(vocab.tokens[i], static_cast<TokenId>(i));
}

}  // namespace glim
