#include "engine/measure/drift.h"

#include <algorithm>
#include <iterator>
#include <memory>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/measure/distribution.h"
#include "engine/measure/drift_statistics.h"

namespace glim {
namespace {

Drift drift_of(const TextScore& score) {
  const DriftStatistics all = drift_statistics(score);
  Drift out;
  out.tokens = all.perplexity.tokens;
  out.mean = all.kld.mean.value;
  out.mean_error = all.kld.mean.error;
  out.median = all.kld.at(0.5);
  out.percentile_99 = all.kld.at(0.99);
  out.largest = all.kld.at(1);
  out.agreement = all.same_top.value;
  out.agreement_error = all.same_top.error;
  out.perplexity = all.perplexity.value.value;
  out.base_perplexity = all.base.value.value;
  out.rms_delta_p = all.rms_delta_p.value;
  out.rms_delta_p_error = all.rms_delta_p.error;
  return out;
}

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
  ScoredText text;
  text.chunks = cut_text(base->tokenizer(), job.text, job.name, job.chunks);
  text.first = first_scored(text.chunks.front().size());
  ModelBase predictions(*base, text);
  ScoreJob work{.text = &text, .base = &predictions, .go_on = watcher.go_on};
  for (const auto& model : models) work.models.push_back(model.get());
  work.chunk = [&](const std::vector<TextScore>& scores) {
    watcher.chunk(static_cast<std::int32_t>(scores.front().size()),
                  static_cast<std::int32_t>(text.chunks.size()));
  };
  const std::vector<TextScore> scores = score_text(work);
  std::vector<Drift> out;
  if (scores.front().size() < text.chunks.size()) return out;
  std::transform(scores.begin(), scores.end(), std::back_inserter(out), drift_of);
  return out;
}

}  // namespace glim
