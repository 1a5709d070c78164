#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include "engine/engine.h"

namespace glim::app {

/// Where engines come from: the real one in the program, a scripted one in tests.
class EngineSource {
 public:
  virtual ~EngineSource() = default;
  virtual Plan plan(const EngineOptions& options) = 0;  ///< throws what loading would throw
  virtual std::unique_ptr<Engine> open(const EngineOptions& options) = 0;
  /// To be told of every engine of this source that has become ready, with EngineOptions::model.
  virtual void loaded(const std::string& /*model*/, const Engine& /*engine*/) {}
};

/// Keeps what every load took beside what was planned, in the store of results below `data_folder`; without
/// one it keeps nothing.
class RealEngines final : public EngineSource {
 public:
  explicit RealEngines(std::filesystem::path data_folder = {}) : data_folder_(std::move(data_folder)) {}
  Plan plan(const EngineOptions& options) override;
  std::unique_ptr<Engine> open(const EngineOptions& options) override;
  void loaded(const std::string& model, const Engine& engine) override;

 private:
  std::filesystem::path data_folder_;
};

}  // namespace glim::app
