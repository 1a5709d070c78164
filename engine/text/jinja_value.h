#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "engine/text/jinja_text.h"

namespace glim::jinja {

/// Python integers are unbounded; templates see token counts and JSON numbers. Arithmetic that leaves this
/// type is an error.
using Integer = __int128;

/// A name of a template, interned when it is parsed.
using Symbol = std::uint32_t;

struct Expr;
struct Stmt;
struct List;
struct Dict;
struct Namespace;
struct Function;
struct Loop;
struct Scope;

/// What a missing name or item evaluates to. `origin` is the expression that found nothing, for messages.
struct Undefined {
  const Expr* origin = nullptr;
};
struct None {};

/// One value. Pointers belong to the Runtime of the rendering (or to the parsed template) and live as long as
/// it.
using Value = std::variant<Undefined, None, bool, Integer, double, const MarkedText*, const List*,
                           const Dict*, Namespace*, const Function*, Loop*>;

enum class ListKind { list, tuple, range, generator, keys, values, items };

struct List {
  ListKind kind;
  std::vector<Value> items;
  mutable bool drained = false;  ///< a generator gives its items once
};

/// Unchanging, in order of insertion. Keys are unique by `equal`.
struct Dict {
  std::vector<std::pair<Value, Value>> entries;
};

/// What `namespace()` makes: the only value a template can change.
struct Namespace {
  std::vector<std::pair<std::string, Value>> entries;
};

/// Variables of one block; lookups go on in `parent`.
struct Scope {
  Scope* parent = nullptr;
  std::vector<std::pair<Symbol, Value>> names;
  bool kept = false;  ///< a macro remembers it, so it outlives its block

  Value* find(Symbol symbol);
  void set(Symbol symbol, Value value);
};

/// The variable `loop` of a running for block.
struct Loop {
  const Stmt* statement;
  Scope* scope;  ///< where the block stands, for loop(...) of a recursive one
  const std::vector<Value>* items;
  std::size_t index = 0;
  std::size_t depth = 0;
  std::optional<std::vector<Value>> last_changed = std::nullopt;
};

struct CallArguments {
  std::vector<Value> positional;
  std::vector<std::pair<std::string_view, Value>> named;
};

class BoundCall;
using Native = Value (*)(BoundCall&);

/// A row of a table of built-in functions, methods, filters or tests. `parameters` names what follows the
/// value itself: "old,new,count?" has an optional third one, "*" takes anything.
struct NativeRow {
  std::string_view name;
  std::string_view parameters;
  Native run;
};

/// Something that can be called: a native row with its receiver, or a macro (or the body of a call block)
/// with the scope it was defined in.
struct Function {
  const NativeRow* native = nullptr;
  Value self{};
  const Stmt* macro = nullptr;
  Scope* closure = nullptr;
};

template <typename T>
bool is(const Value& value) {
  return std::holds_alternative<T>(value);
}

inline const MarkedText* as_text(const Value& value) {
  const auto* text = std::get_if<const MarkedText*>(&value);
  return text ? *text : nullptr;
}
inline const List* as_list(const Value& value) {
  const auto* list = std::get_if<const List*>(&value);
  return list ? *list : nullptr;
}
inline const Dict* as_dict(const Value& value) {
  const auto* dict = std::get_if<const Dict*>(&value);
  return dict ? *dict : nullptr;
}

/// The number a bool, integer or float stands for in arithmetic.
std::optional<Integer> as_integer(const Value& value);  ///< bool or integer
std::optional<double> as_real(const Value& value);      ///< any of the three

/// Python's name of the type, such as "str", for messages.
std::string_view type_name(const Value& value);

}  // namespace glim::jinja
