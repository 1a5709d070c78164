#include "engine/measure/text_model.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/gguf/model_kind.h"
#include "engine/model_backend.h"
#include "engine/model_source.h"
#include "engine/plan.h"
#include "engine/text/vocab.h"

namespace glim {
namespace {

constexpr std::size_t kFewestTokens = 4;

void check_length(const EngineOptions& options, const ModelConfig& config) {
  if (options.ctx >= 1 && options.ctx <= config.trained_context) return;
  throw Error(ErrorCode::E603, strf("chunks of %d tokens: %s was trained for %d; use a value from %zu to %d",
                                    options.ctx, printable(config.name).c_str(), config.trained_context,
                                    kFewestTokens, config.trained_context));
}

}  // namespace

TextModel::TextModel(const EngineOptions& options, const GoOn& go_on, const Wrap& wrap)
    : file_(open_model(options.model)) {
  check_is_model(*file_);
  check_length(options, read_config(*file_));
  backend_ = make_model_backend(*file_, options).backend;
  if (wrap) backend_ = wrap(std::move(backend_), *file_);
  tokenizer_ = std::make_unique<Tokenizer>(read_vocab(*file_));
  fill_weights(*file_, options.threads, [&](std::uint64_t, std::uint64_t) { return go_on(); });
  model_ = load_model(*file_, *backend_, std::min(options.batch, options.ctx),
                      [&](std::uint64_t, std::uint64_t, std::string_view) { return go_on(); });
  cache_ = std::make_unique<KvCache>(model_->config(), *backend_, options.kv_type, kv_blocks(options.ctx));
  file_->check_intact();
}

bool TextModel::run(std::span<const TokenId> tokens, std::int32_t first_logits, const LogitsSink& sink,
                    const GoOn& go_on) {
  if (held_) held_->truncate(0);
  Timeline timeline(*cache_);
  return extend(timeline, tokens, first_logits, sink, go_on);
}

bool TextModel::run_on(std::span<const TokenId> tokens, std::int32_t first_logits, const LogitsSink& sink,
                       const GoOn& go_on) {
  if (!held_) held_ = std::make_unique<Timeline>(*cache_);
  const auto last = static_cast<std::int32_t>(tokens.size()) - 1;
  held_->truncate(std::min({held_->common_prefix(tokens), first_logits, last}));
  if (extend(*held_, tokens, first_logits, sink, go_on)) return true;
  held_->truncate(0);
  return false;
}

bool TextModel::extend(Timeline& timeline, std::span<const TokenId> tokens, std::int32_t first_logits,
                       const LogitsSink& sink, const GoOn& go_on) {
  const auto size = static_cast<std::size_t>(model_->max_rows());
  for (auto at = static_cast<std::size_t>(timeline.length()); at < tokens.size(); at += size) {
    if (!go_on()) return false;
    const auto part = tokens.subspan(at, std::min(size, tokens.size() - at));
    const std::int32_t start = timeline.length(), count = static_cast<std::int32_t>(part.size());
    const bool held = timeline.extend(part);
    GLIM_ASSERT(held);
    std::vector<Row> rows;
    for (const TokenId token : part)
      rows.push_back({token, start + static_cast<std::int32_t>(rows.size()), 0});
    const std::int32_t first = std::clamp(first_logits - start, 0, count);
    std::vector<std::int32_t> wanted(static_cast<std::size_t>(count - first));
    std::iota(wanted.begin(), wanted.end(), first);
    const std::span<const std::int32_t> blocks = timeline.blocks();
    const std::span<const float> logits = model_->forward({rows, {&blocks, 1}}, wanted, *cache_);
    file_->check_intact();
    deliver(logits, start + first, sink);
  }
  return true;
}

void TextModel::deliver(std::span<const float> logits, std::int32_t first, const LogitsSink& sink) const {
  const auto width = static_cast<std::size_t>(model_->config().vocabulary);
  for (std::size_t i = 0; i * width < logits.size(); ++i) {
    const std::span<const float> row = logits.subspan(i * width, width);
    if (!std::all_of(row.begin(), row.end(), [](float value) { return std::isfinite(value); }))
      throw Error(ErrorCode::E403, printable(file_->path().string()) +
                                       ": the model produced values that are not finite; check the file "
                                       "with glim inspect or fetch it again");
    sink(first + static_cast<std::int32_t>(i), row);
  }
}

std::vector<std::vector<TokenId>> cut_text(const Tokenizer& tokenizer, std::string_view text,
                                           std::string_view name, const ChunkRules& rules) {
  GLIM_ASSERT(rules.size >= static_cast<std::int32_t>(kFewestTokens) && rules.limit >= 0);
  const std::vector<TokenId> tokens =
      tokenizer.encode_prompt(text, rules.specials ? Specials::all : Specials::none);
  if (tokens.size() < kFewestTokens)
    throw Error(ErrorCode::E501, strf("%s: the text has %zu tokens; give one of at least %zu, better of many "
                                      "thousands",
                                      printable(name).c_str(), tokens.size(), kFewestTokens));
  const auto size = std::min(static_cast<std::size_t>(rules.size), tokens.size());
  const auto limit = rules.limit > 0 ? static_cast<std::size_t>(rules.limit) : tokens.size();
  std::vector<std::vector<TokenId>> chunks;
  for (std::size_t at = 0; at + size <= tokens.size() && chunks.size() < limit; at += size) {
    chunks.emplace_back(tokens.begin() + static_cast<std::ptrdiff_t>(at),
                        tokens.begin() + static_cast<std::ptrdiff_t>(at + size));
    if (tokenizer.adds_bos()) chunks.back().front() = *tokenizer.bos();
  }
  return chunks;
}

}  // namespace glim
