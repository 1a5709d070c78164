#include "engine/text/json_text.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "engine/text/jinja_print.h"

namespace glim {

using Json = nlohmann::ordered_json;

namespace {

constexpr std::size_t kDeepest = 64;

std::size_t nesting(std::string_view text) {
  std::size_t depth = 0, deepest = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted && c == '\\') {
      ++i;
    } else if (c == '"') {
      quoted = !quoted;
    } else if (!quoted && (c == '[' || c == '{')) {
      deepest = std::max(deepest, ++depth);
    } else if (!quoted && (c == ']' || c == '}') && depth > 0) {
      --depth;
    }
  }
  return deepest;
}

void write(std::string& out, const Json& json) {
  if (!json.is_structured()) {
    out += json.is_number_float() ? jinja::real_text(json.get<double>())
                                  : json.dump(-1, ' ', false, Json::error_handler_t::replace);
    return;
  }
  const bool object = json.is_object();
  out += object ? '{' : '[';
  bool first = true;
  for (const auto& [key, value] : json.items()) {
    if (!first) out += ", ";
    first = false;
    if (object) out += Json(key).dump(-1, ' ', false, Json::error_handler_t::replace) + ": ";
    write(out, value);
  }
  out += object ? '}' : ']';
}

}  // namespace

std::optional<Json> read_json(std::string_view text) {
  if (nesting(text) > kDeepest) return std::nullopt;
  Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) return std::nullopt;
  return json;
}

std::string json_line(const Json& json) {
  std::string out;
  write(out, json);
  return out;
}

}  // namespace glim
