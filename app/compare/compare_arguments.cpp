#include "app/compare/compare_arguments.h"

namespace glim::app {

std::vector<Flag> compare_flags(CompareArguments& arguments) {
  return {
      {"panes", &arguments.words, "MODEL", "",
       "two to four models or profiles; the first one is the reference"},
      {"-p,--prompt", &arguments.prompt, "TEXT", "", "what all of them are asked"},
      {"-f,--file", &arguments.prompt_file, "FILE", "", "read the prompt from a file, - is standard input"},
      {"--prompts", &arguments.prompt_set, "FILE", "",
       "a set of prompts: text with --- between them, JSON lines or TOML with id, prompt, system, tags, "
       "expect"},
      {"--reference", &arguments.reference, "PANE", "",
       "number or letter of the pane the others are measured by (1)"},
      {"--mode", &arguments.mode, "MODE", "auto,interleave,sequential",
       "all in memory and token by token in turn, or one after the other; auto: as they fit"},
      {"--kv", &arguments.kv_types, "TYPES", "", "one model with several KV cache types: f16,q8_0,q4_0"},
      {"--no-drift", &arguments.no_drift, "", "", "do not score the reference's answers"},
      {"--own-sampling", &arguments.own_sampling, "", "",
       "sample as each profile says; without, all are greedy unless --temp is given"},
      {"--gate", &arguments.gate, "RULES", "",
       "exit with status 8 unless all panes meet them: \"kld<0.03,tps>0.9x,smoke=all\""},
      {"--blind", &arguments.blind, "", "",
       "vote on the answers before names and figures are shown; without a screen votes are read from "
       "standard "
       "input"},
      {"--replay", &arguments.replay, "FILE.json", "",
       "make a comparison again that --report or -o json wrote, or the latest one: @last; say what has "
       "changed"},
      {"--report", &arguments.report, "FILE", "", "write a report: .md, .csv, .json or .html"},
      {"-o,--output", &arguments.output, "FORMAT", "text,json,jsonl", "text, json or jsonl"},
  };
}

}  // namespace glim::app
