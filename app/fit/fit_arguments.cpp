#include "app/fit/fit_arguments.h"

namespace glim::app {

std::vector<Flag> fit_flags(FitArguments& a) {
  return {
      {"words", &a.words, "MODEL...", "",
       "files, folders, shapes: shape:glm-4.7-flash:q4_k_m, shape:glm-4.7-flash:*, spark:*"},
      {"-m,--model", &a.models, "NAMES", "", "the same, with commas between names"},
      {"-P,--profile", &a.profile, "NAME", "", "the model, context, KV type and step size of a profile"},
      {"--profiles", &a.profiles_file, "FILE", "", "read only this file of profiles"},
      {"--vram,--card,--memory", &a.memory, "SIZE", "",
       "plan for a device with this much memory instead of what is free here: 24G (= 24 GiB), 24GB, 16384M"},
      {"-c,--ctx-size", &a.contexts, "TOKENS", "", "contexts: 65536, 64k, max, or several with commas"},
      {"--kv-type,--cache-type-k", &a.kv_types, "TYPES", "", "types of the KV cache, with commas"},
      {"--backend,--device", &a.backend, "NAME", "", "what is to compute: its memory is planned for"},
      {"--gpu-layers,--n-gpu-layers", &a.gpu_layers, "N", "",
       "-ngl: layers that a graphics card takes, the output being one"},
      {"--n-cpu-moe,--cpu-moe-layers", &a.cpu_moe_layers, "N", "",
       "-ncmoe: layers whose experts the processor keeps; auto: as few as fit"},
      {"--no-kv-offload", &a.host_cache, "", "", "-nkvo: the KV cache lies in main memory"},
      {"--parallel", &a.parallel, "N", "", "conversations that are held at once"},
      {"--ubatch-size", &a.ubatch, "TOKENS", "", "tokens of a prompt that are computed together"},
      {"--history", &a.history, "", "", "planned and actual memory of all loads so far"},
      {"--json", &a.json, "", "", "report as JSON"},
  };
}

}  // namespace glim::app
