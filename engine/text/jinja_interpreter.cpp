#include "engine/text/jinja_interpreter.h"

#include "engine/base/text.h"
#include "engine/text/jinja_print.h"

namespace glim::jinja {

MarkedText Interpreter::run() {
  TextBuilder out(runtime_);
  output_ = &out;
  const ScopeGuard scope(runtime_, nullptr);
  execute(program_.body, *scope);
  return out.take();
}

void Interpreter::emit(const MarkedText& text) {
  printed_ += text.size();
  if (printed_ > runtime_.limits().output_bytes) runtime_.fail("prints too much text");
  output_->add(text);
}

Interpreter::Flow Interpreter::execute(const Block& block, Scope& scope) {
  for (const StmtPtr& statement : block) {
    const Flow flow = execute(*statement, scope);
    if (flow != Flow::onward) return flow;
  }
  return Flow::onward;
}

Interpreter::Flow Interpreter::execute(const Stmt& statement, Scope& scope) {
  runtime_.at(statement.place);
  runtime_.step();
  const Runtime::Nest nest = runtime_.nest_evaluation();
  switch (statement.kind) {
    case StmtKind::text:
      emit(statement.text);
      break;
    case StmtKind::print:
      print_value(statement, scope);
      break;
    case StmtKind::branch:
      return execute_branch(statement, scope);
    case StmtKind::loop:
      execute_loop(statement, scope);
      break;
    case StmtKind::set:
      assign(statement.target, evaluate(*statement.expr, scope), scope);
      break;
    case StmtKind::set_block:
      set_block(statement, scope);
      break;
    case StmtKind::filter:
      filter_block(statement, scope);
      break;
    case StmtKind::macro:
      define_macro(statement, scope);
      break;
    case StmtKind::call:
      call_block(statement, scope);
      break;
    case StmtKind::scope:
      return inner_scope(statement, scope);
    case StmtKind::leave:
      return Flow::leave;
    case StmtKind::next:
      return Flow::next;
  }
  return Flow::onward;
}

Interpreter::Flow Interpreter::execute_branch(const Stmt& statement, Scope& scope) {
  for (const Branch& branch : statement.branches) {
    if (!branch.condition || truthy(runtime_, evaluate(*branch.condition, scope)))
      return execute(branch.body, scope);
  }
  return Flow::onward;
}

void Interpreter::print_value(const Stmt& statement, Scope& scope) {
  const Value value = evaluate(*statement.expr, scope);
  if (const MarkedText* text = as_text(value)) return emit(*text);
  TextBuilder out(runtime_);
  print(out, runtime_, value);
  emit(out.peek());
}

void Interpreter::execute_loop(const Stmt& statement, Scope& scope) {
  run_loop(statement, scope, evaluate(*statement.expr, scope));
}

std::vector<Value> Interpreter::filtered_items(const Stmt& statement, Scope& scope,
                                               const std::vector<Value>& items) {
  ListBuilder out(runtime_);
  for (const Value& item : items) {
    const ScopeGuard inner(runtime_, &scope);
    assign(statement.target, item, *inner);
    if (truthy(runtime_, evaluate(*statement.filter, *inner))) out.add(item);
  }
  return std::move(out.items());
}

void Interpreter::run_loop(const Stmt& statement, Scope& scope, const Value& iterable) {
  const std::vector<Value>* items = &iterate(runtime_, iterable);
  if (statement.filter) {
    items = &as_list(runtime_.list(filtered_items(statement, scope, *items)))->items;
  }
  Loop* loop =
      runtime_.loop({.statement = &statement, .scope = &scope, .items = items, .depth = loop_depth_});
  if (statement.recursive) {
    // The variable `loop` can be called after the block that made it.
    for (Scope* s = &scope; s; s = s->parent) s->kept = true;
  }
  const std::size_t depth = std::exchange(loop_depth_, 0);
  for (loop->index = 0; loop->index < items->size(); ++loop->index) {
    runtime_.step();
    const ScopeGuard inner(runtime_, &scope);
    (*inner).set(kLoop, loop);
    assign(statement.target, (*items)[loop->index], *inner);
    if (execute(statement.branches[0].body, *inner) == Flow::leave) break;
  }
  loop_depth_ = depth;
  if (!items->empty() || statement.branches.size() < 2) return;
  const ScopeGuard inner(runtime_, &scope);
  execute(statement.branches[1].body, *inner);
}

Value Interpreter::capture(const Block& block, Scope& scope) {
  TextBuilder out(runtime_);
  TextBuilder* outer = std::exchange(output_, &out);
  execute(block, scope);
  output_ = outer;
  return out.value();
}

Value Interpreter::apply_filter(const Expr& chain, const Value& captured, Scope& scope) {
  const Value outer = std::exchange(captured_, captured);
  const Value result = evaluate(chain, scope);
  captured_ = outer;
  return result;
}

void Interpreter::set_block(const Stmt& statement, Scope& scope) {
  Value text;
  {
    const ScopeGuard inner(runtime_, &scope);
    text = capture(statement.branches[0].body, *inner);
  }
  if (statement.expr) text = apply_filter(*statement.expr, text, scope);
  assign(statement.target, text, scope);
}

void Interpreter::filter_block(const Stmt& statement, Scope& scope) {
  const ScopeGuard inner(runtime_, &scope);
  const Value text = capture(statement.branches[0].body, *inner);
  const Value result = to_text(runtime_, apply_filter(*statement.expr, text, *inner));
  emit(*as_text(result));
}

Value Interpreter::closure(const Stmt& statement, Scope& scope) {
  for (Scope* s = &scope; s; s = s->parent) s->kept = true;
  return runtime_.function({.macro = &statement, .closure = &scope});
}

void Interpreter::define_macro(const Stmt& statement, Scope& scope) {
  scope.set(statement.symbol, closure(statement, scope));
}

void Interpreter::call_block(const Stmt& statement, Scope& scope) {
  CallArguments passed = arguments(*statement.expr, scope);
  const Value callee = evaluate(*statement.expr->parts[0], scope);
  passed.named.emplace_back("caller", closure(statement, scope));
  const Value result = to_text(runtime_, call(callee, std::move(passed)));
  emit(*as_text(result));
}

Interpreter::Flow Interpreter::inner_scope(const Stmt& statement, Scope& scope) {
  const ScopeGuard inner(runtime_, &scope);
  for (const Assignment& assignment : statement.assignments) {
    assign(assignment.target, evaluate(*assignment.value, scope), *inner);
  }
  return execute(statement.branches[0].body, *inner);
}

void Interpreter::assign(const Target& target, const Value& value, Scope& scope) {
  switch (target.kind) {
    case Target::Kind::name:
      runtime_.allocate(sizeof(Value));
      return scope.set(target.symbol, value);
    case Target::Kind::attribute:
      return assign_attribute(target, value, scope);
    case Target::Kind::tuple:
      return assign_tuple(target, value, scope);
  }
}

void Interpreter::assign_tuple(const Target& target, const Value& value, Scope& scope) {
  runtime_.at(target.place);
  const std::vector<Value>& items = iterate(runtime_, value);
  if (items.size() != target.parts.size()) {
    runtime_.fail(strf("%zu values cannot be given to %zu names", items.size(), target.parts.size()));
  }
  for (std::size_t i = 0; i < items.size(); ++i) assign(target.parts[i], items[i], scope);
}

void Interpreter::assign_attribute(const Target& target, const Value& value, Scope& scope) {
  runtime_.at(target.place);
  const Value* found = scope.find(target.symbol);
  Namespace* const* space = found ? std::get_if<Namespace*>(found) : nullptr;
  if (!space)
    runtime_.fail("'" + program_.symbols[target.symbol] + "' is no namespace and cannot be changed");
  for (auto& [name, old] : (*space)->entries) {
    if (name == target.attribute) {
      old = value;
      return;
    }
  }
  runtime_.allocate(sizeof(Value) + target.attribute.size());
  (*space)->entries.emplace_back(target.attribute, value);
}

}  // namespace glim::jinja
