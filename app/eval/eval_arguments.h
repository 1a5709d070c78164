#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "app/eval/suite_arguments.h"
#include "app/flags.h"

namespace glim::app {

/// What the command line says to "eval".
struct EvalArguments {
  std::string model;  ///< one or more names with commas between them
  std::string backend = "auto", kv_type = "f16";
  std::int32_t threads = 0, batch = 256;
  bool json = false;

  // perplexity and divergence
  std::vector<std::string> texts;
  std::string against, kl, save_logits, tokens;
  bool reads_base = false;  ///< --kl-divergence: the file of --kl-divergence-base is read, not written
  bool specials = false;
  std::int32_t chunk = 0;  ///< 0: 512; of suites it is the context
  std::int32_t chunks = 0, top_k = 0, from = 1;

  std::int32_t chunk_tokens() const { return chunk == 0 ? 512 : chunk; }

  // tests with questions: where they are
  std::string hellaswag, winogrande, choices, mmlu, arc, gsm8k, samples;
  std::string examples, items;
  std::int32_t limit = -1, shots = -1;  ///< -1: as the definition of the test says
  std::int32_t max_length = 0;          ///< tokens; 0: what the model was trained for
  std::vector<std::string> results;     ///< two files of --items

  SuiteArguments suite;  ///< what only scenarios have
};

std::vector<Flag> eval_flags(EvalArguments& arguments);

}  // namespace glim::app
