#include "engine/sample/sampler.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <utility>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/sample/portable_math.h"
#include "engine/sample/truncation.h"

namespace glim {
namespace {

std::uint64_t new_seed() {
  std::random_device device;
  return (std::uint64_t{device()} << 32) | device();
}

SamplerOptions checked(SamplerOptions options) {
  check(options);
  return options;
}

bool is_penalty(SamplerStage stage) {
  return stage == SamplerStage::penalties || stage == SamplerStage::dry;
}

}  // namespace

Sampler::Sampler(SamplerOptions options, SamplerVocab vocab)
    : options_(checked(std::move(options))),
      vocab_(std::move(vocab)),
      seed_(options_.seed ? *options_.seed : new_seed()),
      random_(seed_),
      repetition_(vocab_.rows),
      dry_(vocab_.rows, vocab_.breakers) {
  check_vocab();
}

void Sampler::check_vocab() const {
  const auto exists = [&](TokenId id) { return id >= 0 && static_cast<std::size_t>(id) < vocab_.rows; };
  GLIM_ASSERT(vocab_.rows > 0);
  GLIM_ASSERT(std::all_of(vocab_.never.begin(), vocab_.never.end(), exists));
  for (const auto& [id, bias] : options_.logit_bias) {
    if (exists(id)) continue;
    throw Error(ErrorCode::E603, strf("sampling.logit_bias: there is no token %d; the vocabulary ends at %zu",
                                      id, vocab_.rows - 1));
  }
}

TokenId Sampler::pick(std::span<const float> logits, std::span<const TokenId> history) {
  GLIM_ASSERT(logits.size() == vocab_.rows);
  const double total = log_sum_exp(logits);
  if (!std::isfinite(total)) {
    throw Error(ErrorCode::E403, "model produced non-finite values; its weights or its file are damaged");
  }
  assign(logits);
  // Two numbers per pick, used or not, so that switching a stage on does not shift the later ones.
  const Context context{history, random_.uniform(2 * picks_)};
  const double chance = random_.uniform(2 * picks_ + 1);
  ++picks_;
  Candidate picked;
  if (options_.temp <= 0) {
    picked = greedy(context);
  } else {
    for (const SamplerStage stage : options_.order) run(stage, context);
    picked = draw(chance);
  }
  logprob_ = static_cast<float>(static_cast<double>(logits[static_cast<std::size_t>(picked.id)]) - total);
  return picked.id;
}

void Sampler::assign(std::span<const float> logits) {
  candidates_.assign(logits);
  for (const TokenId id : vocab_.never) candidates_.forbid(id);
  for (const auto& [id, bias] : options_.logit_bias) candidates_.add_bias(id, bias);
  if (!std::isfinite(candidates_.best().logit)) {
    throw Error(ErrorCode::E603,
                "sampling.logit_bias: no token is left to choose from; remove some of the biases");
  }
}

void Sampler::run(SamplerStage stage, const Context& context) {
  switch (stage) {
    case SamplerStage::penalties:
      return repetition_.apply(candidates_, context.history, options_);
    case SamplerStage::dry:
      return dry_.apply(candidates_, context.history, options_);
    case SamplerStage::top_n_sigma:
      return top_n_sigma(candidates_, options_.top_n_sigma);
    case SamplerStage::top_k:
      return top_k(candidates_, options_.top_k);
    case SamplerStage::typ_p:
      return typical_p(candidates_, options_.typical_p);
    case SamplerStage::top_p:
      return top_p(candidates_, options_.top_p);
    case SamplerStage::min_p:
      return min_p(candidates_, options_.min_p);
    case SamplerStage::xtc:
      return exclude_top_choices(candidates_, options_.xtc_probability, options_.xtc_threshold,
                                 context.chance);
    case SamplerStage::temperature:
      return apply_temperature(candidates_, options_);
  }
}

Candidate Sampler::greedy(const Context& context) {
  for (const SamplerStage stage : options_.order) {
    if (is_penalty(stage)) run(stage, context);
  }
  const Candidate best = candidates_.best();
  choices_.assign(1, best);
  log_total_ = static_cast<double>(best.logit);
  return best;
}

Candidate Sampler::draw(double chance) {
  const Candidates::Weights weights = candidates_.weights();
  const auto items = candidates_.items();
  choices_.assign(items.begin(), items.end());
  log_total_ = static_cast<double>(weights.max) + portable_log(weights.sum);
  const double target = chance * weights.sum;
  double sum = 0;
  std::size_t last = 0;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (!(weights.each[i] > 0)) continue;
    last = i;
    sum += static_cast<double>(weights.each[i]);
    if (sum > target) break;
  }
  return items[last];
}

float Sampler::probability(TokenId id) const {
  const auto at =
      std::lower_bound(choices_.begin(), choices_.end(), id,
                       [](const Candidate& choice, TokenId wanted) { return choice.id < wanted; });
  if (at == choices_.end() || at->id != id) return 0;
  return static_cast<float>(portable_exp(static_cast<double>(at->logit) - log_total_));
}

}  // namespace glim
