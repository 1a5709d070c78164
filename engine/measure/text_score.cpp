#include "engine/measure/text_score.h"

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/measure/distribution.h"

namespace glim {
namespace {

TokenDrift scored_alone(std::span<const float> logits, TokenId next) {
  TokenDrift out;
  out.rank = rank_of(logits, next);
  out.log_p = static_cast<double>(logits[static_cast<std::size_t>(next)]) - log_sum_exp(logits);
  return out;
}

/// Runs `chunk` through one model; nothing when it was stopped.
std::vector<TokenDrift> score_chunk(const ScoreJob& job, std::size_t model, std::size_t chunk) {
  std::vector<TokenDrift> out;
  const auto sink = [&](std::size_t row, std::span<const float> logits, TokenId next) {
    if (job.row && model == 0) job.row(row, logits, next);
    out.push_back(job.base != nullptr ? job.base->compare(row, logits, next) : scored_alone(logits, next));
  };
  if (!run_chunk(*job.models[model], *job.text, chunk, sink, job.go_on)) out.clear();
  return out;
}

}  // namespace

ScoredText cut_scored_text(const Tokenizer& tokenizer, std::string_view text, std::string_view name,
                           const ChunkRules& rules) {
  const std::vector<TokenId> tokens =
      tokenizer.encode_prompt(text, rules.specials ? Specials::all : Specials::user_defined);
  const auto size = static_cast<std::size_t>(rules.size);
  if (tokens.size() < 2 * size)
    throw Error(ErrorCode::E501,
                strf("%s: the text has %zu tokens, less than two chunks of %zu; give a longer one or smaller "
                     "chunks with -c",
                     printable(name).c_str(), tokens.size(), size));
  const std::size_t limit = rules.limit > 0 ? static_cast<std::size_t>(rules.limit) : tokens.size();
  ScoredText out;
  out.first = first_scored(size);
  for (std::size_t at = 0; at + size <= tokens.size() && out.chunks.size() < limit; at += size) {
    const auto begin = tokens.begin() + static_cast<std::ptrdiff_t>(at);
    out.chunks.emplace_back(begin, begin + rules.size);
  }
  return out;
}

bool run_chunk(TextModel& model, const ScoredText& text, std::size_t chunk, const RowSink& sink,
               const TextModel::GoOn& go_on) {
  std::vector<TokenId> tokens = text.chunks[chunk];
  const Tokenizer& tokenizer = model.tokenizer();
  if (text.starts_texts && tokenizer.adds_bos()) tokens.front() = *tokenizer.bos();
  const auto place = [&](std::int32_t position, std::span<const float> logits) {
    sink(static_cast<std::size_t>(position - text.first), logits,
         tokens[static_cast<std::size_t>(position) + 1]);
  };
  // The last position predicts a token that is not there.
  return model.run(std::span(tokens).first(tokens.size() - 1), text.first, place, go_on);
}

bool ModelBase::prepare(std::size_t chunk, const TextModel::GoOn& go_on) {
  rows_.clear();
  const auto keep = [this](std::size_t, std::span<const float> logits, TokenId) {
    rows_.insert(rows_.end(), logits.begin(), logits.end());
  };
  return run_chunk(model_, text_, chunk, keep, go_on);
}

TokenDrift ModelBase::compare(std::size_t row, std::span<const float> logits, TokenId next) const {
  return token_drift(std::span(rows_).subspan(row * logits.size(), logits.size()), logits, next);
}

std::vector<TextScore> score_text(const ScoreJob& job) {
  std::vector<TextScore> scores(job.models.size());
  for (std::size_t chunk = 0; chunk < job.text->chunks.size(); ++chunk) {
    if (job.base != nullptr && !job.base->prepare(chunk, job.go_on)) return scores;
    std::vector<std::vector<TokenDrift>> fresh;
    for (std::size_t model = 0; model < job.models.size(); ++model) {
      fresh.push_back(score_chunk(job, model, chunk));
      if (fresh.back().empty()) return scores;
    }
    for (std::size_t model = 0; model < scores.size(); ++model)
      scores[model].push_back(std::move(fresh[model]));
    if (job.chunk) job.chunk(scores);
  }
  return scores;
}

}  // namespace glim
