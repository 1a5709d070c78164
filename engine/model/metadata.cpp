#include "engine/model/metadata.h"

#include <algorithm>

#include "engine/base/error.h"
#include "engine/base/text.h"

namespace glim {

std::optional<std::int64_t> Metadata::find_int(std::string_view name, Limits<std::int64_t> limits) const {
  const std::optional<std::vector<std::int64_t>> values = file_.get_ints(key(name));
  if (!values) return std::nullopt;
  if (values->empty()) refuse(name, "is an empty list");
  const std::int64_t value = values->front();
  if (std::any_of(values->begin(), values->end(), [value](std::int64_t other) { return other != value; })) {
    refuse(name, "differs between layers, which is not supported");
  }
  if (value < limits.low || value > limits.high) {
    refuse(name, strf("is %lld, expected %lld to %lld", static_cast<long long>(value),
                      static_cast<long long>(limits.low), static_cast<long long>(limits.high)));
  }
  return value;
}

std::int64_t Metadata::get_int(std::string_view name, Limits<std::int64_t> limits) const {
  const std::optional<std::int64_t> value = find_int(name, limits);
  if (!value) missing(name);
  return *value;
}

std::optional<double> Metadata::find_float(std::string_view name, Limits<double> limits) const {
  const std::optional<double> value = file_.get_float(key(name));
  // Written so that NaN is refused too.
  if (value && !(*value >= limits.low && *value <= limits.high)) {
    refuse(name, strf("is %g, expected %g to %g", *value, limits.low, limits.high));
  }
  return value;
}

double Metadata::get_float(std::string_view name, Limits<double> limits) const {
  const std::optional<double> value = find_float(name, limits);
  if (!value) missing(name);
  return *value;
}

void Metadata::missing(std::string_view name) const {
  throw Error(ErrorCode::E112,
              strf("%s: the key %s is missing, which architecture %s needs; get another file of this model",
                   printable(file_.path().string()).c_str(), printable(key(name)).c_str(),
                   printable(architecture_).c_str()));
}

void Metadata::refuse(std::string_view name, const std::string& what_is_wrong) const {
  throw Error(ErrorCode::E113, strf("%s: the key %s %s; the file is damaged or made for another program",
                                    printable(file_.path().string()).c_str(), printable(key(name)).c_str(),
                                    what_is_wrong.c_str()));
}

}  // namespace glim
