#include "engine/sample/candidates.h"

#include <algorithm>
#include <array>

#include "engine/base/error.h"
#include "engine/sample/portable_math.h"

namespace glim {
namespace {

constexpr float kNever = -std::numeric_limits<float>::infinity();
constexpr float kLargest = std::numeric_limits<float>::max();

// Keys are differences of logits or of surprises. 1024 buckets of 1/32 reach down to probabilities of e^-32.
constexpr std::size_t kBuckets = 1024;
constexpr float kBucketsPerUnit = 32;

std::size_t bucket_of(float key) {
  return static_cast<std::size_t>(std::min(key * kBucketsPerUnit, static_cast<float>(kBuckets - 1)));
}

}  // namespace

float bounded_logit(double logit) {
  constexpr double kLimit = static_cast<double>(kLargest);
  return static_cast<float>(std::clamp(logit, -kLimit, kLimit));
}

void TokenMarks::clear() {
  for (const TokenId id : marked_) values_[static_cast<std::size_t>(id)] = 0;
  marked_.clear();
}

bool TokenMarks::mark(TokenId id, std::uint32_t value) {
  if (id < 0 || static_cast<std::size_t>(id) >= values_.size() || value == 0) return false;
  if (values_[static_cast<std::size_t>(id)] == 0) marked_.push_back(id);
  return true;
}

void TokenMarks::add(TokenId id, std::uint32_t value) {
  if (mark(id, value)) values_[static_cast<std::size_t>(id)] += value;
}

void TokenMarks::raise(TokenId id, std::uint32_t value) {
  if (!mark(id, value)) return;
  std::uint32_t& old = values_[static_cast<std::size_t>(id)];
  old = std::max(old, value);
}

void Candidates::assign(std::span<const float> logits) {
  logits_.resize(logits.size());
  std::transform(logits.begin(), logits.end(), logits_.begin(),
                 [](float logit) { return ((logit >= -kLargest) & (logit <= kLargest)) ? logit : kNever; });
  items_.clear();
  dense_ = true;
}

void Candidates::add_bias(TokenId id, float bias) {
  GLIM_ASSERT(dense_);
  float& logit = logits_[static_cast<std::size_t>(id)];
  if (logit == kNever || bias == kNever) {
    logit = kNever;
  } else {
    logit = bounded_logit(static_cast<double>(logit) + static_cast<double>(bias));
  }
}

void Candidates::forbid(TokenId id) {
  GLIM_ASSERT(dense_);
  logits_[static_cast<std::size_t>(id)] = kNever;
}

void Candidates::settle() {
  if (!dense_) return;
  dense_ = false;
  items_.resize(logits_.size());
  std::size_t count = 0;
  for (std::size_t i = 0; i < logits_.size(); ++i) {
    items_[count] = {logits_[i], static_cast<TokenId>(i)};
    count += logits_[i] > kNever ? 1 : 0;
  }
  items_.resize(count);
}

std::span<Candidate> Candidates::items() {
  settle();
  return items_;
}

Candidate Candidates::best() {
  if (dense_) {
    const float max = highest(logits_);
    const auto at = std::find(logits_.begin(), logits_.end(), max);
    GLIM_ASSERT(at != logits_.end());
    return {max, static_cast<TokenId>(at - logits_.begin())};
  }
  GLIM_ASSERT(!items_.empty());
  return *std::max_element(items_.begin(), items_.end(),
                           [](const Candidate& a, const Candidate& b) { return a.logit < b.logit; });
}

Candidates::Weights Candidates::weights() {
  settle();
  weights_.resize(items_.size());
  for (std::size_t i = 0; i < items_.size(); ++i) weights_[i] = items_[i].logit;
  const float max = highest(weights_);
  const double sum = exponentials(weights_, max, weights_);
  return {weights_, sum, max};
}

void Candidates::keep_beginning(std::span<const float> keys, std::span<const float> amounts, double target) {
  settle();
  GLIM_ASSERT(keys.size() == items_.size() && amounts.size() == items_.size());
  target = std::max(target, std::numeric_limits<double>::min());  // at least one amount
  std::array<double, kBuckets> sums{};
  for (std::size_t i = 0; i < keys.size(); ++i) sums[bucket_of(keys[i])] += static_cast<double>(amounts[i]);
  std::size_t cut = 0;
  double sum = 0;
  while (cut < kBuckets && sum + sums[cut] < target) sum += sums[cut++];
  if (cut == kBuckets) return;  // not even all of them reach the target

  border_.clear();
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (bucket_of(keys[i]) == cut) border_.emplace_back(keys[i], i);
  }
  std::sort(border_.begin(), border_.end());
  std::pair<float, std::size_t> last{-1.0f, 0};  // before everything
  for (const auto& at : border_) {
    last = at;
    sum += static_cast<double>(amounts[at.second]);
    if (sum >= target) break;
  }
  keep_if([&](std::size_t i) {
    const std::size_t bucket = bucket_of(keys[i]);
    return bucket < cut || (bucket == cut && std::pair(keys[i], i) <= last);
  });
}

}  // namespace glim
