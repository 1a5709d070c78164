#include "engine/loaded_model.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <utility>

#include "engine/base/text.h"
#include "engine/gguf/figures.h"
#include "engine/gguf/model_kind.h"
#include "engine/model_backend.h"
#include "engine/model_source.h"
#include "engine/plan.h"
#include "engine/text/vocab.h"

namespace glim {
namespace {

/// The type that holds most of the bytes, as people write it: "Q4_K".
std::string main_format(const GgufFile& file) {
  std::map<QuantType, std::uint64_t> bytes;
  for (const GgufTensor& tensor : file.tensors()) bytes[tensor.type] += tensor.bytes;
  const auto most = std::max_element(bytes.begin(), bytes.end(),
                                     [](const auto& a, const auto& b) { return a.second < b.second; });
  if (most == bytes.end()) return "empty";
  std::string name(quant(most->first).name);
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::toupper(c); });
  return name;
}

/// What the file recommends goes before the built-in defaults.
SamplerOptions recommended_sampling(const GgufFile& file) {
  SamplerOptions options;
  for (const SamplerField& field : kSamplerFields) {
    const std::string key = "general.sampling." + std::string(field.name);
    const std::optional<double> value = file.get_float(key);
    if (value && *value >= field.low && *value <= field.high) field.set(options, *value);
  }
  return options;
}

void describe(LoadedModel& loaded) {
  const ModelFigures numbers = figures(*loaded.file);
  ModelCard& card = loaded.card;
  const ModelConfig& config = loaded.model->config();
  card.name = config.name;
  card.architecture = config.architecture;
  card.format = main_format(*loaded.file);
  card.parameters = numbers.parameters;
  card.active_parameters = numbers.active_parameters;
  card.file_bytes = loaded.file->file_bytes();
  card.bytes_per_token = numbers.token_bytes;
  card.vocabulary = config.vocabulary;
  card.thinks = loaded.chat_template->supports_thinking();
  card.template_origin = loaded.chat_template->origin();
  if (!loaded.chat_template->reason().empty()) card.notes.push_back(loaded.chat_template->reason());
  if (const std::string note = noise_note(*loaded.file); !note.empty()) card.notes.push_back(note);
  card.sampling = recommended_sampling(*loaded.file);
  card.notes.insert(card.notes.end(), config.notes.begin(), config.notes.end());
  card.notes.insert(card.notes.end(), loaded.file->warnings().begin(), loaded.file->warnings().end());
}

}  // namespace

LoadedModel load(const EngineOptions& options, const LoadProgress& progress,
                 const std::atomic<bool>& cancelled) {
  LoadedModel loaded;
  progress({LoadStage::header, 0, 1});
  loaded.file = open_model(options.model);
  check_is_model(*loaded.file);
  ModelBackend made = make_model_backend(*loaded.file, options);
  loaded.backend = std::move(made.backend);
  progress({LoadStage::tokenizer, 0, 1});
  VocabData vocab = read_vocab(*loaded.file);
  loaded.card.notes = vocab.warnings;
  loaded.tokenizer = std::make_unique<Tokenizer>(std::move(vocab));
  loaded.chat_template =
      std::make_unique<ChatTemplate>(choose_template(*loaded.file, *loaded.tokenizer, options.chat_template));
  const auto report = [&](std::uint64_t done, std::uint64_t total) {
    progress({LoadStage::weights, done, total});
    return !cancelled.load();
  };
  fill_weights(*loaded.file, options.threads, report);
  loaded.model = load_model(*loaded.file, *loaded.backend, step_limits(options),
                            [&](std::uint64_t done, std::uint64_t total, std::string_view) {
                              // What has just been written is in memory: there is nothing to watch.
                              return loaded.file->in_memory() ? !cancelled.load() : report(done, total);
                            });
  loaded.file->check_intact();
  describe(loaded);
  if (!made.note.empty()) loaded.card.notes.push_back(made.note);
  return loaded;
}

Prompt render_prompt(const LoadedModel& loaded, const ChatRequest& request) {
  ChatTemplate::Rendered rendered = loaded.chat_template->render(request);
  Prompt prompt;
  prompt.notice = std::move(rendered.notice);
  prompt.start = rendered.start;
  prompt.reply = rendered.reply;
  std::vector<TextSegment> parts;
  for (const Segment& segment : rendered.segments) {
    parts.push_back({segment.text, segment.from_user ? Specials::none : Specials::all});
  }
  prompt.tokens = loaded.tokenizer->encode(parts);
  if (const std::optional<TokenId> bos = loaded.tokenizer->bos();
      loaded.tokenizer->adds_bos() && (prompt.tokens.empty() || prompt.tokens.front() != *bos)) {
    prompt.tokens.insert(prompt.tokens.begin(), *bos);
  }
  prompt.text = std::move(rendered.segments);
  return prompt;
}

}  // namespace glim
