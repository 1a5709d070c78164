#include "app/bench/bench_arguments.h"

namespace glim::app {

std::vector<Flag> bench_flags(BenchArguments& a) {
  return {
      {"-m,--model", &a.models, "NAMES", "", "models: files, folders, spark:q4_k_m, shape:NAME:TYPE, ..."},
      {"-p,--n-prompt", &a.prompts, "N", "", "prompt lengths (512); 0 is none"},
      {"-n,--n-gen", &a.generates, "N", "", "tokens fed one by one (128); 0 is none"},
      {"--pg", &a.pairs, "P,N", "", "-pg: a prompt and an answer timed together"},
      {"-d,--n-depth", &a.depths, "N", "", "tokens in the cache before the clock starts (0)"},
      {"-r,--repetitions", &a.repetitions, "N", "", "how often each test is run (5)"},
      {"-b,--batch-size", &a.batches, "N", "", "rows of a prompt between two logits (2048)"},
      {"--ubatch-size", &a.ubatches, "N", "", "-ub: rows of one step (512)"},
      {"-t,--threads", &a.threads, "N", "", "threads to compute with (one per core)"},
      {"--cache-type-k,--kv-type", &a.kv_types, "TYPE", "", "-ctk: formats of the KV cache (f16)"},
      {"--mmap", &a.mapped, "0|1", "", "-mmp: 1 leaves weights in the mapped file on the processor (0)"},
      {"--gpu-layers,--n-gpu-layers", &a.gpu_layers, "N", "",
       "-ngl: layers that a graphics card takes, the output being one (all)"},
      {"--n-cpu-moe", &a.cpu_moe_layers, "N", "", "-ncmoe: layers whose experts the processor keeps (0)"},
      {"--no-kv-offload", &a.host_cache, "0|1", "", "-nkvo: 1 has the KV cache in main memory (0)"},
      {"--activations", &a.activations, "BITS", "",
       "what the processor multiplies weights with: 16bit, 8bit (16bit)"},
      {"--no-warmup", &a.no_warm_up, "", "", "start the clock at once; experts are estimated, not counted"},
      {"-o,--output", &a.output, "FORMAT", "md,csv,json,jsonl,sql", "form of the rows (md)"},
      {"--backend,--device", &a.backend, "NAME", "", "what computes"},
      {"--progress", &a.progress, "", "", "lines of progress where standard error is no terminal"},
      {"--parallel", &a.parallel, "N", "", "sequences at once: a table in the form of llama-batched-bench"},
      {"--shared-prompt", &a.shared_prompt, "", "", "of --parallel: all sequences go on from one prompt"},
      {"--max-seqs", &a.max_seqs, "N", "", "of --parallel: most sequences; others are not run, and why"},
      {"-c,--ctx-size", &a.ctx, "TOKENS", "", "of --parallel: longest sequence"},
      {"--kv-budget", &a.kv_budget, "TOKENS|SIZE", "", "of --parallel: all sequences together: 131072, 4G"},
      {"--latency", &a.latency, "", "", "time to the first token through template and sampler"},
      {"--against", &a.against, "FILE", "", "gate: compare with the rows of an earlier -o json or jsonl"},
      {"--max-slowdown", &a.max_slowdown, "PERCENT", "", "of --against: what is allowed (5%)"},
      {"--selftest", &a.self_test, "", "", "how fast this machine reads memory"},
      {"--flash-attn,--cache-type-v", &a.ignored, "X", "", "-fa, -ctv: accepted for llama-bench's sake"},
  };
}

std::string bench_footer() {
  return "Lists take commas, repetition and ranges: 128-512, 128-512+128, 128-512*2. Every combination is "
         "run.\n"
         "The gate: a row fails when its rate is lower than before by more than --max-slowdown and\n"
         "mean + deviation of now stays below mean - deviation of before, so that noise alone does not fail "
         "it.\n"
         "Rows belong together when model type and size, test, -b, -ub, -t and -ctk are the same. Exit "
         "status 8\n"
         "names the rows that failed; also when no row at all could be compared.";
}

}  // namespace glim::app
