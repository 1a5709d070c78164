#include <doctest/doctest.h>

#include <cstdlib>

#include "app/arguments.h"
#include "engine/base/error.h"

namespace glim::app {
namespace {

using Words = std::vector<std::string>;

Json value(const Arguments& arguments, const char* key) {
  const auto it = arguments.overrides.find(key);
  return it == arguments.overrides.end() ? Json() : it->second.value;
}

std::string failure(const Words& words) {
  try {
    parse_arguments(words);
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::E501);
    CHECK(exit_status(error.code()) == 2);
    return std::string(error.what()) + " | " + error.help();
  }
  return "no error";
}

}  // namespace

TEST_CASE("without a command the chat is meant") {
  CHECK(normalise_arguments({}) == Words{"chat"});
  CHECK(normalise_arguments({"-m", "x"}) == Words{"chat", "-m", "x"});
  CHECK(normalise_arguments({"run", "x"}) == Words{"run", "x"});
  CHECK(normalise_arguments({"--help"}) == Words{"--help"});
}

TEST_CASE("names of several letters behind one dash become long names") {
  CHECK(normalise_arguments({"run", "-ctk", "q8_0", "-ub=64", "-sys", "x"}) ==
        Words{"run", "--cache-type-k", "q8_0", "--ubatch-size=64", "--system-prompt", "x"});
  CHECK(normalise_arguments({"run", "--no-think"}) == Words{"run", "--think=off"});
  CHECK(normalise_arguments({"run", "--", "-ctk"}) == Words{"run", "--", "-ctk"});
}

TEST_CASE("colour, mouse and encoding: a flag beats its variable, both beat NO_COLOR") {
  CHECK(parse_arguments({}).color == "auto");
  setenv("NO_COLOR", "1", 1);
  CHECK(parse_arguments({}).color == "never");
  CHECK(parse_arguments({"--color", "always"}).color == "always");
  setenv("GLIM_COLOR", "always", 1);
  CHECK(parse_arguments({}).color == "always");
  CHECK(parse_arguments({"--color=never"}).color == "never");
  setenv("GLIM_COLOR", "red", 1);
  CHECK(failure({}).find("GLIM_COLOR = red is not allowed") == 0);
  unsetenv("GLIM_COLOR");
  unsetenv("NO_COLOR");
  CHECK(parse_arguments({"--no-mouse"}).mouse == "off");
  CHECK(parse_arguments({"--unicode", "on"}).unicode == "on");
  CHECK(failure({"--color", "auto always"}).find("--color = auto always is not allowed") == 0);
}

TEST_CASE("flags set profile keys and the last one counts") {
  const Arguments arguments =
      parse_arguments({"-m",        "x.gguf",     "-c", "4k",  "-ctk", "q8_0",  "--temp",
                       "0.5",       "--temp=0.7", "-s", "42",  "-n",   "-1",    "--backend",
                       "reference", "-t",         "2",  "-ub", "64",   "--set", "sampling.top_k=3",
                       "--set",     "min_p=0"});
  CHECK(arguments.command == "chat");
  CHECK(value(arguments, "model.path") == Json("x.gguf"));
  CHECK(value(arguments, "context.ctx") == Json("4k"));
  CHECK(value(arguments, "kv.type_k") == Json("q8_0"));
  CHECK(value(arguments, "sampling.temp") == Json(0.7));
  CHECK(value(arguments, "sampling.seed") == Json(42));
  CHECK(value(arguments, "sampling.max_tokens") == Json(-1));
  CHECK(value(arguments, "sampling.top_k") == Json(3));
  CHECK(value(arguments, "sampling.min_p") == Json(0));
  CHECK(value(arguments, "device.threads") == Json(2));
  CHECK(arguments.overrides.at("sampling.temp").origin == "--temp");
  CHECK(arguments.overrides.at("sampling.top_k").origin == "--set");
}

TEST_CASE("every -r adds a stop text") {
  const Arguments arguments = parse_arguments({"run", "-r", "a", "-r", "b", "x"});
  CHECK(value(arguments, "sampling.stop") == Json({"a", "b"}));
}

TEST_CASE("run takes its prompt from words and knows both meanings of --think") {
  const Arguments arguments =
      parse_arguments({"run", "--think", "off", "--think", "stderr", "what", "is", "it", "-o", "json"});
  CHECK(arguments.command == "run");
  CHECK(arguments.words == Words{"what", "is", "it"});
  CHECK(value(arguments, "chat.think") == Json("off"));
  CHECK(arguments.show_thinking == "stderr");
  CHECK(arguments.output == "json");
  CHECK(parse_arguments({"run", "--", "-x"}).words == Words{"-x"});
}

TEST_CASE("subcommands of subcommands are named with both words") {
  CHECK(parse_arguments({"profiles", "show", "spark", "--origin"}).command == "profiles show");
  const Arguments arguments =
      parse_arguments({"debug", "logits", "-m", "m", "--tokens", "1 2 3", "--out", "f", "--chunk", "8"});
  CHECK(arguments.command == "debug logits");
  CHECK(arguments.tokens == "1 2 3");
  CHECK(arguments.chunk == 8);
}

TEST_CASE("mistakes on the command line name the flag and what was probably meant") {
  CHECK(failure({"--ctx-sizes", "4"}) == "unknown flag --ctx-sizes | did you mean --ctx-size?");
  CHECK(failure({"runn"}) == "unknown command \"runn\" | did you mean run?");
  CHECK(failure({"--temp", "9"}).substr(0, 50).find("--temp: sampling.temp = 9 is out of range") == 0);
  CHECK(failure({"--set", "temp"}).find("\"=\" is missing") != std::string::npos);
  CHECK(failure({"--set", "tmep=1"}).find("did you mean \"temp\"?") != std::string::npos);
  CHECK(failure({"inspect"}) != "no error");
  CHECK(failure({"run", "-o", "yaml", "x"}) != "no error");
  CHECK(failure({"chat", "hello"}).find("unexpected argument \"hello\"") == 0);
  CHECK(failure({"--model"}) != "no error");
}

TEST_CASE("flags that change nothing here are accepted with a note") {
  const Arguments arguments = parse_arguments({"-fa", "on", "-ctv", "q8_0"});
  CHECK(arguments.notes.size() == 2);
  CHECK(arguments.notes[0].find("--flash-attn has no effect") == 0);
}

TEST_CASE("llama.cpp's words for what stays with the processor set keys of the profile") {
  const Arguments arguments = parse_arguments({"-ngl", "99", "-ncmoe", "12", "-nkvo"});
  CHECK(arguments.overrides.at("device.gpu_layers").value == 99);
  CHECK(arguments.overrides.at("device.cpu_moe_layers").value == 12);
  CHECK(arguments.overrides.at("kv.placement").value == "host");
  CHECK(parse_arguments({"-cmoe"}).overrides.at("device.cpu_moe_layers").value == 4096);
}

TEST_CASE("help and version are answers, not actions") {
  CHECK(parse_arguments({"--version"}).answer.find("glim ") == 0);
  CHECK(parse_arguments({"--help"}).answer.find("run") != std::string::npos);
  CHECK(parse_arguments({"run", "--help"}).answer.find("--temp") != std::string::npos);
  CHECK(parse_arguments({"debug", "logits", "--help"}).answer.find("--tokens") != std::string::npos);
}

TEST_CASE("variables of the environment lie below flags") {
  setenv("GLIM_TEMP", "0.3", 1);
  setenv("GLIM_CTX_SIZE", "512", 1);
  const Arguments arguments = parse_arguments({"--temp", "0.6"});
  CHECK(value(arguments, "sampling.temp") == Json(0.6));
  CHECK(value(arguments, "context.ctx") == Json(512));
  CHECK(arguments.overrides.at("context.ctx").origin == "GLIM_CTX_SIZE");
  unsetenv("GLIM_TEMP");
  unsetenv("GLIM_CTX_SIZE");
}

}  // namespace glim::app
