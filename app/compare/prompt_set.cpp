#include "app/compare/prompt_set.h"

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>

#include "app/compare/expect.h"
#include "app/profile_toml.h"
#include "engine/base/error.h"
#include "engine/base/text.h"

namespace glim::app {
namespace {

constexpr int kDeepest = 64;
constexpr std::size_t kMostPrompts = 10'000, kLargestFile = std::size_t{32} << 20;

Error wrong(const std::string& place, const std::string& what) {
  return Error(ErrorCode::E501, place + ": " + what);
}

std::string text_of(const Json& line, const char* key, const std::string& place) {
  if (!line.contains(key) || line[key].is_null()) return {};
  if (line[key].is_number_integer()) return line[key].dump();
  if (!line[key].is_string()) throw wrong(place, strf("\"%s\" must be a string", key));
  return line[key].get<std::string>();
}

ComparePrompt prompt_of(const Json& line, const std::string& place) {
  if (!line.is_object()) throw wrong(place, "a JSON object with a \"prompt\" is wanted");
  ComparePrompt prompt;
  prompt.id = text_of(line, "id", place);
  prompt.text = text_of(line, "prompt", place);
  prompt.system = text_of(line, "system", place);
  if (prompt.text.empty()) throw wrong(place, "\"prompt\" is missing or empty");
  if (line.contains("tags")) {
    if (!line["tags"].is_array()) throw wrong(place, "\"tags\" must be an array of strings");
    for (const Json& tag : line["tags"]) {
      if (!tag.is_string()) throw wrong(place, "\"tags\" must be an array of strings");
      prompt.tags.push_back(tag.get<std::string>());
    }
  }
  if (line.contains("expect")) prompt.expect = parse_expectation(line["expect"], place);
  return prompt;
}

std::string_view next_line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  return line;
}

bool blank(std::string_view line) {
  return line.find_first_not_of(" \t\r\n") == line.npos;
}

/// How deep open brackets get, those in strings included: the TOML parser calls itself for each.
int nesting(std::string_view text) {
  int depth = 0, deepest = 0;
  for (const char c : text) {
    if (c == '[' || c == '{') deepest = std::max(deepest, ++depth);
    if ((c == ']' || c == '}') && depth > 0) --depth;
  }
  return deepest;
}

/// Gives names to the nameless and refuses doubled ones.
std::vector<ComparePrompt> checked(std::vector<ComparePrompt> prompts, const std::string& name) {
  if (prompts.empty()) throw wrong(name, "there is no prompt in it");
  if (prompts.size() > kMostPrompts)
    throw wrong(name, strf("%zu prompts; at most %zu are allowed", prompts.size(), kMostPrompts));
  std::set<std::string> ids;
  for (std::size_t i = 0; i < prompts.size(); ++i) {
    if (prompts[i].id.empty()) prompts[i].id = std::to_string(i + 1);
    if (!ids.insert(prompts[i].id).second)
      throw wrong(name, "the id \"" + printable(prompts[i].id, 60) + "\" is there twice");
  }
  return prompts;
}

}  // namespace

std::vector<ComparePrompt> parse_prompt_lines(std::string_view text, const std::string& name) {
  std::vector<ComparePrompt> prompts;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::string_view line = next_line(text);
    if (blank(line)) continue;
    const std::string place = name + ":" + std::to_string(number);
    const Json value = Json::parse(line, nullptr, false);
    if (value.is_discarded()) throw wrong(place, "this line is no JSON");
    prompts.push_back(prompt_of(value, place));
  }
  return checked(std::move(prompts), name);
}

std::vector<ComparePrompt> parse_prompt_toml(std::string_view text, const std::string& name) {
  if (nesting(text) > kDeepest) throw wrong(name, "brackets are nested too deep");
  std::istringstream stream{std::string(text)};
  const Json root = parse_toml(stream, name);
  if (!root.contains("prompt") || !root["prompt"].is_array())
    throw wrong(name, "there is no [[prompt]] in it");
  std::vector<ComparePrompt> prompts;
  for (const Json& entry : root["prompt"])
    prompts.push_back(prompt_of(entry, name + ": prompt " + std::to_string(prompts.size() + 1)));
  return checked(std::move(prompts), name);
}

std::vector<ComparePrompt> parse_prompt_text(std::string_view text, const std::string& name) {
  std::vector<ComparePrompt> prompts;
  std::string prompt;
  const auto end = [&] {
    while (!prompt.empty() && (prompt.back() == '\n' || prompt.back() == ' ')) prompt.pop_back();
    if (!blank(prompt)) {
      prompts.emplace_back();
      prompts.back().text = std::move(prompt);
    }
    prompt.clear();
  };
  while (!text.empty()) {
    const std::string_view line = next_line(text);
    if (line == "---") {
      end();
    } else if (!prompt.empty() || !blank(line)) {
      prompt.append(line).push_back('\n');
    }
  }
  end();
  return checked(std::move(prompts), name);
}

std::vector<ComparePrompt> read_prompt_set(const std::filesystem::path& path) {
  const std::string name = printable(path.string());
  std::error_code error;
  if (std::filesystem::is_directory(path, error))
    throw wrong(name, "this is a folder, not a file of prompts");
  std::ifstream stream(path, std::ios::binary);
  if (!stream) throw wrong(name, "cannot read the prompts; check the path");
  std::string text(kLargestFile + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(stream.gcount()));
  if (text.size() > kLargestFile) throw wrong(name, "the file is larger than 32 MiB; split it");
  if (text.find('\0') != text.npos) throw wrong(name, "this is no text; name a file of prompts");
  if (path.extension() == ".jsonl") return parse_prompt_lines(text, name);
  return path.extension() == ".toml" ? parse_prompt_toml(text, name) : parse_prompt_text(text, name);
}

}  // namespace glim::app
