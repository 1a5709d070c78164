#pragma once

#include <utility>
#include <vector>

#include "engine/text/jinja_ast.h"

namespace glim::jinja {

/// Runs one parsed template once. Statements are in jinja_interpreter.cpp, expressions in jinja_evaluate.cpp.
/// `globals` has a value for every symbol of the program that has one.
class Interpreter {
 public:
  Interpreter(Runtime& runtime, const Program& program, std::vector<std::optional<Value>> globals)
      : runtime_(runtime), program_(program), globals_(std::move(globals)) {}

  MarkedText run();

 private:
  enum class Flow { onward, leave, next };
  class ScopeGuard;

  Flow execute(const Block& block, Scope& scope);
  Flow execute(const Stmt& statement, Scope& scope);
  Flow execute_branch(const Stmt& statement, Scope& scope);
  void print_value(const Stmt& statement, Scope& scope);
  void execute_loop(const Stmt& statement, Scope& scope);
  void run_loop(const Stmt& statement, Scope& scope, const Value& iterable);
  std::vector<Value> filtered_items(const Stmt& statement, Scope& scope, const std::vector<Value>& items);
  void set_block(const Stmt& statement, Scope& scope);
  void filter_block(const Stmt& statement, Scope& scope);
  void call_block(const Stmt& statement, Scope& scope);
  Flow inner_scope(const Stmt& statement, Scope& scope);
  void define_macro(const Stmt& statement, Scope& scope);
  void assign(const Target& target, const Value& value, Scope& scope);
  void assign_tuple(const Target& target, const Value& value, Scope& scope);
  void assign_attribute(const Target& target, const Value& value, Scope& scope);
  /// Runs the block with the output going into the text that is returned.
  Value capture(const Block& block, Scope& scope);
  Value closure(const Stmt& statement, Scope& scope);
  void emit(const MarkedText& text);

  Value evaluate(const Expr& expr, Scope& scope);
  Value evaluate_name(const Expr& expr, Scope& scope);
  Value evaluate_sequence(const Expr& expr, Scope& scope);
  Value evaluate_dict(const Expr& expr, Scope& scope);
  Value evaluate_compare(const Expr& expr, Scope& scope);
  Value evaluate_concat(const Expr& expr, Scope& scope);
  Value evaluate_slice(const Expr& expr, Scope& scope);
  Value evaluate_arithmetic(const Expr& expr, Scope& scope);
  Value evaluate_item(const Expr& expr, Scope& scope);
  Value evaluate_conditional(const Expr& expr, Scope& scope);
  Value evaluate_call(const Expr& expr, Scope& scope);
  Value evaluate_native(const Expr& expr, Scope& scope);
  Value apply_filter(const Expr& chain, const Value& captured, Scope& scope);
  CallArguments arguments(const Expr& expr, Scope& scope);
  Value call(const Value& callee, CallArguments arguments);
  Value call_macro(const Function& macro, CallArguments arguments);
  void bind_parameters(const Stmt& macro, CallArguments& arguments, Scope& scope);
  void bind_extras(const Stmt& macro, CallArguments& arguments, Scope& scope);

  Runtime& runtime_;
  const Program& program_;
  std::vector<std::optional<Value>> globals_;
  TextBuilder* output_ = nullptr;
  Value captured_{};
  std::size_t printed_ = 0;
  std::size_t loop_depth_ = 0;
};

/// A scope for one run of a block.
class Interpreter::ScopeGuard {
 public:
  ScopeGuard(Runtime& runtime, Scope* parent) : runtime_(runtime), scope_(runtime.scope(parent)) {}
  ~ScopeGuard() { runtime_.release(scope_); }
  ScopeGuard(const ScopeGuard&) = delete;
  ScopeGuard& operator=(const ScopeGuard&) = delete;
  Scope& operator*() const { return *scope_; }

 private:
  Runtime& runtime_;
  Scope* scope_;
};

}  // namespace glim::jinja
