#pragma once

#include <atomic>
#include <functional>
#include <memory>

#include "engine/engine.h"
#include "engine/gguf/gguf_file.h"
#include "engine/model/model.h"
#include "engine/tensor/backend.h"
#include "engine/text/chat_template.h"
#include "engine/text/tokenizer.h"

namespace glim {

/// One model ready to run: the file, the backend that holds its weights, its vocabulary and its chat
/// template. Members are destroyed in reverse order, so the weights go before the backend and the mapping.
struct LoadedModel {
  std::unique_ptr<GgufFile> file;
  std::unique_ptr<Backend> backend;
  std::unique_ptr<Tokenizer> tokenizer;
  std::unique_ptr<ChatTemplate> chat_template;
  std::unique_ptr<Model> model;
  ModelCard card;
};

using LoadProgress = std::function<void(const Loading&)>;

/// Loads everything but the KV cache. Throws E101-E113, E201, E301; E901 soon after `cancelled` becomes true.
LoadedModel load(const EngineOptions& options, const LoadProgress& progress,
                 const std::atomic<bool>& cancelled);

/// The prompt of `request` as tokens. Text that came from outside the template never becomes a special token.
Prompt render_prompt(const LoadedModel& loaded, const ChatRequest& request);

}  // namespace glim
