#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "app/job.h"
#include "app/measure_job.h"
#include "engine/measure/statistics.h"

namespace glim::app {

/// What a model answered to one question.
struct Answered {
  std::string id, group;
  std::vector<bool> right;     ///< by each of the test's measures
  std::vector<double> scores;  ///< sums of ln p, of questions with choices
  std::string text;            ///< of questions whose answer is written
};

/// One test and what one model made of it.
struct TaskResult {
  std::string task, model;
  std::vector<std::string> measures;  ///< "acc"; the first is the usual one
  std::vector<Answered> items;
  std::size_t asked = 0;  ///< more than items when it was stopped
  double chance = 0;      ///< share that guessing gets
  std::vector<std::string> notes;
  double seconds = 0;  ///< that the answers took, without loading; 0 unknown

  bool complete() const { return items.size() == asked; }
};

/// Whether the command line names a test.
bool asks_for_tasks(const EvalArguments& arguments);

/// All tests with all models, test by test; what was not begun when it was stopped is missing. Throws E105
/// and E501 for files and flags, and what loading throws.
std::vector<TaskResult> evaluate_tasks(const Job& job, StopOnSignal& stop);

/// Hits of one measure.
GroupCount count_right(const TaskResult& result, std::size_t measure);

/// Questions that both have answered and one of them alone has right; `second` is the better or the worse
/// one.
Discordant discordant(const TaskResult& first, const TaskResult& second, std::size_t measure);

// Results as a table for people and as JSON; those of one test are compared with the first of it.
std::string task_table(const std::vector<TaskResult>& results);
nlohmann::ordered_json task_json(const std::vector<TaskResult>& results);

// One line for each question, for later comparisons. Throw E701; E105 for files that hold something else.
void write_items(const std::string& path, const std::vector<TaskResult>& results);
std::vector<TaskResult> read_items(const std::string& path);

}  // namespace glim::app
