#include "app/compare/preparation.h"

#include <algorithm>
#include <exception>

#include "app/model_slot.h"
#include "app/store/fingerprint.h"
#include "app/store/provenance.h"
#include "engine/base/error.h"
#include "engine/base/fnv.h"
#include "engine/gguf/figures.h"
#include "engine/gguf/gguf_file.h"

namespace glim::app {
namespace {

class Hash {
 public:
  void add(std::string_view text) {
    value_ = fnv1a(text, value_);
    add(std::uint64_t{text.size()});  // a border, so that "ab" "c" differs from "a" "bc"
  }
  void add(std::uint64_t number) {
    value_ = fnv1a({reinterpret_cast<const char*>(&number), sizeof number}, value_);
  }
  std::uint64_t value() const { return value_ == 0 ? 1 : value_; }

 private:
  std::uint64_t value_ = fnv1a({});
};

std::uint64_t tokenizer_hash(const GgufFile& file) {
  Hash hash;
  for (const char* key : {"tokenizer.ggml.model", "tokenizer.ggml.pre"})
    hash.add(file.get_string(key).value_or(std::string_view()));
  for (const char* key : {"tokenizer.ggml.tokens", "tokenizer.ggml.merges"}) {
    const std::vector<std::string_view>* texts = file.get_strings(key);
    hash.add(texts == nullptr ? std::uint64_t{0} : texts->size());
    if (texts == nullptr) continue;
    for (const std::string_view text : *texts) hash.add(text);
  }
  return hash.value();
}

CompareError current_error() {
  try {
    throw;
  } catch (const Error& error) {
    return {error.code(), error.what(), error.help()};
  } catch (const std::exception& error) {
    return {ErrorCode::E101, error.what(), {}};
  }
}

}  // namespace

PaneFacts read_facts(const std::string& path) {
  PaneFacts facts;
  try {
    const GgufFile file(path);
    const ModelFigures numbers = figures(file);
    facts.file_bytes = file.file_bytes();
    facts.bits_per_weight = numbers.bits_per_weight();
    facts.format = quant_name(file);
    facts.architecture = file.get_string("general.architecture").value_or(std::string_view());
    facts.tokenizer_hash = tokenizer_hash(file);
    Hash text;
    text.add(file.get_string("tokenizer.chat_template").value_or(std::string_view()));
    facts.template_hash = text.value();
    facts.file_hash = fingerprint(file);
  } catch (const Error&) {
    // Whoever loads the file says what is wrong with it.
  }
  return facts;
}

Preparation::Preparation(std::vector<PaneSpec> specs, std::vector<bool> known, ModelPlaces places,
                         EngineSource& source)
    : specs_(std::move(specs)),
      known_(std::move(known)),
      places_(std::move(places)),
      source_(source),
      thread_([this] {
        for (std::size_t i = 0; i < specs_.size() && !cancelled_; ++i)
          if (!known_[i]) prepare(i);
        news_.push(Done{});
      }) {}

Preparation::~Preparation() {
  cancelled_ = true;
  thread_.join();
}

void Preparation::prepare(std::size_t pane) {
  try {
    ModelPlaces places = places_;
    PaneProgress last;
    places.making = [&](std::string_view what, std::uint64_t done, std::uint64_t total) {
      // Asked far more often than anybody looks.
      if (what != last.what || done >= total || done - last.done >= total / 100) {
        last = {std::string(what), done, total};
        news_.push(Progress{pane, last});
      }
      return !cancelled_;
    };
    Prepared prepared{pane, {}, {}, {}};
    prepared.options = engine_options(specs_[pane].profile, places, source_, prepared.plan);
    prepared.facts = read_facts(prepared.options.model);
    news_.push(std::move(prepared));
  } catch (...) {
    if (!cancelled_) news_.push(Refused{pane, current_error()});
  }
}

}  // namespace glim::app
