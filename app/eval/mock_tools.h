#pragma once

#include <span>
#include <string>
#include <string_view>

#include "engine/text/chat.h"

namespace glim::app {

/// What a tool answers; `content` is what the model reads.
struct ToolOutcome {
  bool ok = false;
  std::string content;
};

/// The world behind the tools: tables and arithmetic, the same on every machine. Its figures are made up, so
/// that only a model that has read them can know them.
namespace mock {
inline constexpr int kTokyoCelsius = 31, kLondonCelsius = 14;
inline constexpr int kTowerMetres = 347;
inline constexpr std::string_view kMissingFile = "notes/todo.txt", kRealFile = "notes/todo.md";
inline constexpr std::string_view kFirstTask = "repot the ginkgo";
}  // namespace mock

/// Descriptions of these tools as a JSON array in OpenAI's form. Every name must exist.
std::string mock_tools_json(std::span<const std::string_view> names);

/// Runs a call. A tool that is not offered, arguments that are no JSON object, and a missing or wrong
/// argument are outcomes too: the model is told.
ToolOutcome call_mock_tool(std::span<const std::string_view> offered, const ToolCall& call);

}  // namespace glim::app
