#include "app/engine_source.h"

namespace glim::app {

Plan RealEngines::plan(const EngineOptions& options) {
  return glim::plan(options);
}

std::unique_ptr<Engine> RealEngines::open(const EngineOptions& options) {
  return open_engine(options);
}

}  // namespace glim::app
