#include <array>

#include "engine/text/jinja_methods.h"
#include "engine/text/jinja_operators.h"
#include "engine/text/jinja_print.h"

namespace glim::jinja {

namespace {

bool same_object(const Value& a, const Value& b) {
  if (a.index() != b.index()) return false;
  if (as_text(a) && as_text(b)) return as_text(a)->str() == as_text(b)->str();
  if (is<None>(a)) return true;
  if (is<Undefined>(a)) return false;
  const auto number_a = as_real(a), number_b = as_real(b);
  if (number_a && number_b) return *number_a == *number_b;
  if (as_list(a)) return as_list(a) == as_list(b);
  if (as_dict(a)) return as_dict(a) == as_dict(b);
  if (is<Namespace*>(a)) return std::get<Namespace*>(a) == std::get<Namespace*>(b);
  if (is<Loop*>(a)) return std::get<Loop*>(a) == std::get<Loop*>(b);
  return std::get<const Function*>(a) == std::get<const Function*>(b);
}

bool is_sequence(const Value& value) {
  const List* list = as_list(value);
  return is<Undefined>(value) || as_text(value) || as_dict(value) || (list && list->kind <= ListKind::range);
}

Value divisible(BoundCall& call, const Value& by, const Value& remainder) {
  return equal(call.runtime, arithmetic(call.runtime, Op::modulo, call.self, by), remainder);
}

// Like str.islower(): there are letters and none of them is of the other case.
bool has_case(BoundCall& call, bool upper) {
  const Value value = to_text(call.runtime, call.self);
  const std::string_view text = as_text(value)->view();
  call.runtime.scan(text.size());
  return (upper ? upper_case(text) : lower_case(text)) == text && upper_case(text) != lower_case(text);
}

template <Op op>
Value compare_with(BoundCall& call) {
  return compare(call.runtime, op, call.self, call.at(0));
}

constexpr std::array kTests = {
    NativeRow{"defined", "", [](BoundCall& c) { return Value(!is<Undefined>(c.self)); }},
    NativeRow{"undefined", "", [](BoundCall& c) { return Value(is<Undefined>(c.self)); }},
    NativeRow{"none", "", [](BoundCall& c) { return Value(is<None>(c.self)); }},
    NativeRow{"string", "", [](BoundCall& c) { return Value(as_text(c.self) != nullptr); }},
    NativeRow{"mapping", "", [](BoundCall& c) { return Value(as_dict(c.self) != nullptr); }},
    NativeRow{"iterable", "", [](BoundCall& c) { return Value(is_iterable(c.self)); }},
    NativeRow{"sequence", "", [](BoundCall& c) { return Value(is_sequence(c.self)); }},
    NativeRow{"number", "", [](BoundCall& c) { return Value(as_real(c.self).has_value()); }},
    NativeRow{"integer", "", [](BoundCall& c) { return Value(is<Integer>(c.self)); }},
    NativeRow{"float", "", [](BoundCall& c) { return Value(is<double>(c.self)); }},
    NativeRow{"boolean", "", [](BoundCall& c) { return Value(is<bool>(c.self)); }},
    NativeRow{"true", "", [](BoundCall& c) { return Value(is<bool>(c.self) && std::get<bool>(c.self)); }},
    NativeRow{"false", "", [](BoundCall& c) { return Value(is<bool>(c.self) && !std::get<bool>(c.self)); }},
    NativeRow{"callable", "",
              [](BoundCall& c) {
                return Value(is<const Function*>(c.self) || is<Loop*>(c.self) || is<Undefined>(c.self));
              }},
    NativeRow{"escaped", "", [](BoundCall&) { return Value(false); }},
    NativeRow{"odd", "", [](BoundCall& c) { return divisible(c, Integer{2}, Integer{1}); }},
    NativeRow{"even", "", [](BoundCall& c) { return divisible(c, Integer{2}, Integer{0}); }},
    NativeRow{"divisibleby", "num", [](BoundCall& c) { return divisible(c, c.at(0), Integer{0}); }},
    NativeRow{"lower", "", [](BoundCall& c) { return Value(has_case(c, false)); }},
    NativeRow{"upper", "", [](BoundCall& c) { return Value(has_case(c, true)); }},
    NativeRow{"sameas", "other", [](BoundCall& c) { return Value(same_object(c.self, c.at(0))); }},
    NativeRow{"filter", "", [](BoundCall& c) { return Value(find_filter(c.self_text().view()) != nullptr); }},
    NativeRow{"test", "", [](BoundCall& c) { return Value(find_test(c.self_text().view()) != nullptr); }},
    NativeRow{"in", "seq", compare_with<Op::in>},
    NativeRow{"eq", "other", compare_with<Op::equal>},
    NativeRow{"equalto", "other", compare_with<Op::equal>},
    NativeRow{"==", "other", compare_with<Op::equal>},
    NativeRow{"ne", "other", compare_with<Op::not_equal>},
    NativeRow{"!=", "other", compare_with<Op::not_equal>},
    NativeRow{"lt", "other", compare_with<Op::less>},
    NativeRow{"lessthan", "other", compare_with<Op::less>},
    NativeRow{"<", "other", compare_with<Op::less>},
    NativeRow{"le", "other", compare_with<Op::less_equal>},
    NativeRow{"<=", "other", compare_with<Op::less_equal>},
    NativeRow{"gt", "other", compare_with<Op::greater>},
    NativeRow{"greaterthan", "other", compare_with<Op::greater>},
    NativeRow{">", "other", compare_with<Op::greater>},
    NativeRow{"ge", "other", compare_with<Op::greater_equal>},
    NativeRow{">=", "other", compare_with<Op::greater_equal>},
};

}  // namespace

std::span<const NativeRow> tests() {
  return kTests;
}

}  // namespace glim::jinja
