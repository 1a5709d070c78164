#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "engine/engine.h"
#include "engine/gguf/gguf_file.h"
#include "engine/model/kv_cache.h"
#include "engine/model/model.h"
#include "engine/text/tokenizer.h"

namespace glim {

/// A model that texts are run through from their beginning, without an engine's worker, sampling or chats.
/// One thread.
class TextModel {
 public:
  /// Puts a backend around the one that computes.
  using Wrap = std::function<std::unique_ptr<Backend>(std::unique_ptr<Backend>, const GgufFile&)>;
  /// The logits [V] of one position.
  using LogitsSink = std::function<void(std::int32_t position, std::span<const float> logits)>;
  /// Asked before every step; false stops the run.
  using GoOn = std::function<bool()>;

  /// `options.ctx` bounds the length of a text. Throws what loading throws, E603 for a length beyond the
  /// trained one, E901 when `go_on` says so.
  TextModel(const EngineOptions& options, const GoOn& go_on, const Wrap& wrap = {});

  const Tokenizer& tokenizer() const { return *tokenizer_; }
  const GgufFile& file() const { return *file_; }
  const ModelConfig& config() const { return model_->config(); }

  /// Runs `tokens` in an empty context; `sink` gets the logits of the positions from `first_logits` on.
  /// Returns false when it was stopped. Throws E403 when the file shrank or a logit is not finite.
  bool run(std::span<const TokenId> tokens, std::int32_t first_logits, const LogitsSink& sink,
           const GoOn& go_on);

  /// The same for texts that begin alike: what the one before and `tokens` have in common is not run again,
  /// unless its logits are asked for. Rounding can differ from run(), because steps begin elsewhere.
  bool run_on(std::span<const TokenId> tokens, std::int32_t first_logits, const LogitsSink& sink,
              const GoOn& go_on);

 private:
  /// Runs what `timeline` does not hold yet, which is at least the last token.
  bool extend(Timeline& timeline, std::span<const TokenId> tokens, std::int32_t first_logits,
              const LogitsSink& sink, const GoOn& go_on);
  void deliver(std::span<const float> logits, std::int32_t first, const LogitsSink& sink) const;

  std::unique_ptr<GgufFile> file_;
  std::unique_ptr<Backend> backend_;
  std::unique_ptr<Tokenizer> tokenizer_;
  std::unique_ptr<Model> model_;
  std::unique_ptr<KvCache> cache_;
  std::unique_ptr<Timeline> held_;  ///< of run_on
};

/// How a text is cut into pieces that are run one by one.
struct ChunkRules {
  std::int32_t size = 512;  ///< tokens, at least 4
  std::int32_t limit = 0;   ///< chunks; 0: all
  bool specials = false;    ///< text such as <|user|> becomes special tokens
};

/// Chunks of exactly `size` tokens; what is left over is dropped, but a text that is shorter than one chunk
/// makes one. The first token of every chunk is the vocabulary's beginning-of-text token where texts begin
/// with one. Throws E501 naming `name` when there are fewer than 4 tokens.
std::vector<std::vector<TokenId>> cut_text(const Tokenizer& tokenizer, std::string_view text,
                                           std::string_view name, const ChunkRules& rules);

}  // namespace glim
