#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "engine/base/file_map.h"
#include "engine/base/new_file.h"
#include "engine/measure/statistics.h"
#include "engine/measure/text_score.h"

namespace glim {

/// Files of predictions that other models are compared with. Two forms:
///   "_logits_"  every logarithm of a probability in 16 bits, as llama-perplexity writes and reads it
///               (--save-all-logits, --kl-divergence-base): u32 tokens of a chunk, i32 vocabulary, i32
///               chunks, i32 tokens[chunks][chunk]; per scored position f32 scale, f32 smallest, u16 codes
///               [vocabulary, rounded up to even]. Positions count from the middle of a chunk on.
///   "glimtop1"  the k likeliest tokens and the mass of the rest: u32 tokens of a chunk, i32 vocabulary,
///               i32 chunks, i32 first scored position, i32 k, i32 1 when texts start, i32
///               tokens[chunks][chunk]; per scored position f32 ln p of the token that follows, f32 ln of the
///               rest, i32 tokens[k], f32 ln p[k].
/// Numbers are little endian. `top` is k, or 0 for the first form.
class LogitsWriter {
 public:
  /// Throws E701; E501 when the text cannot be written in this form.
  LogitsWriter(const std::filesystem::path& path, const ScoredText& text, std::int64_t vocabulary,
               std::int32_t top);

  void add(std::span<const float> logits, TokenId next);  ///< rows in the order of the text
  /// After the last row: the file gets its name.
  void finish() { file_.give_name(); }
  /// KL divergence of what was written from itself read back: what this form alone does to a comparison.
  /// Largest and mean. 0 for the form of the likeliest tokens, whose divergences are bounds.
  double noise_mean() const { return rows_ > 0 ? noise_sum_ / static_cast<double>(rows_) : 0; }
  double noise_max() const { return noise_max_; }

 private:
  NewFile file_;
  std::int32_t top_;
  std::int64_t rows_ = 0;
  double noise_sum_ = 0, noise_max_ = 0;
};

/// A file of either form. Everything that it states is checked against its size at construction, every row
/// when it is used. Throws E101; E104 for a file that ends early, E105 for one that is damaged or of another
/// kind.
std::unique_ptr<BasePredictions> open_logits(const std::filesystem::path& path);

/// A row of codes, as the first form has it.
std::vector<std::uint16_t> encode_logits(std::span<const float> logits);
/// Drift of `logits` from a row of codes. A code whose ln p is -16 or less counts nothing. Not exact: the
/// divergence can be slightly negative. NaN when the row holds no numbers.
TokenDrift coded_drift(std::span<const std::uint16_t> row, std::span<const float> logits, TokenId next);

}  // namespace glim
