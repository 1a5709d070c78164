#include "engine/measure/logits_file.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "engine/base/bytes.h"
#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/measure/distribution.h"

namespace glim {
namespace {

constexpr std::string_view kCodedMagic = "_logits_", kTopMagic = "glimtop1";
constexpr float kCodedRange = 16;     ///< nats below the likeliest token that codes reach
constexpr std::size_t kCodeHead = 4;  ///< codes that two f32 take
constexpr std::int64_t kMostTokens = 1 << 24, kMostVocabulary = 1 << 24;

std::size_t coded_row(std::int64_t vocabulary) {
  return static_cast<std::size_t>((vocabulary + 1) / 2 * 2) + kCodeHead;
}

struct CodeHead {
  float scale = 0, smallest = 0;
};

CodeHead head_of(std::span<const std::uint16_t> row) {
  CodeHead out;
  std::memcpy(&out.scale, row.data(), sizeof out.scale);
  std::memcpy(&out.smallest, row.data() + 2, sizeof out.smallest);
  return out;
}

[[noreturn]] void damaged(const std::filesystem::path& path, const std::string& what) {
  throw Error(ErrorCode::E105, printable(path.string()) + ": " + what +
                                   ", so this is no usable file of predictions; make it again with glim eval "
                                   "--save-logits");
}

/// What stands in front of the rows, in both forms.
struct Header {
  std::int64_t chunk = 0, vocabulary = 0, chunks = 0, first = 0, top = 0;
  bool starts_texts = true;

  std::int64_t rows() const { return chunk - 1 - first; }
};

template <typename Value>
void append(std::vector<std::byte>& out, Value value) {
  const auto bytes = std::bit_cast<std::array<std::byte, sizeof(Value)>>(value);
  out.insert(out.end(), bytes.begin(), bytes.end());
}

std::int32_t small(std::int64_t value) {
  return static_cast<std::int32_t>(value);
}

std::vector<std::byte> header_bytes(const ScoredText& text, std::int64_t vocabulary, std::int32_t top) {
  std::vector<std::byte> out;
  for (const char c : top > 0 ? kTopMagic : kCodedMagic) append(out, c);
  append(out, small(std::ssize(text.chunks.front())));
  append(out, small(vocabulary));
  append(out, small(std::ssize(text.chunks)));
  if (top > 0) {
    append(out, text.first);
    append(out, top);
    append(out, std::int32_t{text.starts_texts});
  }
  for (const auto& chunk : text.chunks)
    for (const TokenId token : chunk) append(out, token);
  return out;
}

/// Reads values one after the other and never beyond the end.
class Cursor {
 public:
  Cursor(std::span<const std::byte> bytes, const std::filesystem::path& path) : bytes_(bytes), path_(path) {}

  std::span<const std::byte> take(std::uint64_t count) {
    if (count > bytes_.size() - at_)
      throw Error(ErrorCode::E104, printable(path_.string()) +
                                       ": the file of predictions ends early; make it again with glim eval "
                                       "--save-logits");
    at_ += count;
    return bytes_.subspan(at_ - count, count);
  }
  std::int32_t number() { return static_cast<std::int32_t>(load_u32(take(4).data())); }
  std::uint64_t left() const { return bytes_.size() - at_; }

 private:
  std::span<const std::byte> bytes_;
  const std::filesystem::path& path_;
  std::size_t at_ = 0;
};

class LogitsFile : public BasePredictions {
 public:
  LogitsFile(std::unique_ptr<FileMap> map, std::size_t row_bytes, std::span<const std::byte> rows,
             const Header& header, ScoredText text)
      : map_(std::move(map)), rows_(rows), row_bytes_(row_bytes), header_(header), text_(std::move(text)) {}

  const ScoredText& text() const override { return text_; }
  std::int64_t vocabulary() const override { return header_.vocabulary; }
  bool prepare(std::size_t chunk, const TextModel::GoOn& go_on) override {
    chunk_ = chunk;
    return go_on();
  }

 protected:
  std::span<const std::byte> row(std::size_t index) const {
    if (map_->state() == FileState::shortened) damaged(map_->path(), "it has shrunk while it was read");
    return rows_.subspan((chunk_ * text_.rows() + index) * row_bytes_, row_bytes_);
  }
  const Header& header() const { return header_; }
  const std::filesystem::path& path() const { return map_->path(); }

 private:
  std::unique_ptr<FileMap> map_;
  std::span<const std::byte> rows_;
  std::size_t row_bytes_;
  Header header_;
  ScoredText text_;
  std::size_t chunk_ = 0;
};

class CodedFile final : public LogitsFile {
 public:
  using LogitsFile::LogitsFile;

  TokenDrift compare(std::size_t index, std::span<const float> logits, TokenId next) const override {
    const std::span<const std::byte> bytes = row(index);
    std::vector<std::uint16_t> codes(bytes.size() / sizeof(std::uint16_t));
    std::memcpy(codes.data(), bytes.data(), bytes.size());
    const CodeHead head = head_of(codes);
    if (!std::isfinite(head.scale) || !std::isfinite(head.smallest) || head.scale < 0 || head.smallest > 0)
      damaged(path(), "a row holds no probabilities");
    return coded_drift(codes, logits, next);
  }
};

class TopFile final : public LogitsFile {
 public:
  using LogitsFile::LogitsFile;

  TokenDrift compare(std::size_t index, std::span<const float> logits, TokenId next) const override {
    const std::span<const std::byte> bytes = row(index);
    const auto count = static_cast<std::size_t>(header().top);
    const auto value = [&](std::size_t at) { return std::bit_cast<float>(load_u32(bytes.data() + 4 * at)); };
    TopRow kept;
    kept.next = {next, value(0)};
    kept.tail_log_p = value(1);
    bool sound = kept.next.log_p <= 0 && kept.tail_log_p <= 0;  // false for NaN too
    for (std::size_t i = 0; i < count; ++i) {
      kept.entries.push_back(
          {static_cast<TokenId>(load_u32(bytes.data() + 4 * (2 + i))), value(2 + count + i)});
      const TopEntry& entry = kept.entries.back();
      sound = sound && entry.token >= 0 && entry.token < header().vocabulary && entry.log_p <= 0 &&
              (i == 0 || entry.log_p <= kept.entries[i - 1].log_p);
    }
    if (!sound) damaged(path(), "a row holds no probabilities");
    return token_drift(kept, logits);
  }
};

void check_range(const std::filesystem::path& path, const char* what, std::int64_t value, Interval range) {
  const auto number = static_cast<double>(value);
  if (number >= range.low && number <= range.high) return;
  damaged(path, strf("its %s is %lld", what, static_cast<long long>(value)));
}

Header read_header(Cursor& cursor, bool top, const std::filesystem::path& path) {
  Header out;
  out.chunk = cursor.number();
  out.vocabulary = cursor.number();
  out.chunks = cursor.number();
  check_range(path, "number of tokens in a chunk", out.chunk, {2, kMostTokens});
  check_range(path, "vocabulary", out.vocabulary, {1, kMostVocabulary});
  check_range(path, "number of chunks", out.chunks, {1, kMostTokens});
  out.first = out.chunk / 2;
  if (top) {
    out.first = cursor.number();
    out.top = cursor.number();
    out.starts_texts = cursor.number() != 0;
  }
  const auto last = static_cast<double>(out.chunk - 2);
  check_range(path, "first position", out.first, {0, last});
  check_range(path, "number of likeliest tokens", out.top,
              {top ? 1.0 : 0.0, static_cast<double>(out.vocabulary)});
  return out;
}

ScoredText read_text(Cursor& cursor, const Header& header, const std::filesystem::path& path) {
  const auto chunk = static_cast<std::uint64_t>(header.chunk);
  ScoredText out;
  out.first = small(header.first);
  out.starts_texts = header.starts_texts;
  for (std::int64_t i = 0; i < header.chunks; ++i) {
    const std::span<const std::byte> bytes = cursor.take(chunk * sizeof(TokenId));
    std::vector<TokenId>& tokens = out.chunks.emplace_back(chunk);
    std::memcpy(tokens.data(), bytes.data(), bytes.size());
    for (const TokenId token : tokens)
      if (token < 0 || token >= header.vocabulary) damaged(path, strf("it names the token %d", token));
  }
  return out;
}

}  // namespace

std::vector<std::uint16_t> encode_logits(std::span<const float> logits) {
  const auto [least, most] = std::minmax_element(logits.begin(), logits.end());
  const float smallest = std::max(*least, *most - kCodedRange);
  const float scale = (*most - smallest) / 65535.0f;
  const auto smallest_log_p = static_cast<float>(static_cast<double>(smallest) - log_sum_exp(logits));
  std::vector<std::uint16_t> out(coded_row(std::ssize(logits)));
  std::memcpy(out.data(), &scale, sizeof scale);
  std::memcpy(out.data() + 2, &smallest_log_p, sizeof smallest_log_p);
  if (scale <= 0) return out;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    const float code = std::nearbyint((logits[i] - smallest) / scale);
    out[kCodeHead + i] = static_cast<std::uint16_t>(std::clamp(code, 0.0f, 65535.0f));
  }
  return out;
}

TokenDrift coded_drift(std::span<const std::uint16_t> row, std::span<const float> logits, TokenId next) {
  const CodeHead head = head_of(row);
  const auto codes = row.subspan(kCodeHead, logits.size());
  const auto base_log_p = [&](std::size_t i) {
    return static_cast<double>(head.scale * static_cast<float>(codes[i]) + head.smallest);
  };
  const double norm = log_sum_exp(logits);
  TokenDrift out;
  out.rank = rank_of(logits, next);
  out.log_p = static_cast<double>(logits[static_cast<std::size_t>(next)]) - norm;
  out.base_log_p = base_log_p(static_cast<std::size_t>(next));
  const auto top = static_cast<std::size_t>(std::max_element(codes.begin(), codes.end()) - codes.begin());
  out.same_top = top == likeliest(logits);
  double squares = 0;
  for (std::size_t i = 0; i < logits.size(); ++i) {
    const double log_p = base_log_p(i);
    if (log_p <= -static_cast<double>(kCodedRange)) continue;
    const double p = std::exp(log_p);
    out.kld += p * (log_p - (static_cast<double>(logits[i]) - norm));
    squares += p * p;
  }
  // Every logarithm is off by something between -scale / 2 and scale / 2.
  out.noise = static_cast<double>(head.scale) * std::sqrt(squares / 12);
  return out;
}

LogitsWriter::LogitsWriter(const std::filesystem::path& path, const ScoredText& text, std::int64_t vocabulary,
                           std::int32_t top)
    : file_(path), top_(small(std::min<std::int64_t>(top, vocabulary))) {
  const auto chunk = static_cast<std::int32_t>(text.chunks.front().size());
  if (top_ == 0 && (text.first != first_scored(text.chunks.front().size()) || !text.starts_texts))
    throw Error(ErrorCode::E501,
                strf("%s: this form of file counts predictions from the middle of chunks on (%d of %d "
                     "tokens); add --top-k 64 for the form that can count from anywhere",
                     printable(path.string()).c_str(), chunk / 2, chunk));
  file_.write(header_bytes(text, vocabulary, top_));
}

void LogitsWriter::add(std::span<const float> logits, TokenId next) {
  ++rows_;
  if (top_ == 0) {
    const std::vector<std::uint16_t> row = encode_logits(logits);
    const double noise = std::fabs(coded_drift(row, logits, next).kld);
    noise_sum_ += noise;
    noise_max_ = std::max(noise_max_, noise);
    file_.write(std::as_bytes(std::span(row)));
    return;
  }
  const TopRow kept = keep_top(logits, next, static_cast<std::size_t>(top_));
  std::vector<std::byte> row;
  append(row, kept.next.log_p);
  append(row, kept.tail_log_p);
  for (const TopEntry& entry : kept.entries) append(row, entry.token);
  for (const TopEntry& entry : kept.entries) append(row, entry.log_p);
  file_.write(row);
}

std::unique_ptr<BasePredictions> open_logits(const std::filesystem::path& path) {
  auto map = std::make_unique<FileMap>(path);
  Cursor cursor(map->bytes(), map->path());
  const std::span<const std::byte> magic = cursor.take(kCodedMagic.size());
  const auto is = [&](std::string_view name) {
    return std::memcmp(magic.data(), name.data(), name.size()) == 0;
  };
  if (!is(kCodedMagic) && !is(kTopMagic)) damaged(path, "it does not begin as such files do");
  const bool top = is(kTopMagic);
  const Header header = read_header(cursor, top, path);
  ScoredText text = read_text(cursor, header, path);
  const std::size_t row_bytes = top ? 8 + 8 * static_cast<std::size_t>(header.top)
                                    : coded_row(header.vocabulary) * sizeof(std::uint16_t);
  // Chunks and tokens of a chunk have been read, so their product is no more than the file is long.
  const auto rows = static_cast<std::uint64_t>(header.chunks) * static_cast<std::uint64_t>(header.rows());
  if (rows > cursor.left() / row_bytes) cursor.take(cursor.left() + 1);
  const std::span<const std::byte> data = cursor.take(rows * row_bytes);
  if (cursor.left() > 0)
    damaged(path, strf("%llu bytes follow its last row", static_cast<unsigned long long>(cursor.left())));
  if (top) return std::make_unique<TopFile>(std::move(map), row_bytes, data, header, std::move(text));
  return std::make_unique<CodedFile>(std::move(map), row_bytes, data, header, std::move(text));
}

}  // namespace glim
