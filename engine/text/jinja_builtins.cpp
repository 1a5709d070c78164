#include <algorithm>
#include <array>
#include <ctime>

#include "engine/text/jinja_methods.h"
#include "engine/text/jinja_operators.h"
#include "engine/text/jinja_print.h"

namespace glim::jinja {

namespace {

Value dict_view(BoundCall& call, ListKind kind) {
  const Dict& dict = *as_dict(call.self);
  ListBuilder out(call.runtime);
  for (const auto& [key, value] : dict.entries) {
    if (kind == ListKind::keys) {
      out.add(key);
    } else if (kind == ListKind::values) {
      out.add(value);
    } else {
      out.add(call.runtime.list({key, value}, ListKind::tuple));
    }
  }
  return out.value(kind);
}

Value dict_get(BoundCall& call) {
  check_key(call.runtime, call.at(0));
  if (const Value* found = find_entry(call.runtime, *as_dict(call.self), call.at(0))) return *found;
  return call.has(1) ? call.at(1) : Value(None{});
}

Value list_index(BoundCall& call) {
  const List& list = *as_list(call.self);
  for (std::size_t i = 0; i < list.items.size(); ++i) {
    if (equal(call.runtime, list.items[i], call.at(0))) return static_cast<Integer>(i);
  }
  call.fail("does not find the item");
}

Value list_count(BoundCall& call) {
  Integer out = 0;
  for (const Value& item : as_list(call.self)->items) out += equal(call.runtime, item, call.at(0)) ? 1 : 0;
  return out;
}

Value loop_cycle(BoundCall& call) {
  const std::vector<Value>& choices = call.arguments().positional;
  if (choices.empty()) call.fail("needs something to choose from");
  return choices[std::get<Loop*>(call.self)->index % choices.size()];
}

Value loop_changed(BoundCall& call) {
  Loop& loop = *std::get<Loop*>(call.self);
  const std::vector<Value>& now = call.arguments().positional;
  bool same = loop.last_changed && loop.last_changed->size() == now.size();
  for (std::size_t i = 0; same && i < now.size(); ++i)
    same = equal(call.runtime, (*loop.last_changed)[i], now[i]);
  if (!same) {
    call.runtime.allocate(now.size() * sizeof(Value));
    loop.last_changed = now;
  }
  return !same;
}

Value self_copy(BoundCall& call) {
  return call.self;
}

constexpr std::array kDictMethods = {
    NativeRow{"items", "", [](BoundCall& c) { return dict_view(c, ListKind::items); }},
    NativeRow{"keys", "", [](BoundCall& c) { return dict_view(c, ListKind::keys); }},
    NativeRow{"values", "", [](BoundCall& c) { return dict_view(c, ListKind::values); }},
    NativeRow{"get", "key,default?", dict_get},
    NativeRow{"copy", "", self_copy},
};
constexpr std::array kListMethods = {
    NativeRow{"index", "value", list_index},
    NativeRow{"count", "value", list_count},
    NativeRow{"copy", "", self_copy},
};
constexpr std::array kLoopMethods = {
    NativeRow{"cycle", "*", loop_cycle},
    NativeRow{"changed", "*", loop_changed},
};

Value range(BoundCall& call) {
  const bool bounds = call.has(1);
  const Integer start = bounds ? call.integer(0) : 0, stop = call.integer(bounds ? 1 : 0),
                step = call.integer(2, 1);
  if (step == 0) call.fail("needs a step that is not zero");
  constexpr Integer kFar = Integer{1} << 62;
  for (Integer number : {start, stop, step}) {
    if (number > kFar || number < -kFar) call.fail("gets a number that is too large");
  }
  const Integer count = step > 0 ? (stop - start + step - 1) / step : (start - stop - step - 1) / -step;
  if (count > static_cast<Integer>(call.runtime.limits().range_length)) call.fail("is too long");
  ListBuilder out(call.runtime);
  for (Integer i = 0; i < count; ++i) out.add(start + i * step);
  return out.value(ListKind::range);
}

// Both dict() and namespace() take a mapping or pairs, and named values.
Dict collected(BoundCall& call) {
  Dict out;
  const CallArguments& arguments = call.arguments();
  if (arguments.positional.size() > 1) call.fail("takes at most one mapping");
  for (const Value& source : arguments.positional) {
    const Dict* dict = as_dict(source);
    if (dict) {
      call.runtime.allocate(dict->entries.size() * sizeof(dict->entries[0]));
      out = *dict;
      continue;
    }
    for (const Value& pair : iterate(call.runtime, source)) {
      const std::vector<Value>& items = iterate(call.runtime, pair);
      if (items.size() != 2) call.fail("needs pairs");
      set_entry(call.runtime, out, items[0], items[1]);
    }
  }
  for (const auto& [name, value] : arguments.named)
    set_entry(call.runtime, out, call.runtime.text(name), value);
  return out;
}

Value make_namespace(BoundCall& call) {
  const Value out = call.runtime.name_space();
  for (const auto& [key, value] : collected(call).entries) {
    const MarkedText* name = as_text(key);
    if (!name) call.fail("needs names that are strings");
    call.runtime.allocate(sizeof(Value) + name->size());
    std::get<Namespace*>(out)->entries.emplace_back(name->str(), value);
  }
  return out;
}

Value raise_exception(BoundCall& call) {
  const Value text = to_text(call.runtime, call.at(0));
  call.runtime.fail("the template refuses the conversation: " + as_text(text)->str());
}

Value strftime_now(BoundCall& call) {
  const std::string format =
      call.text(0).str() + " ";  // never formats to nothing, which strftime reports as failure
  char buffer[1024];
  if (format.size() > 256) call.fail("gets a format that is too long");
  const std::size_t size = std::strftime(buffer, sizeof buffer, format.c_str(), &call.runtime.now());
  if (size == 0) call.fail("gets a format that is too long");
  return call.runtime.text(std::string_view(buffer, size - 1));
}

constexpr std::array kGlobals = {
    NativeRow{"range", "start,stop?,step?", range},
    NativeRow{"dict", "*", [](BoundCall& c) { return c.runtime.dict(collected(c).entries); }},
    NativeRow{"namespace", "*", make_namespace},
    NativeRow{"raise_exception", "message", raise_exception},
    NativeRow{"strftime_now", "format", strftime_now},
};

const NativeRow* find_row(std::span<const NativeRow> rows, std::string_view name) {
  const auto row = std::find_if(rows.begin(), rows.end(), [&](const NativeRow& r) { return r.name == name; });
  return row == rows.end() ? nullptr : &*row;
}

}  // namespace

std::span<const NativeRow> global_functions() {
  return kGlobals;
}

const NativeRow* find_method(const Value& value, std::string_view name) {
  if (as_text(value)) return find_row(text_methods(), name);
  if (as_dict(value)) return find_row(kDictMethods, name);
  if (is<Loop*>(value)) return find_row(kLoopMethods, name);
  const List* list = as_list(value);
  return list && list->kind <= ListKind::range ? find_row(kListMethods, name) : nullptr;
}

const NativeRow* find_filter(std::string_view name) {
  const NativeRow* row = find_row(text_filters(), name);
  return row ? row : find_row(list_filters(), name);
}

const NativeRow* find_test(std::string_view name) {
  return find_row(tests(), name);
}

}  // namespace glim::jinja
