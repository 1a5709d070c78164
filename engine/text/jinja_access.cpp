#include <algorithm>

#include "engine/text/jinja_ast.h"
#include "engine/text/jinja_methods.h"
#include "engine/text/jinja_operators.h"

namespace glim::jinja {

std::size_t length(Runtime& runtime, const Value& value) {
  if (is<Undefined>(value)) return 0;
  if (const List* list = as_list(value)) return list->items.size();
  if (const Dict* dict = as_dict(value)) return dict->entries.size();
  if (const MarkedText* text = as_text(value)) {
    runtime.scan(text->size());
    return char_count(text->view());
  }
  runtime.fail("'" + std::string(type_name(value)) + "' has no length");
}

bool is_iterable(const Value& value) {
  return is<Undefined>(value) || as_text(value) || as_list(value) || as_dict(value);
}

namespace {

std::vector<Value> characters(Runtime& runtime, const MarkedText& text) {
  ListBuilder out(runtime);
  std::size_t pos = 0;
  for (std::string_view c : split_chars(text.view())) {
    out.add(runtime.text(c, text.from_user_at(pos)));
    pos += c.size();
  }
  return std::move(out.items());
}

}  // namespace

const std::vector<Value>& iterate(Runtime& runtime, const Value& value) {
  static const std::vector<Value> nothing;
  if (is<Undefined>(value)) return nothing;
  if (const List* list = as_list(value)) {
    if (list->kind != ListKind::generator) return list->items;
    if (list->drained) return nothing;
    list->drained = true;
    return list->items;
  }
  std::vector<Value> items;
  if (const Dict* dict = as_dict(value)) {
    runtime.step(dict->entries.size());
    for (const auto& entry : dict->entries) items.push_back(entry.first);
  } else if (const MarkedText* text = as_text(value)) {
    runtime.scan(text->size());
    items = characters(runtime, *text);
  } else {
    runtime.fail("'" + std::string(type_name(value)) + "' cannot be iterated over");
  }
  return as_list(runtime.list(std::move(items)))->items;
}

void check_key(Runtime& runtime, const Value& key) {
  const List* list = as_list(key);
  if (as_dict(key) || (list && list->kind != ListKind::tuple) || is<Namespace*>(key)) {
    runtime.fail("'" + std::string(type_name(key)) + "' cannot be a key");
  }
  if (!list) return;
  const Runtime::Nest nest = runtime.nest_values();
  for (const Value& item : list->items) check_key(runtime, item);
}

const Value* find_entry(const Dict& dict, std::string_view key) {
  for (const auto& [name, value] : dict.entries) {
    const MarkedText* text = as_text(name);
    if (text && text->view() == key) return &value;
  }
  return nullptr;
}

const Value* find_entry(Runtime& runtime, const Dict& dict, const Value& key) {
  runtime.step(1 + dict.entries.size() / 16);
  if (const MarkedText* text = as_text(key)) return find_entry(dict, text->view());
  for (const auto& [name, value] : dict.entries) {
    if (equal(runtime, name, key)) return &value;
  }
  return nullptr;
}

void set_entry(Runtime& runtime, Dict& dict, const Value& key, const Value& value) {
  check_key(runtime, key);
  const Value* old = find_entry(runtime, dict, key);
  if (!old) {
    dict.entries.emplace_back(key, value);
    return;
  }
  for (auto& entry : dict.entries) {
    if (&entry.second == old) entry.second = value;
  }
}

namespace {

// Position a Python index stands for in a sequence of `size` items.
std::optional<std::size_t> position(Integer index, std::size_t size) {
  const auto count = static_cast<Integer>(size);
  if (index < 0) index += count;
  if (index < 0 || index >= count) return std::nullopt;
  return static_cast<std::size_t>(index);
}

Value character(Runtime& runtime, const MarkedText& text, Integer index) {
  const auto number = position(index, length(runtime, &text));
  if (!number) return Undefined{};
  const std::size_t begin = char_offset(text.view(), *number);
  return runtime.slice(text, begin, begin + char_offset(text.view().substr(begin), 1));
}

Value loop_attribute(const Loop& loop, std::string_view name) {
  const auto count = static_cast<Integer>(loop.items->size());
  const auto index = static_cast<Integer>(loop.index);
  if (name == "index") return index + 1;
  if (name == "index0") return index;
  if (name == "revindex") return count - index;
  if (name == "revindex0") return count - index - 1;
  if (name == "first") return index == 0;
  if (name == "last") return index + 1 == count;
  if (name == "length") return count;
  if (name == "depth") return static_cast<Integer>(loop.depth) + 1;
  if (name == "depth0") return static_cast<Integer>(loop.depth);
  if (name == "previtem" && loop.index > 0) return (*loop.items)[loop.index - 1];
  if (name == "nextitem" && index + 1 < count) return (*loop.items)[loop.index + 1];
  return Undefined{};
}

Value from(const Undefined& undefined) {
  return undefined;
}

}  // namespace

Value get_item(Runtime& runtime, const Value& value, const Value& key, const Expr* origin) {
  const Undefined missing{origin};
  if (const Undefined* undefined = std::get_if<Undefined>(&value)) fail_undefined(runtime, *undefined);
  if (const Dict* dict = as_dict(value)) {
    const Value* found = find_entry(runtime, *dict, key);
    if (found) return *found;
  } else if (const auto index = as_integer(key)) {
    if (const MarkedText* text = as_text(value)) {
      const Value found = character(runtime, *text, *index);
      return is<Undefined>(found) ? from(missing) : found;
    }
    const List* list = as_list(value);
    if (list && list->kind <= ListKind::range) {
      const auto number = position(*index, list->items.size());
      return number ? list->items[*number] : from(missing);
    }
    return missing;
  }
  if (const MarkedText* name = as_text(key)) {
    if (!as_dict(value) || find_method(value, name->view()))
      return get_attribute(runtime, value, name->view(), origin);
  }
  return missing;
}

Value get_attribute(Runtime& runtime, const Value& value, std::string_view name, const Expr* origin) {
  if (const Undefined* undefined = std::get_if<Undefined>(&value)) fail_undefined(runtime, *undefined);
  if (const NativeRow* method = find_method(value, name)) {
    return runtime.function({.native = method, .self = value});
  }
  if (const Dict* dict = as_dict(value)) {
    runtime.step(1 + dict->entries.size() / 16);
    if (const Value* found = find_entry(*dict, name)) return *found;
  } else if (const auto* space = std::get_if<Namespace*>(&value)) {
    for (const auto& [entry, content] : (*space)->entries) {
      if (entry == name) return content;
    }
  } else if (const auto* loop = std::get_if<Loop*>(&value)) {
    const Value found = loop_attribute(**loop, name);
    if (!is<Undefined>(found)) return found;
  }
  return Undefined{origin};
}

namespace {

struct Steps {
  Integer start, stop, step;
};

Steps python_slice(Runtime& runtime, const SliceBounds& bounds, std::size_t size) {
  const auto number = [&](const Value& value) -> std::optional<Integer> {
    if (is<None>(value)) return std::nullopt;
    const auto integer = as_integer(value);
    if (!integer) runtime.fail("a slice needs integers, not '" + std::string(type_name(value)) + "'");
    return integer;
  };
  const auto count = static_cast<Integer>(size);
  const Integer step = number(bounds.step).value_or(1);
  if (step == 0) runtime.fail("the step of a slice cannot be zero");
  const Integer lowest = step > 0 ? 0 : -1, highest = step > 0 ? count : count - 1;
  const auto clamped = [&](std::optional<Integer> index, Integer otherwise) {
    if (!index) return otherwise;
    // Clamping first keeps the addition inside the type.
    Integer at = std::clamp<Integer>(*index, -count - 1, count + 1);
    if (at < 0) at += count;
    return std::clamp(at, lowest, highest);
  };
  return {clamped(number(bounds.start), step > 0 ? lowest : highest),
          clamped(number(bounds.stop), step > 0 ? highest : lowest),
          std::clamp<Integer>(step, -count - 1, count + 1)};
}

Value slice_text(Runtime& runtime, const MarkedText& text, const Steps& steps) {
  const std::string_view all = text.view();
  if (steps.step == 1) {
    if (steps.start >= steps.stop) return runtime.text("");
    const std::size_t begin = char_offset(all, static_cast<std::size_t>(steps.start));
    const auto count = static_cast<std::size_t>(steps.stop - steps.start);
    return runtime.slice(text, begin, begin + char_offset(all.substr(begin), count));
  }
  runtime.allocate(all.size());
  const std::vector<std::string_view> chars = split_chars(all);
  TextBuilder out(runtime);
  for (Integer i = steps.start; steps.step > 0 ? i < steps.stop : i > steps.stop; i += steps.step) {
    runtime.step();
    const std::string_view c = chars[static_cast<std::size_t>(i)];
    out.add(c, text.from_user_at(static_cast<std::size_t>(c.data() - all.data())));
  }
  return out.value();
}

}  // namespace

Value slice(Runtime& runtime, const Value& value, const SliceBounds& bounds) {
  if (const Undefined* undefined = std::get_if<Undefined>(&value)) fail_undefined(runtime, *undefined);
  if (const MarkedText* text = as_text(value)) {
    return slice_text(runtime, *text, python_slice(runtime, bounds, length(runtime, value)));
  }
  const List* list = as_list(value);
  if (!list || list->kind > ListKind::range) {
    runtime.fail("'" + std::string(type_name(value)) + "' cannot be sliced");
  }
  const Steps steps = python_slice(runtime, bounds, list->items.size());
  ListBuilder out(runtime);
  for (Integer i = steps.start; steps.step > 0 ? i < steps.stop : i > steps.stop; i += steps.step) {
    out.add(list->items[static_cast<std::size_t>(i)]);
  }
  return out.value(list->kind == ListKind::tuple ? ListKind::tuple : ListKind::list);
}

}  // namespace glim::jinja
