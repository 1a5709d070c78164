#include "engine/text/tokenizer.h"

#include <algorithm>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/text/bpe.h"
#include "engine/text/spm.h"

namespace glim {
namespace {

// GLM's ends of turn. Early conversions name only the first in their metadata, and would go on writing the
// user's next message.
constexpr std::string_view kEndTexts[] = {"<|endoftext|>", "<|user|>", "<|observation|>"};

bool is_special(TokenType type) {
  return type == TokenType::control || type == TokenType::user_defined || type == TokenType::unknown;
}

template <typename Wanted>
SpecialFinder finder(const VocabData& vocab, const Wanted& wanted) {
  std::vector<SpecialFinder::Special> specials;
  for (std::size_t i = 0; i < vocab.tokens.size(); ++i) {
    if (wanted(vocab.types[i]) && !vocab.tokens[i].empty()) {
      specials.push_back({vocab.tokens[i], static_cast<TokenId>(i)});
    }
  }
  return SpecialFinder(std::move(specials));
}

VocabData checked(VocabData vocab) {
  GLIM_ASSERT(!vocab.tokens.empty() && vocab.types.size() == vocab.tokens.size());
  GLIM_ASSERT(vocab.scores.empty() || vocab.scores.size() == vocab.tokens.size());
  return vocab;
}

}  // namespace

Tokenizer::Tokenizer(VocabData vocab)
    : vocab_(checked(std::move(vocab))),
      index_(vocab_),
      all_specials_(finder(vocab_, is_special)),
      user_defined_(finder(vocab_, [](TokenType type) { return type == TokenType::user_defined; })) {
  if (vocab_.model == "llama") {
    encoder_ = std::make_unique<SpmEncoder>(vocab_, index_);
  } else {
    auto bpe = std::make_unique<BpeEncoder>(vocab_, index_);
    if (bpe->missing_bytes() > 0) {
      vocab_.warnings.push_back(
          strf("%d of 256 bytes have no token; text that needs them is lost", bpe->missing_bytes()));
    }
    encoder_ = std::move(bpe);
  }
  vocab_.merges = {};
  store_pieces();
  collect_eog();
}

Tokenizer::~Tokenizer() = default;

void Tokenizer::store_pieces() {
  const bool sentence_piece = vocab_.model == "llama";
  offsets_.reserve(size() + 1);
  offsets_.push_back(0);
  for (std::size_t i = 0; i < size(); ++i) {
    const std::string& text = vocab_.tokens[i];
    const TokenType kind = vocab_.types[i];
    const auto byte = sentence_piece && kind == TokenType::byte ? byte_of_token(text) : std::nullopt;
    if (is_special(kind)) {
      bytes_ += text;
    } else if (byte) {
      bytes_ += static_cast<char>(*byte);
    } else if (kind != TokenType::unused) {
      bytes_ += sentence_piece ? bytes_of_sentence_piece(text) : bytes_of_stand_ins(text);
    }
    offsets_.push_back(bytes_.size());
  }
}

void Tokenizer::collect_eog() {
  eog_ = vocab_.eos_ids;
  for (const auto& id : {vocab_.eos, vocab_.eot, vocab_.eom}) {
    if (id) eog_.push_back(*id);
  }
  for (std::string_view text : kEndTexts) {
    const auto id = find(text);
    if (id && is_special(type(*id))) eog_.push_back(*id);
  }
  std::sort(eog_.begin(), eog_.end());
  eog_.erase(std::unique(eog_.begin(), eog_.end()), eog_.end());
}

std::vector<TokenId> Tokenizer::encode(std::string_view text, Specials specials) const {
  const TextSegment segment{text, specials};
  return encode(std::span(&segment, 1));
}

std::vector<TokenId> Tokenizer::encode(std::span<const TextSegment> segments) const {
  std::vector<TokenId> out;
  bool fresh = true;
  for (const TextSegment& segment : segments) append(segment, fresh, out);
  return out;
}

void Tokenizer::append(const TextSegment& segment, bool& fresh, std::vector<TokenId>& out) const {
  std::vector<SpecialFinder::Found> found;
  if (segment.specials == Specials::all) found = all_specials_.find(segment.text);
  if (segment.specials == Specials::user_defined) found = user_defined_.find(segment.text);
  const auto plain = [&](std::size_t begin, std::size_t end) {
    if (begin == end) return;
    encoder_->encode(segment.text.substr(begin, end - begin), fresh, out);
    fresh = false;
  };
  std::size_t at = 0;
  for (const SpecialFinder::Found& special : found) {
    plain(at, special.begin);
    out.push_back(special.id);
    fresh = true;
    at = special.begin + special.length;
  }
  plain(at, segment.text.size());
}

std::vector<TokenId> Tokenizer::encode_prompt(std::string_view text, Specials specials) const {
  std::vector<TokenId> ids = encode(text, specials);
  if (adds_bos()) ids.insert(ids.begin(), *vocab_.bos);
  if (adds_eos()) ids.push_back(*vocab_.eos);
  return ids;
}

std::string_view Tokenizer::piece(TokenId id, bool show_control) const {
  if (!contains(id) || (is_control(id) && !show_control)) return {};
  const auto i = static_cast<std::size_t>(id);
  return std::string_view(bytes_).substr(offsets_[i], offsets_[i + 1] - offsets_[i]);
}

std::string Tokenizer::decode(std::span<const TokenId> ids, bool show_control) const {
  std::string out;
  for (const TokenId id : ids) out += piece(id, show_control);
  const bool prefixed = vocab_.add_space_prefix && !ids.empty() && !is_special(type(ids[0]));
  if (prefixed && out.starts_with(' ')) out.erase(0, 1);
  return out;
}

TokenType Tokenizer::type(TokenId id) const {
  return contains(id) ? vocab_.types[static_cast<std::size_t>(id)] : TokenType::unused;
}

bool Tokenizer::is_control(TokenId id) const {
  return type(id) == TokenType::control || type(id) == TokenType::unknown;
}

bool Tokenizer::is_eog(TokenId id) const {
  return std::binary_search(eog_.begin(), eog_.end(), id);
}

bool Tokenizer::is_unused(TokenId id) const {
  if (type(id) == TokenType::unused) return true;
  // Converters fill the table up to a round size with tokens named after their own id; not all mark them.
  return vocab_.tokens[static_cast<std::size_t>(id)] == strf("[PAD%d]", id);
}

std::vector<TokenId> Tokenizer::unused(std::size_t rows) const {
  std::vector<TokenId> out;
  for (std::size_t i = 0; i < rows; ++i) {
    if (is_unused(static_cast<TokenId>(i))) out.push_back(static_cast<TokenId>(i));
  }
  return out;
}

}  // namespace glim
