#pragma once

#include <string>
#include <vector>

#include "app/bench/bench_arguments.h"
#include "app/model_name.h"
#include "engine/measure/bench.h"

namespace glim::app {

/// Where the parts of a model lie, as in EngineOptions.
struct BenchPlacement {
  std::int32_t gpu_layers = -1, cpu_moe_layers = 0;
  bool host_cache = false;
  bool operator==(const BenchPlacement&) const = default;
};

/// One combination of what a model is run with.
struct BenchSettings {
  std::int32_t batch = 2048, ubatch = 512, threads = 1;
  QuantType kv_type = QuantType::f16;
  bool mmap = false;  ///< EngineOptions::mmap
  BenchPlacement placement;
};

/// Everything that a command line of "bench" asks for, in the order in which it is run: models, then
/// settings, then depths, then tests.
struct BenchPlan {
  std::vector<std::string> models;  ///< as the user calls them
  std::vector<BenchSettings> settings;
  std::vector<BenchTest> tests;
  BenchRules rules;  ///< batch and kv_type come from the settings

  std::size_t rows() const { return models.size() * settings.size() * tests.size(); }
};

/// Throws E501 for values that cannot be, and what expand_model_names() throws.
BenchPlan make_bench_plan(const BenchArguments& arguments, const ModelPlaces& places);

/// What BenchModel is to be made with. Throws what resolve_model() throws.
EngineOptions bench_options(const BenchArguments& arguments, const BenchSettings& settings,
                            const std::string& model, const ModelPlaces& places);

}  // namespace glim::app
