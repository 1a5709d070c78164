#include "engine/measure/logits_file.h"

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <fstream>
#include <iterator>

#include "engine/base/error.h"
#include "engine/base/random.h"
#include "tests/support/temp_dir.h"

using namespace glim;

namespace {

constexpr std::int64_t kVocabulary = 7;

ScoredText text() {
  ScoredText out;
  out.chunks = {{1, 2, 3, 4, 5, 6}, {0, 1, 0, 1, 0, 1}};
  out.first = 3;
  return out;
}

/// Logits of all rows of the text, two in each chunk.
std::vector<std::vector<float>> rows() {
  Random random(3);
  std::vector<std::vector<float>> out;
  for (int i = 0; i < 4; ++i) {
    out.emplace_back();
    for (std::int64_t v = 0; v < kVocabulary; ++v)
      out.back().push_back(static_cast<float>(3 * random.normal()));
  }
  out[1][2] = -40;  // below what codes reach
  return out;
}

TokenId next_of(std::size_t row) {
  return text().chunks[row / 2][4 + row % 2];
}

void write(const std::filesystem::path& path, std::int32_t top) {
  LogitsWriter writer(path, text(), kVocabulary, top);
  for (std::size_t i = 0; i < 4; ++i) writer.add(rows()[i], next_of(i));
  writer.finish();
}

std::string read(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

void put(std::string& bytes, std::size_t at, std::int32_t value) {
  std::memcpy(bytes.data() + at, &value, sizeof value);
}

template <typename Value>
Value get(const std::string& bytes, std::size_t at) {
  Value out;
  std::memcpy(&out, bytes.data() + at, sizeof out);
  return out;
}

/// What opening the bytes and comparing all rows says.
std::optional<ErrorCode> refusal(const TempDir& dir, const std::string& bytes) {
  std::ofstream(dir / "x", std::ios::binary) << bytes;
  try {
    const auto file = open_logits(dir / "x");
    const std::vector<float> logits(static_cast<std::size_t>(file->vocabulary()), 0);
    for (std::size_t chunk = 0; chunk < file->text().chunks.size(); ++chunk) {
      file->prepare(chunk, [] { return true; });
      for (std::size_t row = 0; row < file->text().rows(); ++row) file->compare(row, logits, 0);
    }
  } catch (const Error& error) {
    return error.code();
  }
  return std::nullopt;
}

}  // namespace

TEST_CASE("the form of llama-perplexity, byte by byte") {
  const TempDir dir;
  write(dir / "base.kld", 0);
  const std::string bytes = read(dir / "base.kld");
  // 7 codes take 8 places, and two f32 stand in front of them.
  REQUIRE(bytes.size() == 8 + 12 + 2 * 6 * 4 + 4 * (8 + 4) * 2);
  CHECK(bytes.substr(0, 8) == "_logits_");
  CHECK(get<std::uint32_t>(bytes, 8) == 6);
  CHECK(get<std::int32_t>(bytes, 12) == 7);
  CHECK(get<std::int32_t>(bytes, 16) == 2);
  CHECK(get<std::int32_t>(bytes, 20) == 1);
  CHECK(get<std::int32_t>(bytes, 20 + 6 * 4) == 0);
  const auto all = rows();
  for (std::size_t r = 0; r < 4; ++r) {
    const std::size_t at = 20 + 48 + r * 24;
    const float scale = get<float>(bytes, at), smallest = get<float>(bytes, at + 4);
    double sum = 0;
    for (const float logit : all[r]) sum += std::exp(static_cast<double>(logit));
    for (std::size_t v = 0; v < 7; ++v) {
      const double log_p = static_cast<double>(all[r][v]) - std::log(sum);
      const double coded = static_cast<double>(scale) * get<std::uint16_t>(bytes, at + 8 + 2 * v) +
                           static_cast<double>(smallest);
      if (r == 1 && v == 2) {
        CHECK(coded == doctest::Approx(static_cast<double>(smallest)));
      } else {
        CHECK(std::fabs(coded - log_p) < 0.6 * static_cast<double>(scale) + 1e-6);
      }
    }
  }
}

TEST_CASE("what was written is read back, in both forms") {
  const TempDir dir;
  Random random(5);
  for (const std::int32_t top : {0, 2, 7, 50}) {
    CAPTURE(top);
    write(dir / "base", top);
    const auto file = open_logits(dir / "base");
    CHECK(file->vocabulary() == kVocabulary);
    CHECK(file->text().chunks == text().chunks);
    CHECK(file->text().first == 3);
    CHECK(file->text().starts_texts);
    for (std::size_t r = 0; r < 4; ++r) {
      REQUIRE(file->prepare(r / 2, [] { return true; }));
      std::vector<float> other = rows()[r];
      for (float& logit : other) logit += static_cast<float>(0.3 * random.normal());
      const TokenDrift exact = token_drift(rows()[r], other, next_of(r));
      const TokenDrift found = file->compare(r % 2, other, next_of(r));
      CHECK(found.rank == exact.rank);
      CHECK(found.same_top == exact.same_top);
      CHECK(found.log_p == doctest::Approx(exact.log_p));
      CHECK(found.base_log_p == doctest::Approx(exact.base_log_p).epsilon(1e-3));
      CHECK(found.bound == (top == 2));
      if (top == 2) {
        CHECK(found.kld <= exact.kld);
        CHECK(found.kld > 0);
      } else {
        CHECK(found.kld == doctest::Approx(exact.kld).epsilon(2e-3));
      }
    }
  }
}

TEST_CASE("codes whose probability is next to nothing do not count, as their form has it") {
  // Two tokens 16 nats apart: the smaller has ln p = -16 - 1e-7, and the model gives it half.
  const std::vector<float> base = {0, -16}, model = {0, 0};
  const TokenDrift drift = coded_drift(encode_logits(base), model, 0);
  CHECK(drift.kld == doctest::Approx(std::log(2)).epsilon(1e-4));
  CHECK(drift.noise == doctest::Approx(16.0 / 65535 / std::sqrt(12.0)).epsilon(1e-3));
  const std::vector<float> flat = {4, 4, 4};
  CHECK(coded_drift(encode_logits(flat), flat, 1).kld == doctest::Approx(0));
}

TEST_CASE("the noise of the codes is what a base differs from its own file") {
  const TempDir dir;
  LogitsWriter writer(dir / "base.kld", text(), kVocabulary, 0);
  for (std::size_t i = 0; i < 4; ++i) writer.add(rows()[i], next_of(i));
  CHECK(writer.noise_max() > 0);
  CHECK(writer.noise_max() < 2e-4);
  CHECK(writer.noise_mean() <= writer.noise_max());
  CHECK(!std::filesystem::exists(dir / "base.kld"));  // it was not finished
}

TEST_CASE("positions that the form of llama-perplexity cannot tell are refused") {
  const TempDir dir;
  ScoredText odd = text();
  odd.first = 1;
  CHECK_THROWS_WITH_AS(LogitsWriter(dir / "x", odd, kVocabulary, 0), doctest::Contains("--top-k"), Error);
  CHECK_NOTHROW(LogitsWriter(dir / "x", odd, kVocabulary, 3));
}

TEST_CASE("files that are damaged, cut or of another kind are refused before they do harm") {
  const TempDir dir;
  write(dir / "base", 0);
  const std::string coded = read(dir / "base");
  write(dir / "base", 3);
  const std::string top = read(dir / "base");
  CHECK(!refusal(dir, coded));
  CHECK(!refusal(dir, top));
  for (const std::string& whole : {coded, top}) {
    for (std::size_t size = 0; size < whole.size(); size += 3)
      CHECK(refusal(dir, whole.substr(0, size)) == ErrorCode::E104);
    CHECK(refusal(dir, whole + "x") == ErrorCode::E105);
    CHECK(refusal(dir, "x" + whole) == ErrorCode::E105);
    const std::size_t numbers = whole == top ? 5 : 3;
    for (std::size_t i = 0; i < numbers; ++i) {
      for (const std::int32_t value : {-1, 0x7fffffff, -0x7fffffff, (1 << 24) + 1}) {
        CAPTURE(i);
        CAPTURE(value);
        std::string bytes = whole;
        put(bytes, 8 + 4 * i, value);
        CHECK(refusal(dir, bytes));
      }
    }
    std::string bytes = whole;
    put(bytes, whole == top ? 32 : 20, 7);
    CHECK(refusal(dir, bytes) == ErrorCode::E105);  // a token beyond the vocabulary
  }
  for (const float value : {NAN, INFINITY, -1.0f}) {
    std::string bytes = coded;
    std::memcpy(bytes.data() + 68, &value, sizeof value);
    CHECK(refusal(dir, bytes) == ErrorCode::E105);
  }
  const std::size_t row = 32 + 48;
  for (const auto& [at, value] : {std::pair{row, NAN}, {row + 4, 1.0f}, {row + 20, NAN}, {row + 24, 0.0f}}) {
    std::string bytes = top;
    std::memcpy(bytes.data() + at, &value, sizeof value);
    CHECK(refusal(dir, bytes) == ErrorCode::E105);
  }
  std::string bytes = top;
  put(bytes, row + 8, 7);
  CHECK(refusal(dir, bytes) == ErrorCode::E105);  // a kept token beyond the vocabulary
}
