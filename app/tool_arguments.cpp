#include "app/tool_arguments.h"

#include <algorithm>
#include <array>

#include "engine/base/text.h"

namespace glim::app {
namespace {

/// Several commands share most of their flags.
struct ToolFlag {
  std::string_view commands;  ///< names separated by commas
  std::string_view names;
  std::variant<bool ToolArguments::*, std::int32_t ToolArguments::*, std::string ToolArguments::*,
               std::vector<std::string> ToolArguments::*>
      member;
  std::string_view value, choices, help;
};

constexpr std::array kCommands = {
    ToolCommand{"quantize", "IN OUT TYPE", "write a model in another type; IN may be spark"},
    ToolCommand{"imatrix", "", "what the channels of a model's weights matter for a text"},
    ToolCommand{"debug write-shape", "SHAPE FILE", "write a model of true sizes with noise for weights"},
    ToolCommand{"debug drift", "MORE...", "how far a quant's predictions are from those of its base"},
};

constexpr std::array kFlags = {
    ToolFlag{"quantize", "--imatrix", &ToolArguments::imatrix, "FILE", "",
             "importance of the channels; the smallest types need it"},
    ToolFlag{"quantize", "--recipe", &ToolArguments::recipe, "NAME", "llama.cpp,bartowski",
             "whose mixture TYPE stands for: llama.cpp (default) or bartowski"},
    ToolFlag{"quantize", "--tensor-type", &ToolArguments::tensor_types, "PATTERN=TYPE", "",
             "format of the tensors whose names the regular expression is found in; the first one counts"},
    ToolFlag{"quantize", "--token-embedding-type", &ToolArguments::token_embedding, "TYPE", "",
             "format of token_embd"},
    ToolFlag{"quantize", "--output-tensor-type", &ToolArguments::output_tensor, "TYPE", "",
             "format of output"},
    ToolFlag{"quantize", "--pure", &ToolArguments::pure, "", "", "one format for all matrices, no mixture"},
    ToolFlag{"quantize", "--split-size", &ToolArguments::split_size, "SIZE", "",
             "write parts of at most this size: 4G, 500M"},
    ToolFlag{"quantize", "--dry-run", &ToolArguments::dry_run, "", "",
             "show formats and size and write nothing; IN may be a shape, OUT may be left out"},
    ToolFlag{"quantize,imatrix,debug drift", "-t,--threads", &ToolArguments::threads, "N", "",
             "threads to compute with"},
    ToolFlag{"quantize,debug drift", "--json", &ToolArguments::json, "", "", "report as JSON"},
    ToolFlag{"imatrix,debug drift", "-m,--model", &ToolArguments::model, "NAME", "", "the model"},
    ToolFlag{"debug drift", "--against", &ToolArguments::against, "NAME", "",
             "the base that the models are compared with"},
    ToolFlag{"imatrix,debug drift", "-f,--file", &ToolArguments::text_file, "TEXT", "",
             "the text, - is standard input"},
    ToolFlag{"imatrix", "-o,--output", &ToolArguments::out_file, "FILE", "",
             "write or continue this file; the older form when it ends in .dat"},
    ToolFlag{"imatrix,debug drift", "--chunk", &ToolArguments::chunk, "TOKENS", "",
             "length of the pieces that are run one by one (512)"},
    ToolFlag{"imatrix,debug drift", "--chunks", &ToolArguments::chunks, "N", "", "stop after as many"},
    ToolFlag{"imatrix,debug drift", "--special,--parse-special", &ToolArguments::specials, "", "",
             "read special tokens in the text as such"},
    ToolFlag{"imatrix", "--in-file", &ToolArguments::in_files, "FILE", "",
             "add the importance matrix of another run"},
    ToolFlag{"imatrix", "--process-output", &ToolArguments::process_output, "", "", "the output matrix too"},
    ToolFlag{"imatrix", "--save-every", &ToolArguments::save_every, "CHUNKS", "",
             "write the file so often (10)"},
    ToolFlag{"imatrix", "--show-statistics", &ToolArguments::show_statistics, "", "",
             "print a table of the tensors"},
    ToolFlag{"imatrix,debug drift", "--backend", &ToolArguments::backend, "NAME", "", "what computes"},
    ToolFlag{"debug drift", "--kv-type,--cache-type-k", &ToolArguments::kv_type, "TYPE", "",
             "KV cache of the models; the base has f16"},
};

}  // namespace

std::span<const ToolCommand> tool_commands() {
  return kCommands;
}

std::vector<Flag> tool_flags(std::string_view command, ToolArguments& arguments) {
  std::vector<Flag> out;
  for (const ToolFlag& flag : kFlags) {
    const std::vector<std::string> owners = split_words(flag.commands, ',');
    if (std::find(owners.begin(), owners.end(), command) == owners.end()) continue;
    std::visit(
        [&](auto member) {
          out.push_back({flag.names, &(arguments.*member), flag.value, flag.choices, flag.help});
        },
        flag.member);
  }
  return out;
}

}  // namespace glim::app
