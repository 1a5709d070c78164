#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "app/engine_source.h"
#include "tests/support/fake_engine.h"

namespace glim::app {

/// Makes FakeEngines and keeps them reachable while they live. Models are files that need not exist to be
/// opened; plan() knows a trained context and refuses on demand.
class FakeSource final : public EngineSource {
 public:
  Plan plan(const EngineOptions& options) override {
    planned.push_back(options);
    if (plan_error) throw Error(*plan_error);
    Plan plan;
    plan.backend = "fake";
    plan.trained_ctx = trained_ctx;
    plan.ctx = options.ctx == 0 ? trained_ctx : options.ctx;
    plan.kv_type = options.kv_type;
    plan.weight_bytes = 10 << 20;
    plan.kv_bytes = 1 << 20;
    if (adjust) adjust(options, plan);
    return plan;
  }

  std::unique_ptr<Engine> open(const EngineOptions& options) override {
    auto engine = std::make_unique<FakeEngine>(options);
    engines.push_back(engine.get());
    if (prepare) prepare(*engine);
    return engine;
  }

  FakeEngine& last() { return *engines.back(); }

  std::int32_t trained_ctx = 1024;
  std::optional<Error> plan_error;
  std::function<void(const EngineOptions&, Plan&)> adjust;  ///< changes what plan() gives
  std::function<void(FakeEngine&)> prepare;  ///< called with every new engine
  std::vector<EngineOptions> planned;
  std::vector<FakeEngine*>
      engines;  ///< in the order they were opened; only those that still live may be used
};

}  // namespace glim::app
