#include "engine/text/chat_variables.h"

#include <cstdio>

#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "engine/text/chat_template.h"
#include "engine/text/json_text.h"

namespace glim {

using Json = nlohmann::ordered_json;

namespace {

Json calls_json(const std::vector<ToolCall>& calls) {
  Json out = Json::array();
  for (const ToolCall& call : calls) {
    std::optional<Json> arguments = read_json(call.arguments);
    if (!arguments || !arguments->is_object()) {
      arguments = call.arguments.empty() ? Json::object() : Json{{"arguments", call.arguments}};
    }
    out.push_back({{"id", call.id},
                   {"type", "function"},
                   {"function", {{"name", call.name}, {"arguments", std::move(*arguments)}}}});
  }
  return out;
}

Json message_json(const ChatMessage& message) {
  Json out = {{"role", message.role}, {"content", message.content}};
  if (message.thinking) out["reasoning_content"] = *message.thinking;
  if (!message.tool_calls.empty()) out["tool_calls"] = calls_json(message.tool_calls);
  if (!message.tool_call_id.empty()) out["tool_call_id"] = message.tool_call_id;
  if (!message.name.empty()) out["name"] = message.name;
  return out;
}

// JSON that came as text in a request.
Json member_json(const std::string& text, Json::value_t type, const char* what) {
  std::optional<Json> out = read_json(text);
  if (!out || out->type() != type) {
    throw Error(ErrorCode::E501,
                std::string(what) + " of the chat request: no JSON of the right type; correct it");
  }
  return std::move(*out);
}

std::optional<std::tm> read_time(const std::string& text) {
  std::tm time{};
  if (std::sscanf(text.c_str(), "%4d-%2d-%2dT%2d:%2d:%2d", &time.tm_year, &time.tm_mon, &time.tm_mday,
                  &time.tm_hour, &time.tm_min, &time.tm_sec) != 6) {
    return std::nullopt;
  }
  time.tm_year -= 1900;
  time.tm_mon -= 1;
  const std::time_t seconds = timegm(&time);  // also finds the day of the week and of the year
  return gmtime_r(&seconds, &time) ? std::optional(time) : std::nullopt;
}

}  // namespace

Json messages_json(const ChatRequest& request) {
  if (!request.raw_messages.empty())
    return member_json(request.raw_messages, Json::value_t::array, "the messages");
  Json out = Json::array();
  for (const ChatMessage& message : request.messages) out.push_back(message_json(message));
  return out;
}

Json tools_json(const ChatRequest& request) {
  if (request.tools.empty()) return nullptr;
  return member_json(request.tools, Json::value_t::array, "the tools");
}

Json kwargs_json(const ChatRequest& request) {
  if (request.kwargs.empty()) return Json::object();
  return member_json(request.kwargs, Json::value_t::object, "the template variables");
}

ChatRequest chat_request_from_json(std::string_view text) {
  const auto wrong = [](const std::string& what) { return Error(ErrorCode::E501, "chat request: " + what); };
  const std::optional<Json> json = read_json(text);
  if (!json || !json->is_object()) throw wrong("this is no JSON object; give {\"messages\": [...]}");
  ChatRequest out;
  const auto part = [&](const char* name, Json::value_t type, bool needed) -> const Json* {
    const auto found = json->find(name);
    if (found == json->end() || found->is_null()) {
      if (needed) throw wrong(std::string("\"") + name + "\" is missing; add it");
      return nullptr;
    }
    if (found->type() != type) throw wrong(std::string("\"") + name + "\" has the wrong type; correct it");
    return &*found;
  };
  out.raw_messages = part("messages", Json::value_t::array, true)->dump();
  if (const Json* tools = part("tools", Json::value_t::array, false)) out.tools = tools->dump();
  if (const Json* kwargs = part("kwargs", Json::value_t::object, false)) out.kwargs = kwargs->dump();
  if (const Json* now = part("now", Json::value_t::string, false)) {
    out.now = read_time(now->get<std::string>());
    if (!out.now) throw wrong("\"now\" is no time such as 2026-01-24T12:34:56; correct it");
  }
  return out;
}

}  // namespace glim
