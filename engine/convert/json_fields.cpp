#include "engine/convert/json_fields.h"

#include <cmath>

#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "engine/base/text.h"

namespace glim {

JsonFields::JsonFields(const nlohmann::json& json, std::string place)
    : json_(json), place_(std::move(place)) {
  if (!json.is_object()) throw Error(ErrorCode::E120, place_ + ": no JSON object; fetch the file again");
}

const nlohmann::json* JsonFields::find(const std::string& key) const {
  const auto found = json_.find(key);
  return found == json_.end() || found->is_null() ? nullptr : &*found;
}

std::optional<std::int64_t> JsonFields::find_int(const std::string& key, NumberLimits limits) const {
  const nlohmann::json* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (!value->is_number_integer()) wrong_type(key, "an integer");
  const auto number = value->get<double>();
  if (number < limits.low || number > limits.high || std::fabs(number) > 0x1p53)
    out_of_range(key, strf("is %.17g", number));
  return value->get<std::int64_t>();
}

std::int64_t JsonFields::get_int(const std::string& key, NumberLimits limits) const {
  const auto value = find_int(key, limits);
  return value ? *value : (missing(key), 0);
}

std::optional<double> JsonFields::find_float(const std::string& key, NumberLimits limits) const {
  const nlohmann::json* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (!value->is_number()) wrong_type(key, "a number");
  const auto number = value->get<double>();
  if (!(number >= limits.low && number <= limits.high)) out_of_range(key, strf("is %.9g", number));
  return number;
}

double JsonFields::get_float(const std::string& key, NumberLimits limits) const {
  const auto value = find_float(key, limits);
  return value ? *value : (missing(key), 0);
}

std::optional<bool> JsonFields::find_bool(const std::string& key) const {
  const nlohmann::json* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (!value->is_boolean()) wrong_type(key, "true or false");
  return value->get<bool>();
}

std::optional<std::string> JsonFields::find_string(const std::string& key) const {
  const nlohmann::json* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (!value->is_string()) wrong_type(key, "a text");
  return value->get<std::string>();
}

void JsonFields::missing(const std::string& key) const {
  throw Error(ErrorCode::E112,
              strf("%s: the key \"%s\" is missing; fetch the file again", place_.c_str(), key.c_str()));
}

void JsonFields::wrong_type(const std::string& key, const char* expected) const {
  throw Error(ErrorCode::E120, strf("%s: the value of \"%s\" is not %s; fetch the file again", place_.c_str(),
                                    key.c_str(), expected));
}

void JsonFields::out_of_range(const std::string& key, const std::string& what) const {
  throw Error(ErrorCode::E113, strf("%s: \"%s\" %s, which no model of this kind has; fetch the file again",
                                    place_.c_str(), key.c_str(), what.c_str()));
}

}  // namespace glim
