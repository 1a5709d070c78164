#include "engine/text/spm.h"

#include <algorithm>

#include "engine/base/utf8.h"

namespace glim {
namespace {

constexpr std::string_view kSpace = "\xe2\x96\x81";  // U+2581
constexpr std::uint32_t kNoToken = ~std::uint32_t{0};

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

std::string with_visible_spaces(std::string_view text, bool prefix) {
  std::string out;
  out.reserve(text.size() + text.size() / 4 + kSpace.size());
  if (prefix) out += kSpace;
  for (const char c : text) {
    if (c == ' ') {
      out += kSpace;
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace

std::string bytes_of_sentence_piece(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t space = text.find(kSpace);
    out += text.substr(0, space);
    if (space == std::string_view::npos) break;
    out += ' ';
    text.remove_prefix(space + kSpace.size());
  }
  return out;
}

std::optional<unsigned char> byte_of_token(std::string_view text) {
  if (text.size() != 6 || !text.starts_with("<0x") || text[5] != '>') return std::nullopt;
  const int high = hex_digit(text[3]), low = hex_digit(text[4]);
  if (high < 0 || low < 0) return std::nullopt;
  return static_cast<unsigned char>(high * 16 + low);
}

SpmEncoder::SpmEncoder(const VocabData& vocab, const TokenIndex& index) : vocab_(vocab), index_(index) {
  for (std::size_t i = 0; i < vocab.tokens.size(); ++i) {
    longest_ = std::max(longest_, vocab.tokens[i].size());
    if (vocab.types[i] != TokenType::byte) continue;
    const auto byte = byte_of_token(vocab.tokens[i]);
    if (byte && !byte_tokens_[*byte]) byte_tokens_[*byte] = static_cast<TokenId>(i);
  }
}

std::optional<TokenId> SpmEncoder::ordinary(std::string_view text) const {
  if (text.size() > longest_) return std::nullopt;
  const auto id = index_.find(text);
  if (!id) return std::nullopt;
  const TokenType type = vocab_.types[static_cast<std::size_t>(*id)];
  // A byte token's text is a name: the six characters <0x0A> in a text are not a line feed.
  return is_ordinary(type) && type != TokenType::byte ? id : std::nullopt;
}

void SpmEncoder::encode(std::string_view raw, bool fresh, std::vector<TokenId>& out) const {
  if (raw.empty()) return;
  const std::string text = with_visible_spaces(raw, fresh && vocab_.add_space_prefix);
  const std::string_view view = text;
  PairJoiner joiner;
  for (std::size_t at = 0; at < view.size();) {
    const Utf8Char c = utf8_next(view.substr(at));
    const std::size_t length = c.valid ? c.length : 1;
    const auto id = ordinary(view.substr(at, length));
    joiner.add(at, length, id ? static_cast<std::uint32_t>(*id) : kNoToken);
    at += length;
  }
  joiner.run(
      [&](const PairJoiner::Link& left, const PairJoiner::Link& right) -> std::optional<PairJoiner::Join> {
        const auto id = ordinary(view.substr(left.begin, left.length + right.length));
        if (!id) return std::nullopt;
        const double score =
            vocab_.scores.empty() ? 0.0 : static_cast<double>(vocab_.scores[static_cast<std::size_t>(*id)]);
        return PairJoiner::Join{-score, static_cast<std::uint32_t>(*id)};
      });
  for (const PairJoiner::Link& link : joiner.links()) {
    if (link.length == 0) continue;
    if (link.symbol != kNoToken) {
      out.push_back(static_cast<TokenId>(link.symbol));
    } else {
      append_unknown(view.substr(link.begin, link.length), out);
    }
  }
}

void SpmEncoder::append_unknown(std::string_view bytes, std::vector<TokenId>& out) const {
  const bool spelled = std::all_of(bytes.begin(), bytes.end(), [&](char c) {
    return byte_tokens_[static_cast<unsigned char>(c)].has_value();
  });
  if (spelled) {
    for (const char c : bytes) out.push_back(*byte_tokens_[static_cast<unsigned char>(c)]);
  } else if (vocab_.unk) {
    out.push_back(*vocab_.unk);
  }
}

}  // namespace glim
