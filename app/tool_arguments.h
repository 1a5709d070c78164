#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "app/flags.h"

namespace glim::app {

/// What the command line says to the commands that make and measure files.
struct ToolArguments {
  std::vector<std::string> words;  ///< without flags: files, names, types
  std::string imatrix, recipe = "llama.cpp", token_embedding, output_tensor, split_size;
  std::vector<std::string> tensor_types;
  std::int32_t threads = 0;  ///< 0: as many as there are
  bool pure = false, dry_run = false, json = false;

  // of the commands that run texts through models
  std::string model, against, backend = "auto", kv_type = "f16", text_file, out_file;
  std::vector<std::string> in_files;
  std::int32_t chunk = 512, chunks = 0, save_every = 10;  ///< tokens; how many, 0 is all; chunks
  bool specials = false, process_output = false, show_statistics = false;
};

struct ToolCommand {
  std::string_view name;   ///< "quantize", "debug write-shape"
  std::string_view words;  ///< what stands behind it
  std::string_view help;
};

std::span<const ToolCommand> tool_commands();
std::vector<Flag> tool_flags(std::string_view command, ToolArguments& arguments);

}  // namespace glim::app
