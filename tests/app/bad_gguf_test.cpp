#include <doctest/doctest.h>
#include <poll.h>
#include <sys/resource.h>

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "engine/engine.h"

using namespace glim;

namespace {

const std::string kFolder = GLIM_SOURCE_DIR "/tests/golden/bad_gguf/";

/// The error codes in which a class of the manifest may end.
const std::multimap<std::string, ErrorCode> kClasses = {
    {"E_IO", ErrorCode::E101},
    {"E_MAGIC", ErrorCode::E102},
    {"E_VERSION", ErrorCode::E103},
    {"E_ENDIAN", ErrorCode::E103},
    {"E_TRUNCATED", ErrorCode::E104},
    {"E_SPLIT", ErrorCode::E104},
    {"E_LIMIT", ErrorCode::E105},
    {"E_KV_KEY", ErrorCode::E105},
    {"E_KV_TYPE", ErrorCode::E105},
    {"E_KV_DUP", ErrorCode::E105},
    {"E_ALIGN", ErrorCode::E105},
    {"E_TENSOR_NAME", ErrorCode::E105},
    {"E_TENSOR_DUP", ErrorCode::E105},
    {"E_TENSOR_DIMS", ErrorCode::E105},
    {"E_TENSOR_OVERFLOW", ErrorCode::E105},
    {"E_TENSOR_BLOCK", ErrorCode::E105},
    {"E_TENSOR_OFFSET", ErrorCode::E105},
    {"E_TENSOR_OVERLAP", ErrorCode::E105},
    {"E_TENSOR_TYPE", ErrorCode::E111},
    {"E_ARCH", ErrorCode::E110},
    {"E_MISSING_KEY", ErrorCode::E112},
    {"E_MISSING_KEY", ErrorCode::E106},  // of the vocabulary
    {"E_MISSING_TENSOR", ErrorCode::E112},
    {"E_TENSOR_SHAPE", ErrorCode::E112},
    {"E_UNSUPPORTED_SHAPE", ErrorCode::E112},
    {"E_HPARAM", ErrorCode::E113},
    {"E_VOCAB", ErrorCode::E106},
    {"E_TEMPLATE", ErrorCode::E402},
    {"E_DATA", ErrorCode::E403},
};

struct Outcome {
  bool ok = false;
  ErrorCode code = ErrorCode::E101;
  std::string message;
};

Event next_event(Engine& engine) {
  for (;;) {
    if (std::optional<Event> event = engine.poll()) return std::move(*event);
    pollfd waiting{engine.wake_fd(), POLLIN, 0};
    REQUIRE_MESSAGE(::poll(&waiting, 1, 60'000) == 1, "the engine posted no event for a minute");
  }
}

Outcome failed(const Failed& failure) {
  return {false, failure.code, failure.message + failure.help};
}

/// Loads a file and chats with it for a few tokens, as the program does.
Outcome load_and_chat(const std::string& path) {
  EngineOptions options;
  options.model = path;
  options.threads = 2;
  options.batch = 16;
  const std::unique_ptr<Engine> engine = open_engine(options);
  for (;;) {
    const Event event = next_event(*engine);
    if (const Failed* failure = std::get_if<Failed>(&event)) return failed(*failure);
    if (std::holds_alternative<Ready>(event)) break;
  }
  Request request;
  try {
    ChatRequest chat;
    chat.messages.push_back({.role = "user", .content = "hi <|user|> <think>"});
    const Prompt prompt = engine->render(chat);
    request.tokens = prompt.tokens;
    request.start = prompt.start;
  } catch (const Error& error) {
    return {false, error.code(), error.what()};
  }
  request.max_tokens = 4;
  engine->generate(engine->open_sequence(), request);
  for (;;) {
    const Event event = next_event(*engine);
    if (const Failed* failure = std::get_if<Failed>(&event)) return failed(*failure);
    if (std::holds_alternative<Finished>(event)) return {true, {}, {}};
  }
}

bool accepted(const nlohmann::json& entry, const Outcome& outcome) {
  for (const std::string name : entry.at("accept")) {
    if (name == "OK" && outcome.ok) return true;
    const auto [first, last] = kClasses.equal_range(name);
    for (auto it = first; it != last; ++it) {
      if (!outcome.ok && it->second == outcome.code) return true;
    }
  }
  return false;
}

/// What a terminal must not receive: control characters, whatever the manifest names besides.
bool inert(const std::string& text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return false;
  }
  return true;
}

}  // namespace

TEST_CASE("every hostile file ends in the expected class of error or runs, in one readable line") {
  std::ifstream in(kFolder + "manifest.json");
  const nlohmann::json manifest = nlohmann::json::parse(in);
  int cases = 0;
  for (const nlohmann::json& entry : manifest.at("cases")) {
    const std::string file = entry.at("file");
    CAPTURE(file);
    const Outcome outcome = load_and_chat(kFolder + file);
    const std::string result =
        outcome.ok ? "OK" : std::string(error_name(outcome.code)) + " " + outcome.message;
    CAPTURE(result);
    CHECK(accepted(entry, outcome));
    CHECK(inert(outcome.message));
    if (!outcome.ok && outcome.code < ErrorCode::E401) {
      CHECK(outcome.message.find(file.substr(0, 8)) != std::string::npos);
      if (entry.contains("must_mention")) {
        CHECK(outcome.message.find(entry.at("must_mention").get<std::string>()) != std::string::npos);
      }
    }
    ++cases;
  }
  CHECK(cases > 70);
  // The tightest bound of the manifest is 256 MiB above what the test itself takes; sanitizers keep freed
  // memory.
#if !defined(__SANITIZE_ADDRESS__)
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  CHECK(usage.ru_maxrss < 256 * 1024);
#endif
}
