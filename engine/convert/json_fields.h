#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>

#include <nlohmann/json_fwd.hpp>

namespace glim {

struct NumberLimits {
  double low = -std::numeric_limits<double>::max(), high = std::numeric_limits<double>::max();
};

/// The values of a JSON object, asked for by type. `place` is the printable name of the file for messages. A
/// key whose value is null counts as absent. Refers to the JSON. Throws Error E120 for a value of another
/// type, E113 for one out of range, E112 for one that is missing, all naming file and key.
class JsonFields {
 public:
  JsonFields(const nlohmann::json& json, std::string place);

  bool has(const std::string& key) const { return find(key) != nullptr; }
  const nlohmann::json* find(const std::string& key) const;

  std::optional<std::int64_t> find_int(const std::string& key, NumberLimits limits = {}) const;
  std::int64_t get_int(const std::string& key, NumberLimits limits = {}) const;
  std::optional<double> find_float(const std::string& key, NumberLimits limits = {}) const;
  double get_float(const std::string& key, NumberLimits limits = {}) const;
  std::optional<bool> find_bool(const std::string& key) const;
  std::optional<std::string> find_string(const std::string& key) const;

  [[noreturn]] void missing(const std::string& key) const;
  [[noreturn]] void wrong_type(const std::string& key, const char* expected) const;
  [[noreturn]] void out_of_range(const std::string& key, const std::string& what) const;
  const std::string& place() const { return place_; }

 private:
  const nlohmann::json& json_;
  std::string place_;
};

}  // namespace glim
