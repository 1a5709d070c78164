#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "engine/gguf/gguf_file.h"

namespace glim {

/// Closed interval that a hyper-parameter must lie in.
template <typename Number>
struct Limits {
  Number low, high;
};

/// Hyper-parameters of one architecture: every key is read under "<architecture>." and checked. Throws E105
/// for a value of the wrong type, E112 for a missing one, E113 for one out of range; the message names the
/// key and the value.
class Metadata {
 public:
  Metadata(const GgufFile& file, std::string architecture)
      : file_(file), architecture_(std::move(architecture)) {}

  std::string key(std::string_view name) const { return architecture_ + "." + std::string(name); }

  /// A list with one value per layer is accepted where all its values are equal.
  std::optional<std::int64_t> find_int(std::string_view name, Limits<std::int64_t> limits) const;
  std::int64_t get_int(std::string_view name, Limits<std::int64_t> limits) const;
  std::optional<double> find_float(std::string_view name, Limits<double> limits) const;
  double get_float(std::string_view name, Limits<double> limits) const;
  bool get_bool(std::string_view name, bool missing) const {
    return file_.get_bool(key(name)).value_or(missing);
  }
  std::optional<std::string_view> find_string(std::string_view name) const {
    return file_.get_string(key(name));
  }

  [[noreturn]] void missing(std::string_view name) const;
  [[noreturn]] void refuse(std::string_view name, const std::string& what_is_wrong) const;

 private:
  const GgufFile& file_;
  std::string architecture_;
};

}  // namespace glim
