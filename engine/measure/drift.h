#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "engine/measure/text_model.h"

namespace glim {

/// How far a model's predictions are from those of another one on the same text. Every position of the second
/// half of each chunk counts once.
struct Drift {
  std::int64_t tokens = 0;          ///< positions that were compared
  double mean = 0, mean_error = 0;  ///< KL(base || model) in nats and its standard error
  double median = 0, percentile_99 = 0, largest = 0;
  double agreement = 0, agreement_error = 0;  ///< share of positions with the same likeliest token
  double perplexity = 0, base_perplexity = 0;
  double rms_delta_p = 0, rms_delta_p_error = 0;  ///< of the probability of the token that follows
};

struct DriftJob {
  EngineOptions base;                 ///< ctx is set by the chunks
  std::vector<EngineOptions> models;  ///< compared with `base`, one or more
  std::string text, name;             ///< what is read, and what it is called in messages
  ChunkRules chunks;
};

struct DriftWatcher {
  TextModel::GoOn go_on;  ///< asked between steps; false stops the comparison
  std::function<void(std::int32_t done, std::int32_t total)> chunk;
};

/// One for each of job.models; all models are in memory at once. Empty when it was stopped. Throws what
/// loading throws, E112 when the vocabularies differ. Exact softmax in double precision.
std::vector<Drift> measure_drift(const DriftJob& job, const DriftWatcher& watcher);

}  // namespace glim
