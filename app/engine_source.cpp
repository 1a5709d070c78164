#include "app/engine_source.h"

#include "app/fit/load_history.h"

namespace glim::app {

Plan RealEngines::plan(const EngineOptions& options) {
  return glim::plan(options);
}

std::unique_ptr<Engine> RealEngines::open(const EngineOptions& options) {
  return open_engine(options);
}

void RealEngines::loaded(const std::string& model, const Engine& engine) {
  if (!data_folder_.empty()) record_load(data_folder_, model, engine);
}

}  // namespace glim::app
