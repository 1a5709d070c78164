#include "app/report/report_arguments.h"

namespace glim::app {

std::vector<Flag> report_flags(ReportArguments& arguments) {
  return {
      {"models", &arguments.models, "MODELS", "",
       "files, folders, shapes, spark types; shape:NAME:* is all types"},
      {"-c,--ctx-size", &arguments.contexts, "TOKENS", "", "contexts to plan memory for: 8192,65536"},
      {"-f,--file", &arguments.text_file, "TEXT", "", "text to measure quality on, - is standard input"},
      {"--prompts", &arguments.prompt_set, "FILE", "",
       "ask a set of prompts, as compare does, and report the answers"},
      {"-n,--predict", &arguments.answer_tokens, "TOKENS", "", "length of an answer at most (256)"},
      {"--reference", &arguments.reference, "NAME", "",
       "what the others are compared with; else the most bits"},
      {"--baseline", &arguments.baselines, "NAME", "", "a row that percentages are given against"},
      {"-r,--repetitions", &arguments.repetitions, "N", "", "of every speed (5)"},
      {"-d,--n-depth", &arguments.depths, "TOKENS", "",
       "speeds with so many tokens in the context: 4096,32768"},
      {"--parallel", &arguments.streams, "N", "", "throughput with so many streams: 1,8,16"},
      {"--chunk", &arguments.chunk, "TOKENS", "", "length of the pieces of the text (512)"},
      {"--chunks", &arguments.chunks, "N", "", "read no more pieces than this"},
      {"--kv-type,--cache-type-k", &arguments.kv_type, "TYPE", "",
       "KV cache; the reference has f16 for quality"},
      {"-t,--threads", &arguments.threads, "N", "", "threads to compute with"},
      {"--backend,--device", &arguments.backend, "NAME", "", "what computes"},
      {"-o,--output", &arguments.outputs, "FILE", "", "write the report; .md, .csv, .json or .html"},
      {"--json", &arguments.json, "", "", "JSON on standard output instead of tables"},
      {"--quick", &arguments.quick, "", "", "short tests, once each"},
      {"--speed", &arguments.speed, "", "", "measure every shape that fits, however long it takes"},
      {"--no-speed", &arguments.no_speed, "", "", "load nothing for speed; estimates where possible"},
      {"--no-quality", &arguments.no_quality, "", "", "leave the text alone"},
      {"--fresh", &arguments.fresh, "", "", "measure again what is stored"},
  };
}

}  // namespace glim::app
