#pragma once

#include <doctest/doctest.h>
#include <poll.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/engine.h"

namespace glim {

inline const std::string kModel = GLIM_SOURCE_DIR "/tests/golden/model/glm-mini-Q8_0.gguf";

inline EngineOptions small_options() {
  EngineOptions options;
  options.model = kModel;
  options.ctx = 256;
  options.threads = 2;
  return options;
}

/// Sleeps until the next event. Fails the test after a minute without one.
inline Event next_event(Engine& engine) {
  for (;;) {
    if (std::optional<Event> event = engine.poll()) return std::move(*event);
    pollfd waiting{engine.wake_fd(), POLLIN, 0};
    REQUIRE_MESSAGE(::poll(&waiting, 1, 60'000) == 1, "the engine posted no event for a minute");
  }
}

/// Drops events until one of type T comes. Fails the test when the engine reports a failure instead.
template <typename T>
T wait_for(Engine& engine) {
  for (;;) {
    Event event = next_event(engine);
    if (T* wanted = std::get_if<T>(&event)) return std::move(*wanted);
    if (const Failed* failed = std::get_if<Failed>(&event)) FAIL(failed->message);
  }
}

inline std::unique_ptr<Engine> ready_engine(const EngineOptions& options = small_options()) {
  std::unique_ptr<Engine> engine = open_engine(options);
  wait_for<Ready>(*engine);
  return engine;
}

struct Answer {
  std::vector<TokenId> tokens;
  std::string text;
  Finished finished;
};

inline Answer wait_for_reply(Engine& engine, SequenceId sequence) {
  Answer reply;
  for (;;) {
    Event event = next_event(engine);
    if (const Failed* failed = std::get_if<Failed>(&event)) FAIL(failed->message);
    if (const Piece* piece = std::get_if<Piece>(&event); piece && piece->sequence == sequence) {
      reply.tokens.push_back(piece->id);
      reply.text += piece->text;
    }
    if (const Finished* finished = std::get_if<Finished>(&event);
        finished && finished->sequence == sequence) {
      reply.finished = *finished;
      reply.text += finished->text;
      return reply;
    }
  }
}

inline Request request_of(std::vector<TokenId> tokens, std::int32_t max_tokens = 12) {
  Request request;
  request.tokens = std::move(tokens);
  request.max_tokens = max_tokens;
  request.ignore_eos = true;
  request.sampling.temp = 0;
  return request;
}

inline Answer generate(Engine& engine, SequenceId sequence, Request request) {
  engine.generate(sequence, std::move(request));
  return wait_for_reply(engine, sequence);
}

}  // namespace glim
