#include "engine/text/jinja_value.h"

#include <array>

namespace glim::jinja {

Value* Scope::find(Symbol symbol) {
  for (Scope* scope = this; scope; scope = scope->parent) {
    for (auto& [name, value] : scope->names) {
      if (name == symbol) return &value;
    }
  }
  return nullptr;
}

void Scope::set(Symbol symbol, Value value) {
  for (auto& [name, old] : names) {
    if (name == symbol) {
      old = value;
      return;
    }
  }
  names.emplace_back(symbol, value);
}

std::optional<Integer> as_integer(const Value& value) {
  if (const auto* number = std::get_if<Integer>(&value)) return *number;
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? 1 : 0;
  return std::nullopt;
}

std::optional<double> as_real(const Value& value) {
  if (const auto* number = std::get_if<double>(&value)) return *number;
  if (const auto number = as_integer(value)) return static_cast<double>(*number);
  return std::nullopt;
}

std::string_view type_name(const Value& value) {
  static constexpr std::array<std::string_view, std::variant_size_v<Value>> kNames = {
      "Undefined", "NoneType", "bool",      "int",      "float",      "str",
      "list",      "dict",     "Namespace", "function", "LoopContext"};
  static constexpr std::array<std::string_view, 7> kListNames = {
      "list", "tuple", "range", "generator", "dict_keys", "dict_values", "dict_items"};
  if (const List* list = as_list(value)) return kListNames[static_cast<std::size_t>(list->kind)];
  return kNames[value.index()];
}

}  // namespace glim::jinja
