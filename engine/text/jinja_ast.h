#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/text/jinja_operators.h"

namespace glim::jinja {

using ExprPtr = std::unique_ptr<Expr>;
using StmtPtr = std::unique_ptr<Stmt>;
using Block = std::vector<StmtPtr>;

/// What `parts`, `name` and the other members of an expression mean, by kind.
enum class ExprKind {
  constant,  ///< `constant`, which may point to `text`
  captured,  ///< the text a filter or set block has just made
  name,      ///< `symbol`
  list,      ///< parts are the items
  tuple,
  dict,         ///< parts are key, value, key, value, ...
  conditional,  ///< parts: condition, then, else (may be null)
  logical_and,  ///< parts: left, right
  logical_or,
  logical_not,  ///< parts: operand
  negate,
  plus,
  arithmetic,  ///< parts: left, right; ops: the operator
  compare,     ///< parts: n + 1 operands; ops: the n operators between them
  concat,      ///< parts joined as strings
  attribute,   ///< parts: object; `name`
  item,        ///< parts: object, key
  slice,       ///< parts: object, start, stop, step (each may be null)
  call,        ///< parts: function; arguments
  filter,      ///< parts: value; `name`; arguments
  test
};

struct Argument {
  enum class Kind { positional, named, list, mapping } kind;
  std::string name;
  ExprPtr value;
};

struct Expr {
  ExprKind kind;
  Place place = 0;
  std::uint32_t height = 1;  ///< levels of nodes below and including this one
  Symbol symbol = 0;
  std::string name;
  std::optional<MarkedText> text;
  Value constant{};
  std::vector<ExprPtr> parts;
  std::vector<Op> ops;
  std::vector<Argument> arguments;
};

struct Target {
  enum class Kind { name, attribute, tuple } kind;
  Place place = 0;
  Symbol symbol = 0;  ///< the variable, or the namespace it is an attribute of
  std::string attribute;
  std::vector<Target> parts;
};

struct Parameter {
  Symbol symbol;
  std::string name;
  ExprPtr otherwise;  ///< default value or null
};

enum class StmtKind {
  text,       ///< `text`
  print,      ///< `expr`
  branch,     ///< branches in order; a null condition always holds
  loop,       ///< target, expr, filter; branches[0] the body, branches[1] the else part
  set,        ///< target, expr
  set_block,  ///< target, branches[0]; expr filters the captured text (may be null)
  filter,     ///< branches[0]; expr filters the captured text
  macro,      ///< name, symbol, parameters, branches[0]
  call,       ///< parameters and branches[0] are the caller; expr is the call
  scope,      ///< assignments, then branches[0] in a scope of its own (with, generation)
  leave,      ///< break
  next        ///< continue
};

struct Branch {
  ExprPtr condition;
  Block body;
};

struct Assignment {
  Target target;
  ExprPtr value;
};

struct Stmt {
  StmtKind kind;
  Place place = 0;
  MarkedText text;
  ExprPtr expr, filter;
  Target target{};
  std::vector<Branch> branches;
  std::vector<Assignment> assignments;
  std::vector<Parameter> parameters;
  std::string name;
  Symbol symbol = 0;
  bool recursive = false;
  bool uses_varargs = false, uses_kwargs = false, uses_caller = false;
};

/// Symbols that every template has.
inline constexpr Symbol kLoop = 0, kCaller = 1, kVarargs = 2, kKwargs = 3;

struct Program {
  std::string source;  ///< with line breaks as "\n" and without the last one
  Block body;
  std::vector<std::string> symbols;
};

}  // namespace glim::jinja
