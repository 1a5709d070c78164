#include "engine/text/jinja_json.h"

#include <algorithm>
#include <array>

#include <nlohmann/json.hpp>

#include "engine/text/json_text.h"

namespace glim::jinja {

namespace {

using Json = nlohmann::ordered_json;

bool is_known_role(const std::string& key, const Json& value) {
  static constexpr std::array<std::string_view, 5> kRoles = {"system", "user", "assistant", "tool",
                                                             "developer"};
  if (key != "role" || !value.is_string()) return false;
  return std::find(kRoles.begin(), kRoles.end(), value.get_ref<const std::string&>()) != kRoles.end();
}

Value convert_object(Runtime& runtime, const Json& json, bool from_user) {
  std::vector<std::pair<Value, Value>> entries;
  entries.reserve(json.size());
  for (const auto& [key, value] : json.items()) {
    const bool marked = from_user && !is_known_role(key, value);
    entries.emplace_back(runtime.text(key, from_user), from_json_value(runtime, value, marked));
  }
  return runtime.dict(std::move(entries));
}

}  // namespace

Value from_json_value(Runtime& runtime, const Json& json, bool from_user) {
  const Runtime::Nest nest = runtime.nest_values();
  switch (json.type()) {
    case Json::value_t::boolean:
      return json.get<bool>();
    case Json::value_t::number_integer:
      return Integer{json.get<std::int64_t>()};
    case Json::value_t::number_unsigned:
      return Integer{json.get<std::uint64_t>()};
    case Json::value_t::number_float:
      return json.get<double>();
    case Json::value_t::string:
      return runtime.text(json.get_ref<const std::string&>(), from_user);
    case Json::value_t::object:
      return convert_object(runtime, json, from_user);
    case Json::value_t::array:
      break;
    default:
      return None{};
  }
  std::vector<Value> items;
  items.reserve(json.size());
  for (const Json& item : json) items.push_back(from_json_value(runtime, item, from_user));
  return runtime.list(std::move(items));
}

Value parse_json(Runtime& runtime, std::string_view text, bool from_user) {
  const std::optional<Json> json = read_json(text);
  if (!json) runtime.fail("the text is no valid JSON");
  return from_json_value(runtime, *json, from_user);
}

}  // namespace glim::jinja
