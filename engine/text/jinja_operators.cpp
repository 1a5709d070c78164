#include "engine/text/jinja_operators.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/base/text.h"
#include "engine/text/jinja_ast.h"
#include "engine/text/jinja_format.h"
#include "engine/text/jinja_methods.h"

namespace glim::jinja {

namespace {

[[noreturn]] void fail_operands(Runtime& runtime, std::string_view what, const Value& a, const Value& b) {
  for (const Value* value : {&a, &b}) {
    if (const Undefined* undefined = std::get_if<Undefined>(value)) fail_undefined(runtime, *undefined);
  }
  runtime.fail("cannot " + std::string(what) + " '" + std::string(type_name(a)) + "' and '" +
               std::string(type_name(b)) + "'");
}

// Namespaces, functions and loops are equal to themselves only.
const void* identity(const Value& value) {
  if (const auto* space = std::get_if<Namespace*>(&value)) return *space;
  if (const auto* loop = std::get_if<Loop*>(&value)) return *loop;
  const auto* function = std::get_if<const Function*>(&value);
  return function ? *function : nullptr;
}

bool equal_lists(Runtime& runtime, const std::vector<Value>& a, const std::vector<Value>& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!equal(runtime, a[i], b[i])) return false;
  }
  return true;
}

bool equal_dicts(Runtime& runtime, const Dict& a, const Dict& b) {
  if (a.entries.size() != b.entries.size()) return false;
  for (const auto& [key, value] : a.entries) {
    const Value* other = find_entry(runtime, b, key);
    if (!other || !equal(runtime, value, *other)) return false;
  }
  return true;
}

}  // namespace

void fail_undefined(Runtime& runtime, const Undefined& value) {
  const Expr* origin = value.origin;
  if (!origin) runtime.fail("a value is undefined");
  if (origin->kind == ExprKind::name) runtime.fail("'" + origin->name + "' is undefined");
  if (origin->kind == ExprKind::attribute) runtime.fail("there is no attribute '" + origin->name + "'");
  runtime.fail("there is no such item");
}

bool truthy(Runtime&, const Value& value) {
  if (is<Undefined>(value) || is<None>(value)) return false;
  if (const MarkedText* text = as_text(value)) return !text->empty();
  if (const List* list = as_list(value)) return list->kind == ListKind::generator || !list->items.empty();
  if (const Dict* dict = as_dict(value)) return !dict->entries.empty();
  if (const auto number = as_real(value)) return *number != 0;
  return true;
}

bool equal(Runtime& runtime, const Value& a, const Value& b) {
  runtime.step();
  const MarkedText *text_a = as_text(a), *text_b = as_text(b);
  if (text_a && text_b) {
    if (text_a->size() == text_b->size()) runtime.scan(text_a->size());
    return text_a->str() == text_b->str();
  }
  const auto integer_a = as_integer(a), integer_b = as_integer(b);
  if (integer_a && integer_b) return *integer_a == *integer_b;
  const auto number_a = as_real(a), number_b = as_real(b);
  if (number_a && number_b) return *number_a == *number_b;
  if (a.index() != b.index()) return false;
  if (is<Undefined>(a) || is<None>(a)) return true;
  const Runtime::Nest nest = runtime.nest_values();
  if (const List* list = as_list(a)) {
    const List& other = *as_list(b);
    return list == &other || (list->kind == other.kind && equal_lists(runtime, list->items, other.items));
  }
  if (const Dict* dict = as_dict(a)) return equal_dicts(runtime, *dict, *as_dict(b));
  return identity(a) == identity(b);
}

bool less(Runtime& runtime, const Value& a, const Value& b) {
  runtime.step();
  const MarkedText *text_a = as_text(a), *text_b = as_text(b);
  if (text_a && text_b) {
    runtime.scan(std::min(text_a->size(), text_b->size()));
    return text_a->str() < text_b->str();  // UTF-8 sorts like code points
  }
  const auto integer_a = as_integer(a), integer_b = as_integer(b);
  if (integer_a && integer_b) return *integer_a < *integer_b;
  const auto number_a = as_real(a), number_b = as_real(b);
  if (number_a && number_b) return *number_a < *number_b;
  const List *list_a = as_list(a), *list_b = as_list(b);
  if (list_a && list_b && list_a->kind == list_b->kind && list_a->kind <= ListKind::tuple) {
    const Runtime::Nest nest = runtime.nest_values();
    const std::size_t shared = std::min(list_a->items.size(), list_b->items.size());
    for (std::size_t i = 0; i < shared; ++i) {
      if (!equal(runtime, list_a->items[i], list_b->items[i]))
        return less(runtime, list_a->items[i], list_b->items[i]);
    }
    return list_a->items.size() < list_b->items.size();
  }
  fail_operands(runtime, "order", a, b);
}

bool contains(Runtime& runtime, const Value& container, const Value& item) {
  if (const MarkedText* text = as_text(container)) {
    const MarkedText* part = as_text(item);
    if (!part) fail_operands(runtime, "look for the second in the first of", container, item);
    runtime.scan(text->size());
    return find_text(text->view(), part->view()) != std::string_view::npos;
  }
  if (const Dict* dict = as_dict(container)) {
    check_key(runtime, item);
    return find_entry(runtime, *dict, item) != nullptr;
  }
  if (!is_iterable(container))
    runtime.fail("'" + std::string(type_name(container)) + "' cannot be searched with 'in'");
  for (const Value& candidate : iterate(runtime, container)) {
    if (equal(runtime, candidate, item)) return true;
  }
  return false;
}

bool compare(Runtime& runtime, Op op, const Value& a, const Value& b) {
  switch (op) {
    case Op::equal:
      return equal(runtime, a, b);
    case Op::not_equal:
      return !equal(runtime, a, b);
    case Op::less:
      return less(runtime, a, b);
    case Op::greater:
      return less(runtime, b, a);
    case Op::less_equal:
      return less(runtime, a, b) || equal(runtime, a, b);
    case Op::greater_equal:
      return less(runtime, b, a) || equal(runtime, a, b);
    case Op::in:
      return contains(runtime, b, a);
    default:
      return !contains(runtime, b, a);
  }
}

namespace {

Value integer_power(Runtime& runtime, Integer base, Integer exponent) {
  Integer result = 1;
  if (base == 0 || base == 1) return exponent == 0 ? Integer{1} : base;
  if (base == -1) return exponent % 2 == 0 ? Integer{1} : Integer{-1};
  for (; exponent > 0; --exponent) {
    if (__builtin_mul_overflow(result, base, &result)) runtime.fail("an integer is too large");
  }
  return result;
}

Integer floor_divide(Integer a, Integer b) {
  const Integer quotient = a / b;
  return a % b != 0 && (a < 0) != (b < 0) ? quotient - 1 : quotient;
}

Value integer_arithmetic(Runtime& runtime, Op op, Integer a, Integer b) {
  Integer result = 0;
  bool overflow = false;
  const bool divides = op == Op::divide || op == Op::floor_divide || op == Op::modulo;
  if (divides && b == 0) runtime.fail("division by zero");
  switch (op) {
    case Op::add:
      overflow = __builtin_add_overflow(a, b, &result);
      break;
    case Op::subtract:
      overflow = __builtin_sub_overflow(a, b, &result);
      break;
    case Op::multiply:
      overflow = __builtin_mul_overflow(a, b, &result);
      break;
    case Op::divide:
      return static_cast<double>(a) / static_cast<double>(b);
    case Op::floor_divide:
      if (b == -1) return integer_arithmetic(runtime, Op::subtract, 0, a);
      return floor_divide(a, b);
    case Op::modulo:
      return b == -1 ? Integer{0} : a - floor_divide(a, b) * b;
    default:
      if (b < 0) return std::pow(static_cast<double>(a), static_cast<double>(b));
      return integer_power(runtime, a, b);
  }
  if (overflow) runtime.fail("an integer is too large");
  return result;
}

Value real_arithmetic(Runtime& runtime, Op op, double a, double b) {
  const bool divides = op == Op::divide || op == Op::floor_divide || op == Op::modulo;
  if (divides && b == 0) runtime.fail("division by zero");
  switch (op) {
    case Op::add:
      return a + b;
    case Op::subtract:
      return a - b;
    case Op::multiply:
      return a * b;
    case Op::divide:
      return a / b;
    case Op::floor_divide:
      return std::floor(a / b);
    case Op::modulo:
      return a - b * std::floor(a / b);
    default:
      return std::pow(a, b);
  }
}

Value repeat(Runtime& runtime, const Value& value, Integer count) {
  const auto times = static_cast<std::size_t>(std::clamp<Integer>(count, 0, 1 << 30));
  if (const MarkedText* text = as_text(value)) {
    TextBuilder out(runtime);
    for (std::size_t i = 0; i < times && !text->empty(); ++i) {
      runtime.step();
      out.add(*text);
    }
    return out.value();
  }
  const List& list = *as_list(value);
  ListBuilder out(runtime);
  for (std::size_t i = 0; i < times && !list.items.empty(); ++i) {
    for (const Value& item : list.items) out.add(item);
  }
  return out.value(list.kind);
}

bool is_sequence(const Value& value) {
  const List* list = as_list(value);
  return as_text(value) || (list && list->kind <= ListKind::tuple);
}

Value join_sequences(Runtime& runtime, const Value& a, const Value& b) {
  const MarkedText *text_a = as_text(a), *text_b = as_text(b);
  if (text_a && text_b) {
    TextBuilder out(runtime);
    out.add(*text_a);
    out.add(*text_b);
    return out.value();
  }
  const List *list_a = as_list(a), *list_b = as_list(b);
  if (!list_a || !list_b || list_a->kind != list_b->kind) fail_operands(runtime, "add", a, b);
  ListBuilder out(runtime);
  for (const List* list : {list_a, list_b}) {
    for (const Value& item : list->items) out.add(item);
  }
  return out.value(list_a->kind);
}

}  // namespace

Value arithmetic(Runtime& runtime, Op op, const Value& a, const Value& b) {
  const auto integer_a = as_integer(a), integer_b = as_integer(b);
  if (integer_a && integer_b) return integer_arithmetic(runtime, op, *integer_a, *integer_b);
  const auto number_a = as_real(a), number_b = as_real(b);
  if (number_a && number_b) return real_arithmetic(runtime, op, *number_a, *number_b);
  if (op == Op::add && is_sequence(a) && is_sequence(b)) return join_sequences(runtime, a, b);
  if (op == Op::multiply && is_sequence(a) && integer_b) return repeat(runtime, a, *integer_b);
  if (op == Op::multiply && is_sequence(b) && integer_a) return repeat(runtime, b, *integer_a);
  if (op == Op::modulo && as_text(a)) return format_percent(runtime, *as_text(a), b);
  fail_operands(runtime, op == Op::add ? "add" : "calculate with", a, b);
}

Value negate(Runtime& runtime, const Value& value) {
  if (const auto number = as_integer(value)) return integer_arithmetic(runtime, Op::subtract, 0, *number);
  if (const auto number = as_real(value)) return -*number;
  fail_operands(runtime, "negate", value, value);
}

}  // namespace glim::jinja
