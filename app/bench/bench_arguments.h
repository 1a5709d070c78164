#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "app/flags.h"

namespace glim::app {

/// What the command line says to "bench". Lists are as written; bench_plan.h reads them.
struct BenchArguments {
  std::vector<std::string> models, prompts, generates, pairs, depths, batches, ubatches, threads, kv_types,
      mapped, gpu_layers, cpu_moe_layers, host_cache;
  std::vector<std::string> ignored;  ///< flags of llama-bench that change nothing here
  std::int32_t repetitions = 5;
  bool no_warm_up = false, self_test = false, latency = false, progress = false;
  std::string output = "md", backend = "auto", activations = "16bit";
  // many sequences at once
  std::vector<std::string> parallel;
  bool shared_prompt = false;
  std::int32_t max_seqs = 0, ctx = 0;  ///< 0: no limit
  std::string kv_budget;               ///< tokens, or bytes with a unit; empty: what memory holds
  // the gate
  std::string against, max_slowdown = "5%";
};

std::vector<Flag> bench_flags(BenchArguments& arguments);

/// Below the flags in the help.
std::string bench_footer();

}  // namespace glim::app
