#pragma once

#include <optional>
#include <string>
#include <vector>

namespace glim {

/// A piece of a prompt. Text `from_user` came in with the conversation (messages, names, tools, arguments) and must be
/// tokenised without looking for special tokens; the rest is the template's own text, where they count.
struct Segment {
  std::string text;
  bool from_user = false;
  bool operator==(const Segment&) const = default;
};

/// A call the model asked for. `arguments` is the text of one JSON object.
struct ToolCall {
  std::string id;
  std::string name;
  std::string arguments;
  bool operator==(const ToolCall&) const = default;
};

/// One turn. `role` is "system", "user", "assistant" or "tool"; `tool_call_id` and `name` belong to results of tools.
struct ChatMessage {
  std::string role;
  std::string content;
  std::optional<std::string> thinking;
  std::vector<ToolCall> tool_calls;
  std::string tool_call_id;
  std::string name;
};

/// The plain text of a prompt, without the marks.
std::string joined(const std::vector<Segment>& segments);

}  // namespace glim
