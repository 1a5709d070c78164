#include "app/eval/mock_tools.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <nlohmann/json.hpp>

#include "app/eval/arithmetic.h"
#include "app/eval/text_checks.h"
#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/text/json_text.h"

namespace glim::app {
namespace {

using OrderedJson = nlohmann::ordered_json;

/// Every tool takes one text.
struct MockTool {
  std::string_view name, description;
  std::string_view argument, meaning;
  ToolOutcome (*answer)(const std::string& argument);
};

struct Weather {
  std::string_view place;
  int celsius;
  std::string_view sky;
};
constexpr std::array kWeather = {
    Weather{"Tokyo", mock::kTokyoCelsius, "thunderstorms"},
    Weather{"London", mock::kLondonCelsius, "drizzle"},
};

ToolOutcome failure(std::string message) {
  return {false, json_line(OrderedJson{{"error", std::move(message)}})};
}

ToolOutcome success(const OrderedJson& result) {
  return {true, json_line(result)};
}

ToolOutcome get_weather(const std::string& location) {
  for (const Weather& weather : kWeather)
    if (has_word(location, weather.place))
      return success({{"location", weather.place}, {"temperature_c", weather.celsius}, {"sky", weather.sky}});
  return failure("no weather station in " + location);
}

ToolOutcome calculator(const std::string& expression) {
  const std::optional<double> value = arithmetic_value(expression);
  if (!value) return failure("not an arithmetic expression: " + expression);
  OrderedJson result = {{"expression", expression}};
  if (*value == std::round(*value) && std::fabs(*value) < 1e15) {
    result["result"] = static_cast<std::int64_t>(*value);
  } else {
    result["result"] = *value;
  }
  return success(result);
}

ToolOutcome web_search(const std::string& query) {
  if (!has_word(query, "eiffel")) return success({{"results", OrderedJson::array()}});
  const std::string page = strf(
      "The tower was surveyed again after the new antenna had been mounted. Its height is now %d metres.",
      mock::kTowerMetres);
  return success({{"results", OrderedJson::array({{{"title", "Eiffel Tower: the latest survey"},
                                                   {"url", "https://towers.example/eiffel"},
                                                   {"text", page}}})}});
}

std::string plain_path(std::string path) {
  while (path.starts_with("./")) path.erase(0, 2);
  while (path.starts_with("/")) path.erase(0, 1);
  while (path.size() > 1 && path.ends_with("/")) path.pop_back();
  return path;
}

ToolOutcome read_file(const std::string& path) {
  if (plain_path(path) != mock::kRealFile) return failure("file not found: " + path);
  return success(
      {{"path", path}, {"content", "1. " + std::string(mock::kFirstTask) + "\n2. post the parcel\n"}});
}

ToolOutcome list_dir(const std::string& path) {
  const std::string folder = plain_path(path);
  if (folder.empty() || folder == ".") return success({{"entries", {"notes"}}});
  if (folder == "notes") return success({{"entries", {"ideas.md", "todo.md"}}});
  return failure("folder not found: " + path);
}

constexpr std::array kTools = {
    MockTool{"get_weather", "Current weather of a city.", "location", "Name of the city", get_weather},
    MockTool{"calculator", "Evaluates an arithmetic expression.", "expression", "For example 12 * (3 + 4)",
             calculator},
    MockTool{"web_search", "Searches the web and returns the text of the best pages.", "query",
             "What to look for", web_search},
    MockTool{"read_file", "Reads a text file.", "path", "Path of the file", read_file},
    MockTool{"list_dir", "Lists the entries of a folder.", "path", "Path of the folder", list_dir},
};

const MockTool* find_tool(std::string_view name) {
  const auto found =
      std::find_if(kTools.begin(), kTools.end(), [&](const MockTool& tool) { return tool.name == name; });
  return found == kTools.end() ? nullptr : &*found;
}

}  // namespace

std::string mock_tools_json(std::span<const std::string_view> names) {
  OrderedJson out = OrderedJson::array();
  for (const std::string_view name : names) {
    const MockTool* tool = find_tool(name);
    GLIM_ASSERT(tool != nullptr);
    const OrderedJson properties = {
        {std::string(tool->argument), {{"type", "string"}, {"description", tool->meaning}}}};
    out.push_back({{"type", "function"},
                   {"function",
                    {{"name", tool->name},
                     {"description", tool->description},
                     {"parameters",
                      {{"type", "object"},
                       {"properties", properties},
                       {"required", OrderedJson::array({tool->argument})}}}}}});
  }
  return out.dump();
}

ToolOutcome call_mock_tool(std::span<const std::string_view> offered, const ToolCall& call) {
  const MockTool* tool = find_tool(call.name);
  if (tool == nullptr || std::find(offered.begin(), offered.end(), call.name) == offered.end())
    return failure("there is no tool " + call.name);
  const std::optional<OrderedJson> arguments = read_json(call.arguments);
  if (!arguments || !arguments->is_object()) return failure("the arguments are no JSON object");
  const auto value = arguments->find(std::string(tool->argument));
  if (value == arguments->end() || !value->is_string())
    return failure("the argument " + std::string(tool->argument) + " is missing or no text");
  return tool->answer(value->get<std::string>());
}

}  // namespace glim::app
