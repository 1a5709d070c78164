#include "engine/measure/importance_run.h"

#include <algorithm>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/measure/distribution.h"
#include "engine/measure/recording_backend.h"

namespace glim {
namespace {

/// Where the chunks of the text are counted in `sums`; added when they are new.
std::size_t dataset_index(ActivationSums& sums, const std::string& dataset) {
  const auto found = std::find(sums.datasets.begin(), sums.datasets.end(), dataset);
  if (found != sums.datasets.end()) return static_cast<std::size_t>(found - sums.datasets.begin());
  if (sums.dataset_chunks.size() == sums.datasets.size()) sums.dataset_chunks.push_back(0);
  sums.datasets.push_back(dataset);
  return sums.datasets.size() - 1;
}

std::int32_t chunks_to_skip(const ImportanceJob& job, const ActivationSums& sums) {
  const std::string name = printable(job.dataset);
  const std::optional<std::int32_t> done = chunks_done(sums, job.dataset);
  if (!done)
    throw Error(ErrorCode::E501,
                name +
                    ": the importance matrix holds several texts and does not tell how much of this one; "
                    "write to another file");
  if (*done > 0 && sums.chunk_size > 0 && sums.chunk_size != job.chunks.size)
    throw Error(ErrorCode::E501,
                strf("%s: the importance matrix has it in chunks of %d tokens; continue with "
                     "--chunk %d or write to another file",
                     name.c_str(), sums.chunk_size, sums.chunk_size));
  return *done;
}

void check_same_model(const ActivationSums& sums, const GgufFile& file) {
  for (const auto& [name, entry] : sums.entries) {
    const GgufTensor* tensor = file.tensor(name);
    if (tensor != nullptr &&
        static_cast<std::uint64_t>(tensor->shape[0] * tensor->shape[2]) == entry.squares.size())
      continue;
    throw Error(ErrorCode::E112,
                strf("%s: it has no %s of %zu channels, which the importance matrix to be "
                     "continued has; use the model that it was made for or another output",
                     printable(file.path().string()).c_str(), printable(name).c_str(), entry.squares.size()));
  }
}

}  // namespace

std::optional<std::int32_t> chunks_done(const ActivationSums& sums, std::string_view dataset) {
  const auto found = std::find(sums.datasets.begin(), sums.datasets.end(), dataset);
  if (found == sums.datasets.end()) return 0;
  if (sums.dataset_chunks.size() != sums.datasets.size()) return std::nullopt;
  return sums.dataset_chunks[static_cast<std::size_t>(found - sums.datasets.begin())];
}

ImportanceProgress collect_importance(const ImportanceJob& job, ActivationSums& sums,
                                      const ImportanceWatcher& watcher) {
  const std::int32_t skipped = chunks_to_skip(job, sums);
  RecordingBackend* recorder = nullptr;
  EngineOptions options = job.engine;
  options.ctx = job.chunks.size;
  TextModel model(options, watcher.go_on, [&](std::unique_ptr<Backend> backend, const GgufFile& file) {
    auto made = std::make_unique<RecordingBackend>(std::move(backend), file,
                                                   RecordingBackend::Options{.output = job.output});
    recorder = made.get();
    return made;
  });
  check_same_model(sums, model.file());
  const auto chunks = cut_text(model.tokenizer(), job.text, job.dataset, job.chunks);
  const std::size_t dataset = dataset_index(sums, job.dataset);
  sums.chunk_size = job.chunks.size;
  ImportanceProgress progress{skipped, static_cast<std::int32_t>(chunks.size()), 0, 0};
  watcher.loaded(progress);
  PerplexityMeter perplexity;
  for (std::size_t i = static_cast<std::size_t>(skipped); i < chunks.size(); ++i) {
    const std::vector<TokenId>& chunk = chunks[i];
    const auto score = [&](std::int32_t position, std::span<const float> logits) {
      const auto next = static_cast<std::size_t>(position) + 1;
      if (position >= first_scored(chunk.size()) && next < chunk.size()) perplexity.add(logits, chunk[next]);
    };
    if (!model.run(chunk, job.output ? 0 : first_scored(chunk.size()), score, watcher.go_on)) break;
    sums.add(recorder->take(), model.file().path().string());
    ++sums.chunks;
    if (dataset < sums.dataset_chunks.size()) ++sums.dataset_chunks[dataset];
    ++progress.done, ++progress.fresh;
    progress.perplexity = perplexity.value();
    watcher.chunk(progress, sums);
  }
  return progress;
}

}  // namespace glim
