#include <limits>
#include <type_traits>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/gguf/gguf_file.h"

namespace glim {
namespace {

template <typename T>
constexpr bool is_integer = std::is_same_v<T, std::int64_t> || std::is_same_v<T, std::uint64_t>;

/// Empty when the number does not fit.
template <typename T>
std::optional<std::int64_t> as_int64(T number) {
  if constexpr (std::is_same_v<T, std::uint64_t>) {
    if (number > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) return std::nullopt;
  }
  return static_cast<std::int64_t>(number);
}

/// The elements of a number array; empty when they are no numbers of the kind wanted or do not fit.
template <typename To>
std::optional<std::vector<To>> convert(const GgufArray& array) {
  std::vector<To> out;
  out.reserve(array.size());
  const bool fits = std::visit(
      [&out, &array]<typename T>(const std::vector<T>& values) {
        if constexpr (std::is_same_v<T, std::string_view> ||
                      (std::is_same_v<To, std::int64_t> && !is_integer<T>)) {
          return values.empty();
        } else {
          if (array.kind == GgufKind::boolean) return values.empty();
          for (const T value : values) {
            if constexpr (std::is_same_v<To, double>) {
              out.push_back(static_cast<double>(value));
            } else if (const std::optional<std::int64_t> number = as_int64(value)) {
              out.push_back(*number);
            } else {
              return false;
            }
          }
          return true;
        }
      },
      array.values);
  if (!fits) return std::nullopt;
  return out;
}

}  // namespace

void GgufFile::wrong_type(std::string_view key, GgufKind found, const char* expected) const {
  throw Error(ErrorCode::E105, strf("%s: key '%s' is %s (%s), expected %s; the file is damaged or from a "
                                    "converter that is not supported",
                                    printable(path_.string()).c_str(), printable(key, 80).c_str(),
                                    found == GgufKind::array ? "an array" : "a single value",
                                    std::string(gguf_kind(found).name).c_str(), expected));
}

std::optional<std::int64_t> GgufFile::get_int(std::string_view key) const {
  const GgufValue* value = find(key);
  if (value == nullptr) return std::nullopt;
  std::optional<std::int64_t> number;
  if (const auto* i = std::get_if<std::int64_t>(&value->value);
      i != nullptr && value->kind != GgufKind::boolean) {
    number = *i;
  } else if (const auto* u = std::get_if<std::uint64_t>(&value->value)) {
    number = as_int64(*u);
  }
  if (!number) wrong_type(key, value->kind, "an integer below 2^63");
  return number;
}

std::optional<double> GgufFile::get_float(std::string_view key) const {
  const GgufValue* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (value->kind == GgufKind::boolean) wrong_type(key, value->kind, "a number");
  if (const auto* d = std::get_if<double>(&value->value)) return *d;
  if (const auto* i = std::get_if<std::int64_t>(&value->value)) return static_cast<double>(*i);
  if (const auto* u = std::get_if<std::uint64_t>(&value->value)) return static_cast<double>(*u);
  wrong_type(key, value->kind, "a number");
}

std::optional<bool> GgufFile::get_bool(std::string_view key) const {
  const GgufValue* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (value->kind != GgufKind::boolean) wrong_type(key, value->kind, "true or false");
  return std::get<std::int64_t>(value->value) != 0;
}

std::optional<std::string_view> GgufFile::get_string(std::string_view key) const {
  const GgufValue* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (value->kind != GgufKind::string) wrong_type(key, value->kind, "a string");
  return std::get<std::string_view>(value->value);
}

const GgufArray* GgufFile::find_array(std::string_view key) const {
  const GgufValue* value = find(key);
  return value == nullptr ? nullptr : std::get_if<GgufArray>(&value->value);
}

std::optional<std::vector<std::int64_t>> GgufFile::get_ints(std::string_view key) const {
  const GgufArray* array = find_array(key);
  if (array == nullptr) {
    const std::optional<std::int64_t> single = get_int(key);
    return single ? std::optional(std::vector{*single}) : std::nullopt;
  }
  auto numbers = convert<std::int64_t>(*array);
  if (!numbers) wrong_type(key, GgufKind::array, "integers below 2^63");
  return numbers;
}

std::optional<std::vector<double>> GgufFile::get_floats(std::string_view key) const {
  const GgufArray* array = find_array(key);
  if (array == nullptr) {
    const std::optional<double> single = get_float(key);
    return single ? std::optional(std::vector{*single}) : std::nullopt;
  }
  auto numbers = convert<double>(*array);
  if (!numbers) wrong_type(key, GgufKind::array, "numbers");
  return numbers;
}

const std::vector<std::string_view>* GgufFile::get_strings(std::string_view key) const {
  const GgufValue* value = find(key);
  if (value == nullptr) return nullptr;
  const GgufArray* array = find_array(key);
  if (array == nullptr || array->kind != GgufKind::string)
    wrong_type(key, value->kind, "an array of strings");
  return &std::get<std::vector<std::string_view>>(array->values);
}

}  // namespace glim
