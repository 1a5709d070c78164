#include "engine/sample/repetition.h"

#include <algorithm>
#include <cmath>

#include "engine/base/error.h"
#include "engine/sample/portable_math.h"

namespace glim {

std::span<const TokenId> last_tokens(std::span<const TokenId> history, int count) {
  return count < 0 ? history : history.last(std::min(history.size(), static_cast<std::size_t>(count)));
}

void RepetitionPenalty::apply(Candidates& candidates, std::span<const TokenId> history,
                              const SamplerOptions& options) {
  const bool off =
      options.repeat_penalty == 1 && options.presence_penalty == 0 && options.frequency_penalty == 0;
  if (off) return;
  counts_.clear();
  for (const TokenId id : last_tokens(history, options.repeat_last_n)) counts_.add(id, 1);
  const auto factor = static_cast<double>(options.repeat_penalty);
  const auto once = static_cast<double>(options.presence_penalty),
             each = static_cast<double>(options.frequency_penalty);
  candidates.change(counts_, [&](float logit, std::uint32_t count) {
    // Weakening means towards minus infinity, on either side of zero.
    const double weakened =
        logit <= 0 ? static_cast<double>(logit) * factor : static_cast<double>(logit) / factor;
    return weakened - count * each - once;
  });
}

DryPenalty::DryPenalty(std::size_t tokens, std::vector<std::vector<TokenId>> breakers)
    : breakers_(std::move(breakers)), lengths_(tokens) {
  for (const auto& breaker : breakers_) GLIM_ASSERT(!breaker.empty());
  std::sort(breakers_.begin(), breakers_.end());
}

void DryPenalty::apply(Candidates& candidates, std::span<const TokenId> history,
                       const SamplerOptions& options) {
  if (options.dry_multiplier == 0 || options.dry_base < 1) return;
  const auto shortest = static_cast<std::size_t>(std::max(options.dry_allowed_length, 0));
  const std::span<const TokenId> text = last_tokens(history, options.dry_penalty_last_n);
  if (text.size() <= shortest) return;
  const std::size_t limit = tokens_since_breaker(text);
  if (limit < shortest) return;
  measure(text, limit, shortest);

  const auto base = static_cast<double>(options.dry_base),
             multiplier = static_cast<double>(options.dry_multiplier);
  // Beyond this the power would leave the range of floats.
  const double most = base > 1.000001 ? 88.7228391 / portable_log(base) : 0;
  candidates.change(lengths_, [&](float logit, std::uint32_t mark) {
    const double exponent = std::min(static_cast<double>(mark - 1 - shortest), most > 0 ? most : 1e9);
    return static_cast<double>(logit) - multiplier * portable_pow(base, exponent);
  });
}

/// How far back from the end the text goes without a breaker; all of it when there is none.
std::size_t DryPenalty::tokens_since_breaker(std::span<const TokenId> text) const {
  for (std::size_t begin = text.size(); begin-- > 0;) {
    const std::span<const TokenId> rest = text.subspan(begin);
    std::size_t longest = 0;
    for (const auto& breaker : breakers_from(rest[0])) {
      const bool here =
          breaker.size() <= rest.size() && std::equal(breaker.begin(), breaker.end(), rest.begin());
      if (here) longest = std::max(longest, breaker.size());
    }
    if (longest > 0) return rest.size() - longest;
  }
  return text.size();
}

/// Marks each token with the longest earlier match of the text's end that it followed. The Z algorithm on the
/// reversed text gives all matches in linear time (Gusfield 1997, section 1.4).
void DryPenalty::measure(std::span<const TokenId> text, std::size_t limit, std::size_t shortest) {
  const std::size_t n = text.size();
  const auto from_end = [&](std::size_t i) { return text[n - 1 - i]; };
  lengths_.clear();
  matches_.assign(n, 0);
  std::size_t begin = 0, end = 0;  // the match that reaches farthest back so far
  for (std::size_t k = 1; k < n; ++k) {
    std::size_t length = k < end ? std::min(end - k, matches_[k - begin]) : 0;
    while (k + length < n && from_end(length) == from_end(k + length)) ++length;
    matches_[k] = length;
    if (k + length > end) begin = k, end = k + length;
    const std::size_t usable = std::min(length, limit);
    const TokenId next = from_end(k - 1);
    if (usable >= shortest && !is_breaker(next)) lengths_.raise(next, static_cast<std::uint32_t>(usable + 1));
  }
}

std::span<const std::vector<TokenId>> DryPenalty::breakers_from(TokenId first) const {
  const auto before = [](const std::vector<TokenId>& breaker, TokenId id) { return breaker[0] < id; };
  const auto begin = std::lower_bound(breakers_.begin(), breakers_.end(), first, before);
  auto end = begin;
  while (end != breakers_.end() && (*end)[0] == first) ++end;
  return {begin, end};
}

bool DryPenalty::is_breaker(TokenId id) const {
  const auto breakers = breakers_from(id);
  return !breakers.empty() && breakers[0].size() == 1;  // sorted, so the shortest comes first
}

}  // namespace glim
