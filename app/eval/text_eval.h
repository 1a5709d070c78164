#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "app/job.h"
#include "app/measure_job.h"
#include "engine/measure/text_score.h"

namespace glim::app {

/// What models made of one text.
struct TextResult {
  std::string text;  ///< its name
  std::string base;  ///< what predictions were compared with; empty: nothing
  std::vector<std::string> models;
  std::vector<TextScore> scores;  ///< one for each model
  /// Whether the positions of `scores` are those of the first model: else no ratio can be given.
  bool same_tokens = true;
  std::size_t chunks = 0, chunk_tokens = 0;  ///< of the whole text
  bool complete = true;
  struct Saved {
    std::string file;
    double noise_mean = 0, noise_max = 0;
  };
  std::optional<Saved> saved;
};

/// Options of the model `name` for pieces of `ctx` tokens. Throws E101, E501.
EngineOptions eval_options(const Job& job, const std::string& name, std::int32_t ctx);

/// The names of -m. Throws E501 without any.
std::vector<std::string> eval_models(const Job& job);

/// Whether the command line asks for perplexity or divergence.
bool asks_for_text(const EvalArguments& arguments);

/// One result for each text, those of a run that was stopped among them. Throws E501 for flags that do not go
/// together, E112 for vocabularies that differ, and what loading and reading throw.
std::vector<TextResult> evaluate_texts(const Job& job, StopOnSignal& stop);

/// As a table for people, with everything that is known of each model below it; as JSON.
std::string text_table(const TextResult& result);
nlohmann::ordered_json text_json(const TextResult& result);

}  // namespace glim::app
