#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "engine/measure/text_model.h"
#include "engine/measure/token_drift.h"

namespace glim {

/// Pieces of a text, run one by one in an empty context, and which of their predictions count.
struct ScoredText {
  std::vector<std::vector<TokenId>> chunks;  ///< all of the same length
  std::int32_t first = 0;  ///< the first position of a chunk whose prediction counts; the last never does
  bool starts_texts =
      true;  ///< the first token gives way to that which begins texts, if the vocabulary has it

  /// Predictions of one chunk that count.
  std::size_t rows() const {
    return chunks.empty() ? 0 : chunks.front().size() - 1 - static_cast<std::size_t>(first);
  }
};

/// As llama-perplexity cuts texts: chunks of exactly `rules.size` tokens that do not overlap, the rest is
/// dropped, predictions count from the middle of a chunk on. Throws E501 naming `name` for a text of less
/// than two chunks.
ScoredText cut_scored_text(const Tokenizer& tokenizer, std::string_view text, std::string_view name,
                           const ChunkRules& rules);

/// Gets the logits [V] of one prediction and the token that follows; `row` counts from 0 in every chunk.
using RowSink = std::function<void(std::size_t row, std::span<const float> logits, TokenId next)>;

/// Runs one chunk; false when it was stopped. Throws what TextModel::run throws.
bool run_chunk(TextModel& model, const ScoredText& text, std::size_t chunk, const RowSink& sink,
               const TextModel::GoOn& go_on);

/// The predictions that others are compared with.
class BasePredictions {
 public:
  virtual ~BasePredictions() = default;
  virtual const ScoredText& text() const = 0;
  virtual std::int64_t vocabulary() const = 0;
  /// Makes the rows of `chunk` ready; false when it was stopped.
  virtual bool prepare(std::size_t chunk, const TextModel::GoOn& go_on) = 0;
  /// `logits` [vocabulary()] against row `row` of the prepared chunk.
  virtual TokenDrift compare(std::size_t row, std::span<const float> logits, TokenId next) const = 0;
};

/// Those of a model that runs beside the others. Model and text outlive it.
class ModelBase final : public BasePredictions {
 public:
  ModelBase(TextModel& model, const ScoredText& text) : model_(model), text_(text) {}
  const ScoredText& text() const override { return text_; }
  std::int64_t vocabulary() const override { return model_.config().vocabulary; }
  bool prepare(std::size_t chunk, const TextModel::GoOn& go_on) override;
  TokenDrift compare(std::size_t row, std::span<const float> logits, TokenId next) const override;

 private:
  TextModel& model_;
  const ScoredText& text_;
  std::vector<float> rows_;  ///< [rows][vocabulary] of the prepared chunk
};

/// What a model made of a text, chunk by chunk.
using TextScore = std::vector<std::vector<TokenDrift>>;

struct ScoreJob {
  std::vector<TextModel*> models = {};  ///< not owned
  const ScoredText* text = nullptr;
  BasePredictions* base = nullptr;  ///< null: only log_p and rank are known
  RowSink row = {};                 ///< also gets every prediction of the first model
  TextModel::GoOn go_on = {};       ///< asked between steps
  /// Called when all models have run the chunk that is the last of every score.
  std::function<void(const std::vector<TextScore>&)> chunk = {};
};

/// One score for each model, of the chunks that all of them have run; when it was stopped these are fewer
/// than the text has. Throws what running throws.
std::vector<TextScore> score_text(const ScoreJob& job);

}  // namespace glim
