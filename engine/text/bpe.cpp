#include "engine/text/bpe.h"

#include <algorithm>
#include <bit>

#include "engine/base/error.h"
#include "engine/base/utf8.h"

namespace glim {
namespace {

constexpr std::uint64_t kNoKey = ~std::uint64_t{0};
constexpr int kStandIns = 0x100 + 68;  ///< code points below this may stand for a byte

bool stands_for_itself(unsigned byte) {
  return (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
}

std::array<char32_t, 256> stand_in_codes() {
  std::array<char32_t, 256> codes{};
  char32_t next = 0x100;
  for (unsigned byte = 0; byte < 256; ++byte) codes[byte] = stands_for_itself(byte) ? byte : next++;
  return codes;
}

std::array<int, kStandIns> bytes_by_code() {
  std::array<int, kStandIns> bytes;
  bytes.fill(-1);
  const auto codes = stand_in_codes();
  for (int byte = 0; byte < 256; ++byte) bytes[codes[static_cast<std::size_t>(byte)]] = byte;
  return bytes;
}

std::uint64_t key_of(std::uint32_t left, std::uint32_t right) {
  return (std::uint64_t{left} << 32) | right;
}

/// Numbers the symbols: tokens by their id, every other text that is asked for by the next number after them.
class SymbolNumbers {
 public:
  SymbolNumbers(const TokenIndex& index, std::size_t tokens) : index_(index), next_(tokens) {}

  std::uint32_t operator()(std::string_view text) {
    if (const auto id = index_.find(text)) return static_cast<std::uint32_t>(*id);
    const auto [found, is_new] = others_.try_emplace(std::string(text), static_cast<std::uint32_t>(next_));
    if (is_new) ++next_;
    return found->second;
  }

 private:
  const TokenIndex& index_;
  std::size_t next_;
  std::unordered_map<std::string, std::uint32_t> others_;
};

const PretokenizerRule& rule_of(const VocabData& vocab) {
  const PretokenizerRule* rule = find_pretokenizer(vocab.pre);
  GLIM_ASSERT(rule != nullptr);
  return *rule;
}

}  // namespace

const std::array<std::string, 256>& byte_stand_ins() {
  static const std::array<std::string, 256> texts = [] {
    std::array<std::string, 256> out;
    const auto codes = stand_in_codes();
    for (std::size_t byte = 0; byte < 256; ++byte) utf8_append(out[byte], codes[byte]);
    return out;
  }();
  return texts;
}

std::string bytes_of_stand_ins(std::string_view text) {
  static const std::array<int, kStandIns> bytes = bytes_by_code();
  std::string out;
  while (!text.empty()) {
    const Utf8Char c = utf8_next(text);
    const int byte = c.valid && c.code < kStandIns ? bytes[c.code] : -1;
    if (byte >= 0) {
      out.push_back(static_cast<char>(byte));
    } else {
      out.append(text.substr(0, c.length));
    }
    text.remove_prefix(c.length);
  }
  return out;
}

std::size_t merge_split(std::string_view merge) {
  const std::size_t space = merge.find(' ', 1);
  return space != std::string_view::npos && space + 1 < merge.size() ? space : std::string_view::npos;
}

MergeTable::MergeTable(std::size_t merges)
    : slots_(std::bit_ceil(merges + merges / 2 + 2), Slot{kNoKey, {0, 0}}) {}

std::size_t MergeTable::start(std::uint64_t key) const {
  key ^= key >> 32;
  key *= 0x9e3779b97f4a7c15u;
  return static_cast<std::size_t>(key >> 32) & (slots_.size() - 1);
}

void MergeTable::add(std::uint32_t left, std::uint32_t right, Merge merge) {
  const std::uint64_t key = key_of(left, right);
  std::size_t at = start(key);
  while (slots_[at].key != kNoKey) {
    if (slots_[at].key == key) return;
    at = (at + 1) & (slots_.size() - 1);
  }
  slots_[at] = {key, merge};
}

const MergeTable::Merge* MergeTable::find(std::uint32_t left, std::uint32_t right) const {
  const std::uint64_t key = key_of(left, right);
  for (std::size_t at = start(key); slots_[at].key != kNoKey; at = (at + 1) & (slots_.size() - 1)) {
    if (slots_[at].key == key) return &slots_[at].merge;
  }
  return nullptr;
}

BpeEncoder::BpeEncoder(const VocabData& vocab, const TokenIndex& index)
    : index_(index),
      pretokenizer_(rule_of(vocab)),
      ignore_merges_(rule_of(vocab).ignore_merges),
      unknown_(vocab.unk),
      merges_(vocab.merges.size()) {
  std::transform(vocab.types.begin(), vocab.types.end(), std::back_inserter(ordinary_), is_ordinary);
  add_merges(vocab);
}

void BpeEncoder::add_merges(const VocabData& vocab) {
  SymbolNumbers number(index_, vocab.tokens.size());
  for (std::size_t byte = 0; byte < 256; ++byte) {
    byte_symbols_[byte] = number(byte_stand_ins()[byte]);
    missing_bytes_ += is_token(byte_symbols_[byte]) ? 0 : 1;
  }
  std::string joined;
  for (std::size_t rank = 0; rank < vocab.merges.size(); ++rank) {
    const std::string_view merge = vocab.merges[rank];
    const std::size_t space = merge_split(merge);
    const std::string_view left = merge.substr(0, space), right = merge.substr(space + 1);
    joined.assign(left).append(right);
    const std::uint32_t symbol = number(joined);
    if (symbol < ordinary_.size() && !ordinary_[symbol]) continue;
    merges_.add(number(left), number(right), {static_cast<std::uint32_t>(rank), symbol});
  }
}

void BpeEncoder::encode(std::string_view text, bool, std::vector<TokenId>& out) const {
  PairJoiner joiner;
  std::string scratch;
  for (std::string_view word : pretokenizer_.split(text)) {
    if (ignore_merges_) {
      if (const auto id = whole_word(word, scratch)) {
        out.push_back(*id);
        continue;
      }
    }
    encode_word(word, joiner, out);
  }
}

std::optional<TokenId> BpeEncoder::whole_word(std::string_view word, std::string& scratch) const {
  scratch.clear();
  for (const char c : word) scratch += byte_stand_ins()[static_cast<unsigned char>(c)];
  const auto id = index_.find(scratch);
  return id && is_token(static_cast<std::uint32_t>(*id)) ? id : std::nullopt;
}

void BpeEncoder::encode_word(std::string_view word, PairJoiner& joiner, std::vector<TokenId>& out) const {
  joiner.clear();
  for (std::size_t i = 0; i < word.size(); ++i) {
    joiner.add(i, 1, byte_symbols_[static_cast<unsigned char>(word[i])]);
  }
  joiner.run(
      [this](const PairJoiner::Link& left, const PairJoiner::Link& right) -> std::optional<PairJoiner::Join> {
        const MergeTable::Merge* merge = merges_.find(left.symbol, right.symbol);
        if (merge == nullptr) return std::nullopt;
        return PairJoiner::Join{static_cast<double>(merge->rank), merge->joined};
      });
  for (const PairJoiner::Link& link : joiner.links()) {
    if (link.length == 0) continue;
    if (is_token(link.symbol)) {
      out.push_back(static_cast<TokenId>(link.symbol));
    } else {
      append_bytes(word.substr(link.begin, link.length), out);
    }
  }
}

void BpeEncoder::append_bytes(std::string_view bytes, std::vector<TokenId>& out) const {
  for (const char c : bytes) {
    const std::uint32_t symbol = byte_symbols_[static_cast<unsigned char>(c)];
    if (is_token(symbol)) {
      out.push_back(static_cast<TokenId>(symbol));
    } else if (unknown_) {
      out.push_back(*unknown_);
    }
  }
}

}  // namespace glim
