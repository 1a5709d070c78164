#pragma once

#include <array>
#include <string>
#include <string_view>

#include "app/arguments.h"

namespace glim::app {

// The words of the command line, read by arguments.cpp.

/// A flag that sets a profile key. Flags of the sampler are not listed: they are called as their keys.
struct KeyFlag {
  std::string_view names;
  std::string_view key;
  std::string_view value;
};

inline constexpr std::array kKeyFlags = {
    KeyFlag{"-m,--model", "model.path", "NAME"},
    KeyFlag{"--alias", "model.alias", "TEXT"},
    KeyFlag{"--backend", "backend", "NAME"},
    KeyFlag{"--device", "device.name", "NAME"},
    KeyFlag{"-t,--threads", "device.threads", "N"},
    KeyFlag{"--gpu-layers,--n-gpu-layers", "device.gpu_layers", "N"},
    KeyFlag{"--n-cpu-moe,--cpu-moe-layers", "device.cpu_moe_layers", "N"},
    KeyFlag{"--kv-placement", "kv.placement", "PLACE"},
    KeyFlag{"--activations", "device.activations", "BITS"},
    KeyFlag{"--mmap", "model.mmap", "BOOL"},
    KeyFlag{"-c,--ctx-size", "context.ctx", "TOKENS"},
    KeyFlag{"--ubatch-size", "context.ubatch", "TOKENS"},
    KeyFlag{"--kv-type,--cache-type-k", "kv.type_k", "TYPE"},
    KeyFlag{"-n,--predict", "sampling.max_tokens", "N"},
    KeyFlag{"-r,--reverse-prompt", "sampling.stop", "TEXT"},
    KeyFlag{"--system,--system-prompt", "chat.system", "TEXT"},
    KeyFlag{"--system-prompt-file", "chat.system_file", "FILE"},
    KeyFlag{"--chat-template,--chat-template-file", "chat.template", "NAME"},
    KeyFlag{"--template-vars", "chat.template_vars", "JSON"},
    KeyFlag{"--reasoning", "chat.think", "MODE"},
    KeyFlag{"--reasoning-budget", "chat.think_budget", "TOKENS"},
};

/// A flag without a value that gives a profile key one.
struct SetFlag {
  std::string_view names, key, value;
  const char* help;
};
inline constexpr std::array kSetFlags = {
    SetFlag{"--cpu-moe", "device.cpu_moe_layers", "4096", "the processor keeps the experts of all layers"},
    SetFlag{"--no-kv-offload", "kv.placement", "host", "the KV cache lies in main memory"},
};

/// Names that people know from llama.cpp, whose single dash CLI11 would read as a row of one-letter flags.
struct ShortName {
  std::string_view written, meant;
};
inline constexpr std::array kShortNames = {
    ShortName{"-ctk", "--cache-type-k"},
    ShortName{"-dev", "--device"},
    ShortName{"-ctv", "--cache-type-v"},
    ShortName{"-ub", "--ubatch-size"},
    ShortName{"-sys", "--system-prompt"},
    ShortName{"-ngl", "--gpu-layers"},
    ShortName{"-ncmoe", "--n-cpu-moe"},
    ShortName{"-cmoe", "--cpu-moe"},
    ShortName{"-nkvo", "--no-kv-offload"},
    ShortName{"-sysf", "--system-prompt-file"},
    ShortName{"-pg", "--pg"},
    ShortName{"-mmp", "--mmap"},
    ShortName{"-fa", "--flash-attn"},
    ShortName{"-rea", "--reasoning"},
};

struct Ineffective {
  std::string_view names;
  const char* why;
};
inline constexpr std::array kIneffective = {
    Ineffective{"--flash-attn", "attention never stores its scores here, there is nothing to switch"},
    Ineffective{"--cache-type-v", "this model family keeps its values inside the keys; use --cache-type-k"},
    Ineffective{"-b,--batch-size", "the rows of one step are set by --ubatch-size"},
};

/// What the full screen may use. Each has a variable of the same name: GLIM_COLOR.
struct ScreenFlag {
  const char* name;
  std::string Arguments::*member;
  std::string_view choices;
  const char* help;
};
inline constexpr std::array kScreenFlags = {
    ScreenFlag{"--color", &Arguments::color, "auto always never", "colours; NO_COLOR=1 turns them off too"},
    ScreenFlag{"--mouse", &Arguments::mouse, "on off", "off: the mouse selects text as in any terminal"},
    ScreenFlag{"--unicode", &Arguments::unicode, "auto on", "on: UTF-8, whatever the locale says"},
};

inline constexpr auto kSubcommands = std::to_array<std::string_view>(
    {"chat", "run", "compare", "bench", "eval", "report", "inspect", "fit", "quantize", "convert", "imatrix",
     "profiles", "results", "devices", "debug", "paths"});

}  // namespace glim::app
