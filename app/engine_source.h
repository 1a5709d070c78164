#pragma once

#include <memory>

#include "engine/engine.h"

namespace glim::app {

/// Where engines come from: the real one in the program, a scripted one in tests.
class EngineSource {
 public:
  virtual ~EngineSource() = default;
  virtual Plan plan(const EngineOptions& options) = 0;  ///< throws what loading would throw
  virtual std::unique_ptr<Engine> open(const EngineOptions& options) = 0;
};

class RealEngines final : public EngineSource {
 public:
  Plan plan(const EngineOptions& options) override;
  std::unique_ptr<Engine> open(const EngineOptions& options) override;
};

}  // namespace glim::app
