#include <algorithm>

#include "engine/base/text.h"
#include "engine/text/jinja_interpreter.h"
#include "engine/text/jinja_methods.h"
#include "engine/text/jinja_print.h"

namespace glim::jinja {

Value Interpreter::evaluate(const Expr& expr, Scope& scope) {
  runtime_.step();
  const Runtime::Nest nest = runtime_.nest_evaluation();
  switch (expr.kind) {
    case ExprKind::constant:
      return expr.constant;
    case ExprKind::captured:
      return captured_;
    case ExprKind::name:
      return evaluate_name(expr, scope);
    case ExprKind::list:
    case ExprKind::tuple:
      return evaluate_sequence(expr, scope);
    case ExprKind::dict:
      return evaluate_dict(expr, scope);
    case ExprKind::conditional:
      return evaluate_conditional(expr, scope);
    case ExprKind::logical_and: {
      const Value left = evaluate(*expr.parts[0], scope);
      return truthy(runtime_, left) ? evaluate(*expr.parts[1], scope) : left;
    }
    case ExprKind::logical_or: {
      const Value left = evaluate(*expr.parts[0], scope);
      return truthy(runtime_, left) ? left : evaluate(*expr.parts[1], scope);
    }
    case ExprKind::logical_not:
      return !truthy(runtime_, evaluate(*expr.parts[0], scope));
    case ExprKind::negate:
    case ExprKind::plus:
    case ExprKind::arithmetic:
      return evaluate_arithmetic(expr, scope);
    case ExprKind::compare:
      return evaluate_compare(expr, scope);
    case ExprKind::concat:
      return evaluate_concat(expr, scope);
    case ExprKind::attribute:
    case ExprKind::item:
      return evaluate_item(expr, scope);
    case ExprKind::slice:
      return evaluate_slice(expr, scope);
    case ExprKind::call:
      return evaluate_call(expr, scope);
    case ExprKind::filter:
    case ExprKind::test:
      return evaluate_native(expr, scope);
  }
  return Undefined{&expr};
}

Value Interpreter::evaluate_name(const Expr& expr, Scope& scope) {
  if (const Value* found = scope.find(expr.symbol)) return *found;
  if (const std::optional<Value>& global = globals_[expr.symbol]) return *global;
  return Undefined{&expr};
}

Value Interpreter::evaluate_sequence(const Expr& expr, Scope& scope) {
  std::vector<Value> items;
  items.reserve(expr.parts.size());
  for (const ExprPtr& part : expr.parts) items.push_back(evaluate(*part, scope));
  return runtime_.list(std::move(items), expr.kind == ExprKind::tuple ? ListKind::tuple : ListKind::list);
}

Value Interpreter::evaluate_dict(const Expr& expr, Scope& scope) {
  Dict dict;
  for (std::size_t i = 0; i + 1 < expr.parts.size(); i += 2) {
    const Value key = evaluate(*expr.parts[i], scope);
    const Value value = evaluate(*expr.parts[i + 1], scope);
    runtime_.at(expr.place);
    set_entry(runtime_, dict, key, value);
  }
  return runtime_.dict(std::move(dict.entries));
}

Value Interpreter::evaluate_conditional(const Expr& expr, Scope& scope) {
  if (truthy(runtime_, evaluate(*expr.parts[0], scope))) return evaluate(*expr.parts[1], scope);
  if (!expr.parts[2]) return Undefined{&expr};
  return evaluate(*expr.parts[2], scope);
}

Value Interpreter::evaluate_arithmetic(const Expr& expr, Scope& scope) {
  const Value left = evaluate(*expr.parts[0], scope);
  if (expr.kind == ExprKind::arithmetic) {
    const Value right = evaluate(*expr.parts[1], scope);
    runtime_.at(expr.place);
    return arithmetic(runtime_, expr.ops[0], left, right);
  }
  runtime_.at(expr.place);
  if (expr.kind == ExprKind::negate) return negate(runtime_, left);
  return arithmetic(runtime_, Op::add, Integer{0}, left);
}

Value Interpreter::evaluate_compare(const Expr& expr, Scope& scope) {
  Value left = evaluate(*expr.parts[0], scope);
  for (std::size_t i = 0; i < expr.ops.size(); ++i) {
    const Value right = evaluate(*expr.parts[i + 1], scope);
    runtime_.at(expr.place);
    if (!compare(runtime_, expr.ops[i], left, right)) return false;
    left = right;
  }
  return true;
}

Value Interpreter::evaluate_concat(const Expr& expr, Scope& scope) {
  TextBuilder out(runtime_);
  for (const ExprPtr& part : expr.parts) print(out, runtime_, evaluate(*part, scope));
  return out.value();
}

Value Interpreter::evaluate_item(const Expr& expr, Scope& scope) {
  const Value object = evaluate(*expr.parts[0], scope);
  if (expr.kind == ExprKind::attribute) {
    runtime_.at(expr.place);
    return get_attribute(runtime_, object, expr.name, &expr);
  }
  const Value key = evaluate(*expr.parts[1], scope);
  runtime_.at(expr.place);
  return get_item(runtime_, object, key, &expr);
}

Value Interpreter::evaluate_slice(const Expr& expr, Scope& scope) {
  const Value object = evaluate(*expr.parts[0], scope);
  const auto bound = [&](std::size_t i) {
    return expr.parts[i] ? evaluate(*expr.parts[i], scope) : Value(None{});
  };
  const SliceBounds bounds{bound(1), bound(2), bound(3)};
  runtime_.at(expr.place);
  return slice(runtime_, object, bounds);
}

CallArguments Interpreter::arguments(const Expr& expr, Scope& scope) {
  CallArguments out;
  for (const Argument& argument : expr.arguments) {
    const Value value = evaluate(*argument.value, scope);
    runtime_.at(expr.place);
    switch (argument.kind) {
      case Argument::Kind::positional:
        out.positional.push_back(value);
        break;
      case Argument::Kind::named:
        out.named.emplace_back(argument.name, value);
        break;
      case Argument::Kind::list:
        for (const Value& item : iterate(runtime_, value)) {
          runtime_.step();
          out.positional.push_back(item);
        }
        break;
      case Argument::Kind::mapping: {
        const Dict* dict = as_dict(value);
        if (!dict) runtime_.fail("'**' needs a mapping, not '" + std::string(type_name(value)) + "'");
        for (const auto& [key, item] : dict->entries) {
          runtime_.step();
          const MarkedText* name = as_text(key);
          if (!name) runtime_.fail("'**' needs strings as keys");
          out.named.emplace_back(name->view(), item);
        }
      }
    }
  }
  return out;
}

Value Interpreter::evaluate_native(const Expr& expr, Scope& scope) {
  const Value value = evaluate(*expr.parts[0], scope);
  CallArguments passed = arguments(expr, scope);
  runtime_.at(expr.place);
  const bool filter = expr.kind == ExprKind::filter;
  const NativeRow* row = filter ? find_filter(expr.name) : find_test(expr.name);
  if (!row) runtime_.fail(std::string(filter ? "filter" : "test") + " '" + expr.name + "' is not known");
  return call_native(runtime_, *row, value, std::move(passed));
}

Value Interpreter::evaluate_call(const Expr& expr, Scope& scope) {
  const Value callee = evaluate(*expr.parts[0], scope);
  CallArguments passed = arguments(expr, scope);
  runtime_.at(expr.place);
  return call(callee, std::move(passed));
}

Value Interpreter::call(const Value& callee, CallArguments passed) {
  if (const Undefined* undefined = std::get_if<Undefined>(&callee)) fail_undefined(runtime_, *undefined);
  if (const auto* loop = std::get_if<Loop*>(&callee)) {
    if (!(*loop)->statement->recursive) runtime_.fail("only a recursive loop can be called");
    if (passed.positional.size() != 1) runtime_.fail("a recursive loop takes one argument");
    const Runtime::Nest nest = runtime_.nest_calls();
    TextBuilder out(runtime_);
    TextBuilder* outer = std::exchange(output_, &out);
    const std::size_t depth = std::exchange(loop_depth_, (*loop)->depth + 1);
    run_loop(*(*loop)->statement, *(*loop)->scope, passed.positional[0]);
    loop_depth_ = depth;
    output_ = outer;
    return out.value();
  }
  const auto* function = std::get_if<const Function*>(&callee);
  if (!function) runtime_.fail("'" + std::string(type_name(callee)) + "' cannot be called");
  if ((*function)->native)
    return call_native(runtime_, *(*function)->native, (*function)->self, std::move(passed));
  return call_macro(**function, std::move(passed));
}

Value Interpreter::call_macro(const Function& macro, CallArguments passed) {
  const Runtime::Nest nest = runtime_.nest_calls();
  const ScopeGuard scope(runtime_, macro.closure);
  bind_parameters(*macro.macro, passed, *scope);
  return capture(macro.macro->branches[0].body, *scope);
}

void Interpreter::bind_parameters(const Stmt& macro, CallArguments& passed, Scope& scope) {
  std::vector<const Parameter*> missing;
  for (std::size_t i = 0; i < macro.parameters.size(); ++i) {
    const Parameter& parameter = macro.parameters[i];
    const auto named = std::find_if(passed.named.begin(), passed.named.end(),
                                    [&](const auto& entry) { return entry.first == parameter.name; });
    if (i < passed.positional.size()) {
      if (named != passed.named.end()) runtime_.fail("argument '" + parameter.name + "' is given twice");
      scope.set(parameter.symbol, passed.positional[i]);
    } else if (named != passed.named.end()) {
      scope.set(parameter.symbol, named->second);
    } else {
      scope.set(parameter.symbol, Undefined{});
      missing.push_back(&parameter);
    }
    if (named != passed.named.end()) passed.named.erase(named);
  }
  bind_extras(macro, passed, scope);
  // Defaults may use the other parameters.
  for (const Parameter* parameter : missing) {
    if (parameter->otherwise) scope.set(parameter->symbol, evaluate(*parameter->otherwise, scope));
  }
}

void Interpreter::bind_extras(const Stmt& macro, CallArguments& passed, Scope& scope) {
  const auto caller = std::find_if(passed.named.begin(), passed.named.end(),
                                   [](const auto& entry) { return entry.first == "caller"; });
  if (macro.uses_caller) {
    scope.set(kCaller, caller == passed.named.end() ? Value(Undefined{}) : caller->second);
    if (caller != passed.named.end()) passed.named.erase(caller);
  }
  const std::size_t taken = std::min(macro.parameters.size(), passed.positional.size());
  if (macro.uses_varargs) {
    std::vector<Value> rest(passed.positional.begin() + static_cast<std::ptrdiff_t>(taken),
                            passed.positional.end());
    scope.set(kVarargs, runtime_.list(std::move(rest), ListKind::tuple));
  } else if (taken < passed.positional.size()) {
    runtime_.fail(
        strf("macro '%s' takes at most %zu arguments", macro.name.c_str(), macro.parameters.size()));
  }
  if (macro.uses_kwargs) {
    std::vector<std::pair<Value, Value>> rest;
    for (const auto& [name, value] : passed.named) rest.emplace_back(runtime_.text(name), value);
    scope.set(kKwargs, runtime_.dict(std::move(rest)));
  } else if (!passed.named.empty()) {
    runtime_.fail("macro '" + macro.name + "' takes no argument '" + std::string(passed.named[0].first) +
                  "'");
  }
}

}  // namespace glim::jinja
