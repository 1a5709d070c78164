#pragma once

#include <cstdint>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace glim {

/// A piece of a prompt. Text `from_user` came in with the conversation (messages, names, tools, arguments)
/// and must be tokenised without looking for special tokens; the rest is the template's own text, where they
/// count.
struct Segment {
  std::string text;
  bool from_user = false;
  bool operator==(const Segment&) const = default;
};

/// The plain text of a prompt, without the marks.
std::string joined(const std::vector<Segment>& segments);

/// A call the model asked for. `arguments` is the text of one JSON object.
struct ToolCall {
  std::string id;
  std::string name;
  std::string arguments;
  bool operator==(const ToolCall&) const = default;
};

/// One turn. `role` is "system", "user", "assistant" or "tool"; `tool_call_id` and `name` belong to results
/// of tools.
struct ChatMessage {
  std::string role;
  std::string content;
  std::optional<std::string> thinking = std::nullopt;
  std::vector<ToolCall> tool_calls = {};
  std::string tool_call_id = {};
  std::string name = {};
};

/// Everything a chat template may look at.
struct ChatRequest {
  std::vector<ChatMessage> messages;
  std::string
      raw_messages;    ///< JSON array in OpenAI's form, given to the template unchanged instead of `messages`
  std::string tools;   ///< JSON array in OpenAI's form; empty: none are offered
  std::string kwargs;  ///< JSON object with further variables of the template; empty: none
  std::optional<bool> thinking;  ///< on or off; empty: as the template does by default
  bool add_generation_prompt = true;
  std::optional<std::tm> now;  ///< what the template takes for the local time; empty: the clock
};

/// What a reply is made of at some point.
enum class ReplyState : std::uint8_t { content, thinking, call };

}  // namespace glim
