#include "engine/measure/drift.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <numeric>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/measure/distribution.h"
#include "engine/measure/token_drift.h"

namespace glim {
namespace {

/// Logits of the base model at the scored positions of one chunk.
struct BaseRows {
  std::int32_t first = 0;
  std::vector<std::vector<float>> rows;
};

class DriftMeter {
 public:
  void add(std::span<const float> base, std::span<const float> logits, TokenId next) {
    const TokenDrift drift = token_drift(base, logits, next);
    divergences_.push_back(drift.kld);
    agreed_ += drift.same_top ? 1 : 0;
    base_perplexity_.add(base, next);
    perplexity_.add(logits, next);
  }

  Drift result() const {
    Drift out;
    if (divergences_.empty()) return out;
    const auto count = static_cast<double>(divergences_.size());
    out.tokens = std::ssize(divergences_);
    out.mean = std::accumulate(divergences_.begin(), divergences_.end(), 0.0) / count;
    double squares = 0;
    for (const double value : divergences_) squares += (value - out.mean) * (value - out.mean);
    if (count > 1) out.mean_error = std::sqrt(squares / (count - 1) / count);
    std::vector<double> sorted = divergences_;
    std::sort(sorted.begin(), sorted.end());
    out.median = sorted[sorted.size() / 2];
    out.percentile_99 = sorted[static_cast<std::size_t>(0.99 * (count - 1))];
    out.largest = sorted.back();
    out.agreement = static_cast<double>(agreed_) / count;
    out.agreement_error = std::sqrt(out.agreement * (1 - out.agreement) / count);
    out.perplexity = perplexity_.value();
    out.base_perplexity = base_perplexity_.value();
    return out;
  }

 private:
  std::vector<double> divergences_;
  std::int64_t agreed_ = 0;
  PerplexityMeter perplexity_, base_perplexity_;
};

void check_same_vocabulary(const TextModel& base, const TextModel& model, const DriftJob& job) {
  if (base.config().vocabulary == model.config().vocabulary &&
      cut_text(base.tokenizer(), job.text, job.name, job.chunks) ==
          cut_text(model.tokenizer(), job.text, job.name, job.chunks))
    return;
  throw Error(
      ErrorCode::E112,
      strf("%s and %s: the vocabularies differ; compare files of one and the same model",
           printable(model.file().path().string()).c_str(), printable(base.file().path().string()).c_str()));
}

}  // namespace

std::vector<Drift> measure_drift(const DriftJob& job, const DriftWatcher& watcher) {
  const auto open = [&](EngineOptions options) {
    options.ctx = job.chunks.size;
    return std::make_unique<TextModel>(options, watcher.go_on);
  };
  const auto base = open(job.base);
  std::vector<std::unique_ptr<TextModel>> models;
  for (const EngineOptions& options : job.models) {
    models.push_back(open(options));
    check_same_vocabulary(*base, *models.back(), job);
  }
  std::vector<DriftMeter> meters(models.size());
  const auto chunks = cut_text(base->tokenizer(), job.text, job.name, job.chunks);
  std::int32_t done = 0;
  for (const std::vector<TokenId>& chunk : chunks) {
    BaseRows exact{first_scored(chunk.size()), {}};
    // The last position predicts a token that is not there.
    const auto inputs = std::span(chunk).first(chunk.size() - 1);
    const auto keep = [&](std::int32_t, std::span<const float> logits) {
      exact.rows.emplace_back(logits.begin(), logits.end());
    };
    if (!base->run(inputs, exact.first, keep, watcher.go_on)) return {};
    for (std::size_t i = 0; i < models.size(); ++i) {
      const auto compare = [&](std::int32_t position, std::span<const float> logits) {
        meters[i].add(exact.rows[static_cast<std::size_t>(position - exact.first)], logits,
                      chunk[static_cast<std::size_t>(position) + 1]);
      };
      if (!models[i]->run(inputs, exact.first, compare, watcher.go_on)) return {};
    }
    watcher.chunk(++done, static_cast<std::int32_t>(chunks.size()));
  }
  std::vector<Drift> out;
  for (const DriftMeter& meter : meters) out.push_back(meter.result());
  return out;
}

}  // namespace glim
