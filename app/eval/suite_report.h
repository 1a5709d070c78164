#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "app/eval/suite.h"

namespace glim::app {

/// One model with what the suites found about it.
struct SuiteModel {
  std::string name;   ///< as on the command line
  std::string label;  ///< of its column, unique among the models
  ModelCard card;
  std::string backend, kv_type;
  std::int32_t ctx = 0;
  double load_seconds = 0;
  std::string error;  ///< why it could not be loaded; then there is no result
  SuiteResult result;
};

/// Markdown: for every suite the results side by side, for agent loops the rates with their differences, for
/// context scaling the rates by length.
std::string suite_tables(std::span<const SuiteModel> models);

/// Everything, transcripts included.
nlohmann::ordered_json suite_json(std::span<const SuiteModel> models);

/// The tests in one entry of "models" of suite_json(), as far as their names and verdicts go.
std::vector<TestResult> tests_of(const nlohmann::ordered_json& model);

/// One line of JSON for each test of each model.
std::string suite_items(std::span<const SuiteModel> models);

}  // namespace glim::app
