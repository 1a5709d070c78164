#include "engine/text/chat_formats.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "engine/text/json_text.h"

namespace glim {

using Json = nlohmann::ordered_json;
using jinja::MarkedText;

namespace {

std::string_view stripped(std::string_view text) {
  const jinja::Range kept = jinja::strip_range(text, jinja::Side::both);
  return text.substr(kept.begin, kept.end - kept.begin);
}

const Json& member(const Json& object, std::string_view name) {
  static const Json nothing;
  if (!object.is_object()) return nothing;
  const auto found = object.find(std::string(name));
  return found == object.end() ? nothing : *found;
}

std::string text_of(const Json& content) {
  if (content.is_null()) return {};
  if (content.is_string()) return content.get<std::string>();
  if (!content.is_array()) return json_line(content);
  std::string out;
  for (const Json& part : content) {
    if (part.is_string()) out += part.get<std::string>();
    if (member(part, "type") == "text" && member(part, "text").is_string())
      out += part["text"].get<std::string>();
  }
  return out;
}

std::string role_of(const Json& message) {
  const Json& role = member(message, "role");
  return role.is_string() ? role.get<std::string>() : std::string();
}

/// A call in either of OpenAI's forms.
const Json& function_of(const Json& call) {
  return member(call, "function").is_object() ? call["function"] : call;
}

std::string name_of(const Json& function) {
  const Json& name = member(function, "name");
  return name.is_string() ? name.get<std::string>() : std::string();
}

Json arguments_of(const Json& function) {
  const Json& arguments = member(function, "arguments");
  if (arguments.is_object()) return arguments;
  if (arguments.is_string()) {
    std::optional<Json> inner = read_json(arguments.get_ref<const std::string&>());
    if (inner && inner->is_object()) return *inner;
  }
  return Json::object();
}

struct Answer {
  std::string thinking, content;
};

Answer answer_of(const Json& message) {
  Answer out{{}, text_of(member(message, "content"))};
  if (const Json& thinking = member(message, "reasoning_content"); thinking.is_string()) {
    out.thinking = thinking.get<std::string>();
    return out;
  }
  constexpr std::string_view kOpen = "<think>", kClose = "</think>";
  const std::size_t first = out.content.find(kClose);
  if (first == std::string::npos) return out;
  out.thinking = out.content.substr(0, first);
  if (const std::size_t open = out.thinking.rfind(kOpen); open != std::string::npos) {
    out.thinking.erase(0, open + kOpen.size());
  }
  out.content.erase(0, out.content.rfind(kClose) + kClose.size());
  return out;
}

// The wording is part of the format: the model was trained on exactly this text.
constexpr std::string_view kGlmToolsBefore =
    "<|system|>\n# Tools\n\nYou may call one or more functions to assist with the user query.\n\n"
    "You are provided with function signatures within <tools></tools> XML tags:\n<tools>\n";
constexpr std::string_view kGlmToolsAfter =
    "</tools>\n\nFor each function call, output the function name and arguments within the following XML "
    "format:\n"
    "<tool_call>{function-name}<arg_key>{arg-key-1}</arg_key><arg_value>{arg-value-1}</arg_value>"
    "<arg_key>{arg-key-2}</arg_key><arg_value>{arg-value-2}</arg_value>...</tool_call>";

void add_tool_lines(MarkedText& out, const Json& tools) {
  for (const Json& tool : tools) {
    out.append(json_line(tool), true);
    out.append("\n", false);
  }
}

void add_glm_call(MarkedText& out, const Json& function) {
  out.append("<tool_call>", false);
  out.append(name_of(function), true);
  const Json arguments = arguments_of(function);
  for (const auto& [key, value] : arguments.items()) {
    out.append("<arg_key>", false);
    out.append(key, true);
    out.append("</arg_key><arg_value>", false);
    out.append(value.is_string() ? value.get<std::string>() : json_line(value), true);
    out.append("</arg_value>", false);
  }
  out.append("</tool_call>", false);
}

void add_glm_answer(MarkedText& out, const Json& message, bool with_thinking) {
  const Answer answer = answer_of(message);
  out.append("<|assistant|>", false);
  if (with_thinking && !answer.thinking.empty()) {
    out.append("<think>", false);
    out.append(stripped(answer.thinking), true);
  }
  out.append("</think>", false);
  out.append(stripped(answer.content), true);
  for (const Json& call : member(message, "tool_calls")) add_glm_call(out, function_of(call));
}

void add_glm_result(MarkedText& out, const Json& message, bool first) {
  if (first) out.append("<|observation|>", false);
  out.append("<tool_response>", false);
  out.append(text_of(member(message, "content")), true);
  out.append("</tool_response>", false);
}

MarkedText render_glm(const ChatFormat&, const FormatRequest& request) {
  MarkedText out("[gMASK]<sop>", false);
  if (!request.tools.empty()) {
    out.append(kGlmToolsBefore, false);
    add_tool_lines(out, request.tools);
    out.append(kGlmToolsAfter, false);
  }
  std::size_t after_user = 0;
  for (std::size_t i = 0; i < request.messages.size(); ++i) {
    if (role_of(request.messages[i]) == "user") after_user = i + 1;
  }
  std::string before;
  for (std::size_t i = 0; i < request.messages.size(); ++i) {
    const Json& message = request.messages[i];
    const std::string role = role_of(message);
    if (role == "assistant") add_glm_answer(out, message, request.keep_thinking || i >= after_user);
    if (role == "tool") add_glm_result(out, message, before != "tool");
    if (role == "user" || role == "system") {
      out.append(role == "user" ? "<|user|>" : "<|system|>", false);
      out.append(text_of(member(message, "content")), true);
    }
    before = role;
  }
  if (request.add_generation_prompt)
    out.append(request.think ? "<|assistant|><think>" : "<|assistant|></think>", false);
  return out;
}

constexpr std::array<std::string_view, 4> kRoles = {"system", "user", "assistant", "tool"};

void add_tools(MarkedText& out, const Json& tools) {
  out.append("You can call the functions that these lines of JSON describe.\n<tools>\n", false);
  add_tool_lines(out, tools);
  out.append(
      "</tools>\nTo call one, write its name and arguments as JSON between tags:\n"
      "<tool_call>\n{\"name\": \"function\", \"arguments\": {\"argument\": \"value\"}}\n</tool_call>",
      false);
}

void open_turn(MarkedText& out, const TurnMarks& marks, std::size_t role) {
  out.append(marks.open, false);
  out.append(marks.roles[role], false);
  out.append(marks.named, false);
}

void add_turn(MarkedText& out, const ChatFormat& format, const Json& message, const FormatRequest& request) {
  const auto role =
      static_cast<std::size_t>(std::find(kRoles.begin(), kRoles.end(), role_of(message)) - kRoles.begin());
  if (role == kRoles.size()) return;
  open_turn(out, format.marks, role);
  const Answer answer =
      kRoles[role] == "assistant" ? answer_of(message) : Answer{{}, text_of(member(message, "content"))};
  out.append(stripped(answer.content), true);
  for (const Json& call : member(message, "tool_calls")) {
    const Json& function = function_of(call);
    out.append("\n<tool_call>\n", false);
    out.append(json_line({{"name", name_of(function)}, {"arguments", arguments_of(function)}}), true);
    out.append("\n</tool_call>", false);
  }
  if (kRoles[role] == "system" && !request.tools.empty()) {
    out.append("\n\n", false);
    add_tools(out, request.tools);
  }
  out.append(format.marks.end, false);
}

MarkedText render_turns(const ChatFormat& format, const FormatRequest& request) {
  const TurnMarks& marks = format.marks;
  MarkedText out(std::string(marks.start), false);
  const bool has_system = !request.messages.empty() && role_of(request.messages[0]) == "system";
  if (!request.tools.empty() && !has_system) {
    open_turn(out, marks, 0);
    add_tools(out, request.tools);
    out.append(marks.end, false);
  }
  for (const Json& message : request.messages) add_turn(out, format, message, request);
  if (!request.add_generation_prompt) return out;
  open_turn(out, marks, 2);
  return out.slice(0, out.size() - marks.reply_gap.size());
}

}  // namespace

const std::vector<ChatFormat>& chat_formats() {
  static const std::vector<ChatFormat> kFormats = {
      {"glm-4.7", {"[gMASK]", "<|observation|>"}, "glm", true, {}, render_glm},
      {"chatml",
       {"<|im_start|>", "<|im_end|>"},
       "hermes",
       false,
       {"", "<|im_start|>", "\n", "<|im_end|>\n", {"system", "user", "assistant", "tool"}, ""},
       render_turns},
      {"llama-3",
       {"<|start_header_id|>", "<|eot_id|>"},
       "hermes",
       false,
       {"<|begin_of_text|>",
        "<|start_header_id|>",
        "<|end_header_id|>\n\n",
        "<|eot_id|>",
        {"system", "user", "assistant", "ipython"},
        ""},
       render_turns},
      {"raw",
       {"", ""},
       "hermes",
       false,
       {"", "", ": ", "\n\n", {"System", "User", "Assistant", "Tool"}, " "},
       render_turns},
  };
  return kFormats;
}

const ChatFormat* find_chat_format(std::string_view name) {
  const auto& all = chat_formats();
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const ChatFormat& format) { return format.name == name; });
  return found == all.end() ? nullptr : &*found;
}

}  // namespace glim
