#include <algorithm>
#include <array>

#include "engine/text/jinja_methods.h"
#include "engine/text/jinja_operators.h"
#include "engine/text/jinja_print.h"

namespace glim::jinja {

namespace {

// Strings compare without regard to case unless asked otherwise.
Value sort_key(BoundCall& call, const Value& value, bool case_sensitive) {
  const MarkedText* text = as_text(value);
  return text && !case_sensitive ? lower_case(call.runtime, *text) : value;
}

Value item_key(BoundCall& call, const Value& item, const Value& attribute, bool case_sensitive) {
  const bool whole = is<Undefined>(attribute) || is<None>(attribute);
  return sort_key(call, whole ? item : follow_path(call.runtime, item, attribute, Undefined{}),
                  case_sensitive);
}

struct Keyed {
  Value key, item;
};

Value sorted(BoundCall& call, std::vector<Keyed> items, bool reverse) {
  std::stable_sort(items.begin(), items.end(), [&](const Keyed& a, const Keyed& b) {
    return reverse ? less(call.runtime, b.key, a.key) : less(call.runtime, a.key, b.key);
  });
  ListBuilder out(call.runtime);
  for (const Keyed& item : items) out.add(item.item);
  return out.value();
}

Value sort(BoundCall& call) {
  const bool case_sensitive = call.flag(1);
  std::vector<Keyed> items;
  for (const Value& item : iterate(call.runtime, call.self)) {
    items.push_back({item_key(call, item, call.at(2), case_sensitive), item});
  }
  return sorted(call, std::move(items), call.flag(0));
}

Value dictsort(BoundCall& call) {
  const Dict* dict = as_dict(call.self);
  if (!dict) call.fail("needs a mapping");
  const std::string_view by = call.view(1, "key");
  if (by != "key" && by != "value") call.fail("sorts by key or value only");
  std::vector<Keyed> items;
  for (const auto& [key, value] : dict->entries) {
    items.push_back({sort_key(call, by == "key" ? key : value, call.flag(0)),
                     call.runtime.list({key, value}, ListKind::tuple)});
  }
  return sorted(call, std::move(items), call.flag(2));
}

Value items(BoundCall& call) {
  ListBuilder out(call.runtime);
  const Dict* dict = as_dict(call.self);
  if (!dict && !is<Undefined>(call.self)) call.fail("needs a mapping");
  for (std::size_t i = 0; dict && i < dict->entries.size(); ++i) {
    out.add(call.runtime.list({dict->entries[i].first, dict->entries[i].second}, ListKind::tuple));
  }
  return out.value(ListKind::generator);
}

Value join(BoundCall& call) {
  const Value separator = call.has(0) ? to_text(call.runtime, call.at(0)) : call.runtime.text("");
  TextBuilder out(call.runtime);
  bool first = true;
  for (const Value& item : iterate(call.runtime, call.self)) {
    call.runtime.step();
    if (!first) out.add(*as_text(separator));
    first = false;
    const bool whole = !call.has(1) || is<None>(call.at(1));
    print(out, call.runtime, whole ? item : follow_path(call.runtime, item, call.at(1), Undefined{}));
  }
  return out.value();
}

Value default_value(BoundCall& call) {
  const bool missing = is<Undefined>(call.self) || (call.flag(1) && !truthy(call.runtime, call.self));
  if (!missing) return call.self;
  return call.has(0) ? call.at(0) : call.runtime.text("");
}

Value to_list(BoundCall& call) {
  ListBuilder out(call.runtime);
  for (const Value& item : iterate(call.runtime, call.self)) out.add(item);
  return out.value();
}

Value first(BoundCall& call) {
  const std::vector<Value>& all = iterate(call.runtime, call.self);
  return all.empty() ? Value(Undefined{}) : all.front();
}

Value last(BoundCall& call) {
  const std::vector<Value>& all = iterate(call.runtime, call.self);
  return all.empty() ? Value(Undefined{}) : all.back();
}

Value reverse(BoundCall& call) {
  if (as_text(call.self)) return slice(call.runtime, call.self, {None{}, None{}, Integer{-1}});
  const std::vector<Value>& all = iterate(call.runtime, call.self);
  ListBuilder out(call.runtime);
  for (auto item = all.rbegin(); item != all.rend(); ++item) out.add(*item);
  return out.value(ListKind::generator);
}

Value unique(BoundCall& call) {
  std::vector<Value> seen;
  ListBuilder out(call.runtime);
  for (const Value& item : iterate(call.runtime, call.self)) {
    const Value key = item_key(call, item, call.at(1), call.flag(0));
    check_key(call.runtime, key);
    const bool known = std::any_of(seen.begin(), seen.end(),
                                   [&](const Value& other) { return equal(call.runtime, other, key); });
    if (known) continue;
    seen.push_back(key);
    out.add(item);
  }
  return out.value(ListKind::generator);
}

Value extreme(BoundCall& call, bool largest) {
  const std::vector<Value>& all = iterate(call.runtime, call.self);
  const Value* best = nullptr;
  Value best_key;
  for (const Value& item : all) {
    const Value key = item_key(call, item, call.at(1), call.flag(0));
    const bool wins =
        !best || (largest ? less(call.runtime, best_key, key) : less(call.runtime, key, best_key));
    if (wins) best = &item, best_key = key;
  }
  return best ? *best : Value(Undefined{});
}

Value sum(BoundCall& call) {
  Value total = call.has(1) ? call.at(1) : Value(Integer{0});
  const bool whole = !call.has(0) || is<None>(call.at(0));
  for (const Value& item : iterate(call.runtime, call.self)) {
    const Value term = whole ? item : follow_path(call.runtime, item, call.at(0), Undefined{});
    total = arithmetic(call.runtime, Op::add, total, term);
  }
  return total;
}

Value batch(BoundCall& call) {
  const Integer size = call.integer(0);
  if (size < 1) call.fail("needs a positive size");
  const auto width = static_cast<std::size_t>(std::min<Integer>(size, 1 << 24));
  const bool fill = call.has(1) && !is<None>(call.at(1));
  ListBuilder out(call.runtime), row(call.runtime);
  for (const Value& item : iterate(call.runtime, call.self)) {
    if (row.items().size() == width) out.add(row.value()), row.items().clear();
    row.add(item);
  }
  if (row.items().empty()) return out.value(ListKind::generator);
  while (fill && row.items().size() < width) row.add(call.at(1));
  out.add(row.value());
  return out.value(ListKind::generator);
}

Value slices(BoundCall& call) {
  const std::vector<Value>& all = iterate(call.runtime, call.self);
  const Integer wanted = call.integer(0);
  if (wanted < 1 || wanted > 1 << 24) call.fail("needs a sensible number of slices");
  const auto count = static_cast<std::size_t>(wanted);
  const std::size_t base = all.size() / count, longer = all.size() % count;
  const bool fill = call.has(1) && !is<None>(call.at(1));
  ListBuilder out(call.runtime);
  std::size_t pos = 0;
  for (std::size_t i = 0; i < count; ++i) {
    ListBuilder row(call.runtime);
    const std::size_t size = base + (i < longer ? 1 : 0);
    for (std::size_t j = 0; j < size; ++j) row.add(all[pos++]);
    if (fill && i >= longer) row.add(call.at(1));
    out.add(row.value());
  }
  return out.value(ListKind::generator);
}

// map and select take anything that is false for nothing to work on.
const std::vector<Value>& input(BoundCall& call) {
  return iterate(call.runtime, truthy(call.runtime, call.self) ? call.self : Value(Undefined{}));
}

Value map_attribute(BoundCall& call) {
  Value attribute = Undefined{}, otherwise = Undefined{};
  for (const auto& [name, value] : call.arguments().named) {
    if (name != "attribute" && name != "default") call.fail("takes no argument '" + std::string(name) + "'");
    (name == "attribute" ? attribute : otherwise) = value;
  }
  if (is<Undefined>(attribute)) call.fail("needs a filter or an attribute");
  ListBuilder out(call.runtime);
  for (const Value& item : input(call)) {
    out.add(follow_path(call.runtime, item, attribute, otherwise));
  }
  return out.value(ListKind::generator);
}

// The arguments after the first `count`, for the filter or test that they are meant for.
CallArguments arguments_after(const BoundCall& call, std::size_t count) {
  CallArguments out = call.arguments();
  out.positional.erase(out.positional.begin(), out.positional.begin() + static_cast<std::ptrdiff_t>(count));
  return out;
}

const NativeRow& named_row(BoundCall& call, std::size_t index, const NativeRow* (*find)(std::string_view)) {
  const MarkedText* name = as_text(call.arguments().positional[index]);
  const NativeRow* row = name ? find(name->view()) : nullptr;
  if (!row) call.fail("does not know '" + (name ? name->str() : std::string("?")) + "'");
  return *row;
}

Value map(BoundCall& call) {
  if (call.arguments().positional.empty()) return map_attribute(call);
  const NativeRow& row = named_row(call, 0, find_filter);
  ListBuilder out(call.runtime);
  for (const Value& item : input(call)) {
    const Runtime::Nest nest = call.runtime.nest_calls();
    out.add(call_native(call.runtime, row, item, arguments_after(call, 1)));
  }
  return out.value(ListKind::generator);
}

template <bool attribute, bool wanted>
Value select(BoundCall& call) {
  const std::vector<Value>& positional = call.arguments().positional;
  constexpr std::size_t kTest = attribute ? 1 : 0;
  if (attribute && positional.empty()) call.fail("needs an attribute");
  const NativeRow* row = positional.size() > kTest ? &named_row(call, kTest, find_test) : nullptr;
  ListBuilder out(call.runtime);
  for (const Value& item : input(call)) {
    Value value = attribute ? follow_path(call.runtime, item, positional[0], Undefined{}) : item;
    if (row) value = call_native(call.runtime, *row, value, arguments_after(call, kTest + 1));
    if (truthy(call.runtime, value) == wanted) out.add(item);
    call.runtime.step();
  }
  return out.value(ListKind::generator);
}

Value attribute(BoundCall& call) {
  if (is<Undefined>(call.self)) return call.self;
  // Items of a mapping are no attributes here, only its methods are.
  const NativeRow* method = find_method(call.self, call.text(0).view());
  if (method) return call.runtime.function({.native = method, .self = call.self});
  return as_dict(call.self) ? Value(Undefined{})
                            : get_attribute(call.runtime, call.self, call.text(0).view(), nullptr);
}

constexpr std::array kFilters = {
    NativeRow{"length", "",
              [](BoundCall& c) { return Value(static_cast<Integer>(length(c.runtime, c.self))); }},
    NativeRow{"count", "",
              [](BoundCall& c) { return Value(static_cast<Integer>(length(c.runtime, c.self))); }},
    NativeRow{"items", "", items},
    NativeRow{"join", "d?,attribute?", join},
    NativeRow{"default", "default_value?,boolean?", default_value},
    NativeRow{"d", "default_value?,boolean?", default_value},
    NativeRow{"list", "", to_list},
    NativeRow{"first", "", first},
    NativeRow{"last", "", last},
    NativeRow{"reverse", "", reverse},
    NativeRow{"sort", "reverse?,case_sensitive?,attribute?", sort},
    NativeRow{"dictsort", "case_sensitive?,by?,reverse?", dictsort},
    NativeRow{"unique", "case_sensitive?,attribute?", unique},
    NativeRow{"min", "case_sensitive?,attribute?", [](BoundCall& c) { return extreme(c, false); }},
    NativeRow{"max", "case_sensitive?,attribute?", [](BoundCall& c) { return extreme(c, true); }},
    NativeRow{"sum", "attribute?,start?", sum},
    NativeRow{"batch", "linecount,fill_with?", batch},
    NativeRow{"slice", "slices,fill_with?", slices},
    NativeRow{"map", "*", map},
    NativeRow{"select", "*", select<false, true>},
    NativeRow{"reject", "*", select<false, false>},
    NativeRow{"selectattr", "*", select<true, true>},
    NativeRow{"rejectattr", "*", select<true, false>},
    NativeRow{"attr", "name", attribute},
};

}  // namespace

std::span<const NativeRow> list_filters() {
  return kFilters;
}

Value follow_path(Runtime& runtime, Value value, const Value& path, const Value& otherwise) {
  const auto follow = [&](const Value& key) {
    value = get_item(runtime, value, key, nullptr);
    if (is<Undefined>(value) && !is<Undefined>(otherwise)) value = otherwise;
  };
  const MarkedText* text = as_text(path);
  if (!text) {
    follow(path);
    return value;
  }
  std::string_view rest = text->view();
  while (true) {
    const std::size_t dot = rest.find('.');
    const std::string_view part = rest.substr(0, dot);
    const bool number =
        !part.empty() && part.size() < 10 && part.find_first_not_of("0123456789") == part.npos;
    runtime.step();
    follow(number ? Value(Integer{std::stoll(std::string(part))}) : runtime.text(part));
    if (dot == std::string_view::npos) return value;
    rest.remove_prefix(dot + 1);
  }
}

}  // namespace glim::jinja
