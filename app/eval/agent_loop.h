#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "app/eval/mock_tools.h"
#include "app/eval/test_run.h"

namespace glim::app {

inline constexpr std::int32_t kMostRounds = 6;  ///< replies of one agent loop

struct AgentTask {
  std::string_view prompt;
  std::span<const std::string_view> tools;
};

struct AgentCall {
  std::int32_t round;  ///< of the reply that asked for it, from 1
  ToolCall call;
  ToolOutcome outcome;
};

struct AgentRun {
  std::vector<AgentCall> calls;
  std::string answer;  ///< text of the reply that called no tool
  bool ended = false;  ///< there was one, and it was not cut off

  /// Successful or failed calls of one tool.
  std::vector<const AgentCall*> calls_of(std::string_view tool) const;
};

/// Asks, runs the tools that the model calls, hands it the results, and asks again, until a reply calls none
/// or there have been enough rounds. What is wrong with the loop itself is noted in `run`.
AgentRun run_agent(TestRun& run, const AgentTask& task);

/// "get_weather(location=Tokyo)", cut to fit a table.
std::string call_text(const ToolCall& call);

}  // namespace glim::app
