#pragma once

#include <string_view>
#include <vector>

#include "engine/text/jinja_runtime.h"

namespace glim::jinja {

enum class Op {
  add,
  subtract,
  multiply,
  divide,
  floor_divide,
  modulo,
  power,
  equal,
  not_equal,
  less,
  less_equal,
  greater,
  greater_equal,
  in,
  not_in
};

/// Python's operators on values. All fail with E402 where Python raises an exception.
bool truthy(Runtime& runtime, const Value& value);
bool equal(Runtime& runtime, const Value& a, const Value& b);
bool less(Runtime& runtime, const Value& a, const Value& b);
bool contains(Runtime& runtime, const Value& container, const Value& item);
bool compare(Runtime& runtime, Op op, const Value& a, const Value& b);
Value arithmetic(Runtime& runtime, Op op, const Value& a, const Value& b);
Value negate(Runtime& runtime, const Value& value);

std::size_t length(Runtime& runtime, const Value& value);
/// The items that a for loop over the value sees: characters, list items, keys. Drains generators.
const std::vector<Value>& iterate(Runtime& runtime, const Value& value);
bool is_iterable(const Value& value);

/// `value[key]`, undefined when there is no such item. Fails on undefined values.
Value get_item(Runtime& runtime, const Value& value, const Value& key, const Expr* origin);
/// `value.name`: a method if the type has one of that name, else the item.
Value get_attribute(Runtime& runtime, const Value& value, std::string_view name, const Expr* origin);
const Value* find_entry(Runtime& runtime, const Dict& dict, const Value& key);
const Value* find_entry(const Dict& dict, std::string_view key);
void set_entry(Runtime& runtime, Dict& dict, const Value& key,
               const Value& value);                  ///< while it is being built
void check_key(Runtime& runtime, const Value& key);  ///< fails unless Python could hash it

struct SliceBounds {
  Value start, stop, step;
};
Value slice(Runtime& runtime, const Value& value, const SliceBounds& bounds);

/// Fails with a message about the value being undefined; the name comes from its origin.
[[noreturn]] void fail_undefined(Runtime& runtime, const Undefined& value);

}  // namespace glim::jinja
