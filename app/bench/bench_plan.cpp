#include "app/bench/bench_plan.h"

#include <algorithm>

#include "app/bench/number_list.h"
#include "app/model_list.h"
#include "engine/backends.h"
#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/quant/cache_types.h"

namespace glim::app {
namespace {

constexpr std::int32_t kMostTokens = 1 << 20, kMostRows = 65536, kMostThreads = 256;
constexpr std::size_t kMostTests = 10000;

std::vector<std::int32_t> numbers(const std::vector<std::string>& words, const NumberRange& range,
                                  std::int32_t otherwise) {
  return words.empty() ? std::vector{otherwise} : numbers_from(words, range);
}

std::vector<QuantType> cache_types_from(const std::vector<std::string>& lists) {
  std::vector<QuantType> out;
  for (const std::string& list : lists)
    for (const std::string& word : split_words(list, ',')) {
      const auto type = quant_from_name(word);
      if (!type || !is_cache_type(*type))
        throw Error(ErrorCode::E501, "--cache-type-k " + printable(word) + " is no format of the KV cache",
                    "allowed: " + std::string(kCacheTypeNames));
      out.push_back(*type);
    }
  return out.empty() ? std::vector{QuantType::f16} : out;
}

void add_tests(const BenchArguments& arguments, BenchPlan& plan) {
  const auto prompts = numbers(arguments.prompts, {"--n-prompt", 0, kMostTokens}, 512);
  const auto generates = numbers(arguments.generates, {"--n-gen", 0, kMostTokens}, 128);
  const auto pairs = pairs_from(arguments.pairs, {"-pg", 0, kMostTokens});
  for (const std::int32_t depth : numbers(arguments.depths, {"--n-depth", 0, kMostTokens}, 0)) {
    for (const std::int32_t prompt : prompts)
      if (prompt > 0) plan.tests.push_back({prompt, 0, depth});
    for (const std::int32_t generate : generates)
      if (generate > 0) plan.tests.push_back({0, generate, depth});
    for (const auto& [prompt, generate] : pairs) plan.tests.push_back({prompt, generate, depth});
  }
  if (plan.tests.empty())
    throw Error(ErrorCode::E501, "bench: nothing to measure; give -p, -n or -pg a length above 0");
}

std::vector<BenchPlacement> placements_from(const BenchArguments& arguments) {
  constexpr std::int32_t kMostLayers = 4096;
  std::vector<BenchPlacement> out;
  for (const std::int32_t layers : numbers(arguments.gpu_layers, {"--gpu-layers", -1, kMostLayers}, -1))
    for (const std::int32_t experts : numbers(arguments.cpu_moe_layers, {"--n-cpu-moe", -1, kMostLayers}, 0))
      for (const std::int32_t host : numbers(arguments.host_cache, {"--no-kv-offload", 0, 1}, 0))
        out.push_back({layers, experts, host != 0});
  return out;
}

}  // namespace

BenchPlan make_bench_plan(const BenchArguments& arguments, const ModelPlaces& places) {
  BenchPlan plan;
  const std::vector<std::string> standard = {"spark"};
  plan.models = expand_model_names(arguments.models.empty() ? standard : arguments.models, places);
  if (arguments.repetitions < 1 || arguments.repetitions > 10000)
    throw Error(ErrorCode::E501,
                strf("--repetitions %d is out of range; use 1 to 10000", arguments.repetitions));
  plan.rules.repetitions = arguments.repetitions;
  plan.rules.warm_up = !arguments.no_warm_up;
  const auto types = cache_types_from(arguments.kv_types);
  if (arguments.activations != "16bit" && arguments.activations != "8bit")
    throw Error(ErrorCode::E501,
                "--activations " + printable(arguments.activations) + " is none; use 16bit or 8bit");
  const auto mapped = numbers(arguments.mapped, {"--mmap", 0, 1}, 0);
  const std::vector<BenchPlacement> placements = placements_from(arguments);
  const auto threads = numbers(arguments.threads, {"--threads", 1, kMostThreads}, default_threads());
  for (const std::int32_t batch : numbers(arguments.batches, {"--batch-size", 1, kMostRows}, 2048))
    for (const std::int32_t ubatch : numbers(arguments.ubatches, {"--ubatch-size", 1, kMostRows}, 512))
      for (const std::int32_t count : threads)
        for (const QuantType type : types)
          for (const std::int32_t mmap : mapped)
            for (const BenchPlacement& placement : placements)
              plan.settings.push_back({batch, ubatch, count, type, mmap != 0, placement});
  add_tests(arguments, plan);
  if (plan.rows() > kMostTests)
    throw Error(ErrorCode::E501, strf("bench: these lists make %zu tests; shorten them to at most %zu",
                                      plan.rows(), kMostTests));
  return plan;
}

EngineOptions bench_options(const BenchArguments& arguments, const BenchSettings& settings,
                            const std::string& model, const ModelPlaces& places) {
  EngineOptions options;
  options.model = resolve_model(model, places);
  options.backend = arguments.backend;
  options.threads = settings.threads;
  options.batch = std::min(settings.ubatch, settings.batch);
  options.kv_type = settings.kv_type;
  options.mmap = settings.mmap;
  options.gpu_layers = settings.placement.gpu_layers;
  options.cpu_moe_layers = settings.placement.cpu_moe_layers;
  options.host_cache = settings.placement.host_cache;
  options.eight_bits = arguments.activations == "8bit";
  return options;
}

}  // namespace glim::app
