#include "engine/text/jinja_runtime.h"

#include <algorithm>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/text/jinja_operators.h"

namespace glim::jinja {

void fail_at(std::string_view source, Place place, const std::string& what) {
  const std::string_view before = source.substr(0, place);
  const std::size_t line = 1 + static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n'));
  const std::size_t start = before.rfind('\n') + 1;  // npos + 1 is the first column of the first line
  throw Error(
      ErrorCode::E402,
      strf("chat template, line %zu, column %zu: %s; correct the template or use a built-in chat format",
           line, char_count(before.substr(start)) + 1, printable(what, 2000).c_str()));
}

Value Runtime::text(MarkedText text) {
  allocate(sizeof(MarkedText));
  return &texts_.emplace_back(std::move(text));
}

Value Runtime::text(std::string_view text, bool from_user) {
  allocate(text.size());
  return this->text(MarkedText(std::string(text), from_user));
}

Value Runtime::slice(const MarkedText& text, std::size_t from, std::size_t to) {
  TextBuilder out(*this);
  out.add(text, from, to);
  return out.value();
}

Value Runtime::list(std::vector<Value> items, ListKind kind) {
  allocate(sizeof(List) + items.size() * sizeof(Value));
  return &lists_.emplace_back(List{.kind = kind, .items = std::move(items)});
}

Value Runtime::dict(std::vector<std::pair<Value, Value>> entries) {
  allocate(sizeof(Dict) + entries.size() * sizeof(entries[0]));
  return &dicts_.emplace_back(Dict{.entries = std::move(entries)});
}

Value Runtime::name_space() {
  allocate(sizeof(Namespace));
  return &namespaces_.emplace_back();
}

Value Runtime::function(Function function) {
  allocate(sizeof(Function));
  return &functions_.emplace_back(std::move(function));
}

Loop* Runtime::loop(Loop loop) {
  allocate(sizeof(Loop));
  return &loops_.emplace_back(std::move(loop));
}

Scope* Runtime::scope(Scope* parent) {
  Scope* scope = nullptr;
  if (free_scopes_.empty()) {
    allocate(sizeof(Scope) + 4 * sizeof(Value));
    scope = &scopes_.emplace_back();
  } else {
    scope = free_scopes_.back();
    free_scopes_.pop_back();
  }
  scope->parent = parent;
  return scope;
}

void Runtime::release(Scope* scope) {
  if (scope->kept) return;
  scope->names.clear();
  free_scopes_.push_back(scope);
}

void TextBuilder::fill(std::size_t count, char with) {
  runtime_.allocate(count);
  text_.append(std::string(count, with), false);
}

BoundCall::BoundCall(Runtime& rt, const NativeRow& row, Value receiver, CallArguments arguments)
    : runtime(rt), self(receiver), row_(row), arguments_(std::move(arguments)) {
  if (row_.parameters != "*") bind();
}

std::size_t BoundCall::slot_of(std::string_view name) const {
  std::size_t index = 0;
  for (std::string_view rest = row_.parameters; !rest.empty(); ++index) {
    const std::size_t comma = rest.find(',');
    std::string_view parameter = rest.substr(0, comma);
    if (parameter.ends_with('?')) parameter.remove_suffix(1);
    if (parameter == name) return index;
    rest = comma == std::string_view::npos ? "" : rest.substr(comma + 1);
  }
  fail("takes no argument '" + std::string(name) + "'");
}

void BoundCall::bind() {
  const std::string_view parameters = row_.parameters;
  const auto commas = static_cast<std::size_t>(std::count(parameters.begin(), parameters.end(), ','));
  slots_.resize(parameters.empty() ? 0 : commas + 1);
  if (arguments_.positional.size() > slots_.size()) fail(strf("takes at most %zu arguments", slots_.size()));
  for (std::size_t i = 0; i < arguments_.positional.size(); ++i) slots_[i] = arguments_.positional[i];
  for (const auto& [name, value] : arguments_.named) {
    std::optional<Value>& slot = slots_[slot_of(name)];
    if (slot) fail("got argument '" + std::string(name) + "' twice");
    slot = value;
  }
  std::size_t index = 0;
  for (std::string_view rest = parameters; !rest.empty(); ++index) {
    const std::size_t comma = rest.find(',');
    const std::string_view parameter = rest.substr(0, comma);
    if (!slots_[index] && !parameter.ends_with('?')) fail("needs argument '" + std::string(parameter) + "'");
    rest = comma == std::string_view::npos ? "" : rest.substr(comma + 1);
  }
}

void BoundCall::fail(const std::string& what) const {
  runtime.fail("'" + std::string(row_.name) + "' " + what);
}

bool BoundCall::flag(std::size_t index, bool otherwise) {
  return has(index) ? truthy(runtime, at(index)) : otherwise;
}

Integer BoundCall::integer(std::size_t index, Integer otherwise) {
  if (!has(index)) return otherwise;
  const auto number = as_integer(at(index));
  if (!number) fail("needs an integer, not '" + std::string(type_name(at(index))) + "'");
  return *number;
}

const MarkedText& BoundCall::text(std::size_t index) {
  const MarkedText* text = as_text(at(index));
  if (!text) fail("needs a string, not '" + std::string(type_name(at(index))) + "'");
  return *text;
}

std::string_view BoundCall::view(std::size_t index, std::string_view otherwise) {
  return has(index) ? text(index).view() : otherwise;
}

const MarkedText& BoundCall::self_text() {
  const MarkedText* text = as_text(self);
  if (!text) fail("works on strings, not on '" + std::string(type_name(self)) + "'");
  return *text;
}

Value call_native(Runtime& runtime, const NativeRow& row, Value self, CallArguments arguments) {
  BoundCall call(runtime, row, self, std::move(arguments));
  return row.run(call);
}

}  // namespace glim::jinja
