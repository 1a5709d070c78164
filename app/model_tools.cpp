#include "app/model_tools.h"

#include <charconv>
#include <fstream>
#include <iterator>

#include "app/requests.h"
#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/text/chat_template.h"

namespace glim::app {
namespace {

std::string read_all(std::istream& stream) {
  return {std::istreambuf_iterator<char>(stream), {}};
}

std::vector<TokenId> parse_tokens(std::string_view text) {
  std::vector<TokenId> tokens;
  while (!text.empty()) {
    if (text.front() == ' ' || text.front() == ',' || text.front() == '\n' || text.front() == '[' ||
        text.front() == ']') {
      text.remove_prefix(1);
      continue;
    }
    TokenId id = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
    if (error != std::errc() || id < 0)
      throw Error(ErrorCode::E501, "--tokens: \"" + printable(text, 20) +
                                       "\" is no token id; write numbers with blanks between");
    tokens.push_back(id);
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  }
  if (tokens.empty()) throw Error(ErrorCode::E501, "--tokens: there is no token");
  return tokens;
}

}  // namespace

LoadedEngine open_for(const ModelJob& job, EventWaiter& waiter) {
  LoadedEngine loaded;
  const EngineOptions options = engine_options(job.profile, job.places, job.source, loaded.plan);
  loaded.engine = open_and_wait(job.source, options, waiter);
  for (const std::string& note : loaded.plan.notes) say(job.console, note);
  job.profile = make_profile(job.profile.name, job.settings, loaded.engine->card().sampling);
  return loaded;
}

int debug_tokenize(const ModelJob& job) {
  const std::string text = read_all(job.console.in);
  EventWaiter waiter(&job.signals, std::nullopt);
  const LoadedEngine loaded = open_for(job, waiter);
  write_out(job.console, Json(loaded.engine->tokenize(text, job.arguments.specials)).dump() + "\n");
  return 0;
}

int debug_render(const ModelJob& job) {
  const ChatRequest request = chat_request_from_json(read_all(job.console.in));
  std::string prompt;
  if (!job.arguments.template_file.empty()) {
    std::ifstream stream(job.arguments.template_file, std::ios::binary);
    if (!stream)
      throw Error(ErrorCode::E501,
                  printable(job.arguments.template_file) + ": cannot read the template; check the path");
    prompt = render_source(read_all(stream), request);
  } else {
    EventWaiter waiter(&job.signals, std::nullopt);
    const LoadedEngine loaded = open_for(job, waiter);
    prompt = joined(loaded.engine->render(request).text);
  }
  write_out(job.console, prompt);
  return 0;
}

int debug_logits(const ModelJob& job) {
  const std::vector<TokenId> tokens = parse_tokens(job.arguments.tokens);
  if (job.arguments.chunk > 0) job.profile.ubatch = job.arguments.chunk;
  EventWaiter waiter(&job.signals, std::nullopt);
  const LoadedEngine loaded = open_for(job, waiter);
  Engine& engine = *loaded.engine;
  const SequenceId sequence = engine.open_sequence();
  engine.score(sequence, {.tokens = tokens, .keep_logits = true});
  for (;;) {
    const auto next = waiter.next(engine);
    if (const auto* interrupted = std::get_if<EventWaiter::Interrupted>(&next)) return interrupted->status;
    const Event& event = std::get<Event>(next);
    if (const auto* failed = std::get_if<Failed>(&event))
      throw Error(failed->code, failed->message, failed->help);
    const auto* scored = std::get_if<Scored>(&event);
    if (scored == nullptr) continue;
    std::ofstream file(job.arguments.out_file, std::ios::binary);
    file.write(reinterpret_cast<const char*>(scored->logits.data()),
               static_cast<std::streamsize>(scored->logits.size() * sizeof(float)));
    if (!file.flush())
      throw Error(ErrorCode::E701, printable(job.arguments.out_file) +
                                       ": cannot write the logits; check the path and the disk");
    return 0;
  }
}

}  // namespace glim::app
