#include "app/eval/agent_loop.h"

#include <nlohmann/json.hpp>

#include "app/requests.h"
#include "engine/base/text.h"
#include "engine/text/json_text.h"

namespace glim::app {
namespace {

constexpr std::size_t kLongestText = 60;

ChatMessage result_message(const ToolCall& call, const ToolOutcome& outcome) {
  ChatMessage out = message("tool", outcome.content);
  out.tool_call_id = call.id;
  out.name = call.name;
  return out;
}

}  // namespace

std::vector<const AgentCall*> AgentRun::calls_of(std::string_view tool) const {
  std::vector<const AgentCall*> out;
  for (const AgentCall& call : calls)
    if (call.call.name == tool) out.push_back(&call);
  return out;
}

AgentRun run_agent(TestRun& run, const AgentTask& task) {
  AgentRun out;
  Dialogue dialogue(run);
  dialogue.set_tools(mock_tools_json(task.tools));
  dialogue.say(message("user", std::string(task.prompt)));
  for (std::int32_t round = 1; round <= kMostRounds; ++round) {
    const Answer reply = dialogue.reply();
    if (finish_word(reply) == "length") {
      run.expect(false, strf("round %d was cut off after %d tokens", round, reply.stats.generated_tokens));
      return out;
    }
    if (reply.tool_calls.empty()) {
      out.answer = reply.text;
      out.ended = true;
      run.expect(!out.answer.empty(), "the final answer is empty");
      return out;
    }
    for (const ToolCall& call : reply.tool_calls) {
      ToolOutcome outcome = call_mock_tool(task.tools, call);
      dialogue.say(result_message(call, outcome));
      out.calls.push_back({round, call, std::move(outcome)});
    }
  }
  run.expect(false, strf("still calling tools after %d rounds", kMostRounds));
  return out;
}

std::string call_text(const ToolCall& call) {
  std::string inside = call.arguments;
  if (const auto arguments = read_json(call.arguments); arguments && arguments->is_object()) {
    inside.clear();
    for (const auto& [name, value] : arguments->items()) {
      inside += (inside.empty() ? "" : ", ") + name + "=";
      inside += value.is_string() ? value.get<std::string>() : json_line(value);
    }
  }
  return printable(call.name + "(" + inside + ")", kLongestText);
}

}  // namespace glim::app
