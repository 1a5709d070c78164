#pragma once

#include <functional>
#include <string>

#include "engine/engine.h"
#include "engine/measure/text_model.h"
#include "engine/quantize/activation_sums.h"

namespace glim {

struct ImportanceJob {
  EngineOptions engine;  ///< ctx is set by the chunks
  std::string text;
  std::string dataset;  ///< name of the text
  ChunkRules chunks;
  bool output = false;  ///< the output matrix too
};

struct ImportanceProgress {
  std::int32_t done = 0, total = 0;  ///< chunks of this text, those of earlier runs included
  std::int32_t fresh = 0;            ///< of them, done by this run
  double perplexity = 0;             ///< of the fresh chunks; 0 without any
};

/// What the run tells its owner.
struct ImportanceWatcher {
  TextModel::GoOn go_on;                                  ///< asked between steps; false stops the run
  std::function<void(const ImportanceProgress&)> loaded;  ///< before the first chunk
  /// After every chunk, with all sums so far.
  std::function<void(const ImportanceProgress&, const ActivationSums&)> chunk;
};

/// Chunks of the text that `sums` holds already; nothing when it holds several texts and does not tell.
std::optional<std::int32_t> chunks_done(const ActivationSums& sums, std::string_view dataset);

/// Runs the text through the model, every chunk in an empty context, and adds what the weights have seen to
/// `sums`; chunks that are in there already are skipped. Sums change by whole chunks only, also when the run
/// is stopped. Throws what loading throws; E112 when `sums` belongs to another model; E501 when it has chunks
/// of another size of this text.
ImportanceProgress collect_importance(const ImportanceJob& job, ActivationSums& sums,
                                      const ImportanceWatcher& watcher);

}  // namespace glim
