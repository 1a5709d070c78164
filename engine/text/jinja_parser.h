#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/text/jinja_ast.h"
#include "engine/text/jinja_lexer.h"

namespace glim::jinja {

/// Parses a template. Throws E402 with line and column for anything that is no Jinja, for statements that
/// chat templates do not use (include, import, extends, block, ...), and when a limit is passed.
std::unique_ptr<const Program> parse(std::string_view source, const Limits& limits);

/// Recursive descent over the tokens of one template. Statements are in jinja_parser.cpp, expressions in
/// jinja_expression.cpp.
class Parser {
 public:
  Parser(Program& program, const Limits& limits);
  void run();

 private:
  struct TupleRules {
    bool conditional = true;  ///< whether `a if b else c` may be an item
    bool simple = false;      ///< items are primaries only, as in assignment targets
    bool parenthesised = false;
    std::string_view end_word = {};
  };

  // statements
  Block parse_block(std::initializer_list<std::string_view> ends);
  StmtPtr parse_statement();
  StmtPtr parse_for();
  StmtPtr parse_if();
  StmtPtr parse_set();
  StmtPtr parse_macro();
  StmtPtr parse_call_block();
  StmtPtr parse_filter_block();
  StmtPtr parse_with();
  StmtPtr parse_generation();
  StmtPtr parse_jump();
  Block parse_function_body(Stmt& statement, std::string_view end);
  std::vector<Parameter> parse_parameters();
  Target parse_target(std::string_view end_word);
  Target to_target(const Expr& expr) const;
  StmtPtr statement(StmtKind kind) const;
  void end_tag();

  // expressions
  ExprPtr parse_tuple(const TupleRules& rules);
  ExprPtr parse_expression() { return parse_conditional(); }
  ExprPtr parse_conditional();
  ExprPtr parse_or();
  ExprPtr parse_and();
  ExprPtr parse_not();
  ExprPtr parse_compare();
  ExprPtr parse_sum();
  ExprPtr parse_concat();
  ExprPtr parse_product();
  ExprPtr parse_power();
  ExprPtr parse_unary(bool with_filter);
  ExprPtr parse_primary();
  ExprPtr parse_number();
  ExprPtr parse_name();
  ExprPtr parse_string();
  ExprPtr parse_list();
  ExprPtr parse_dict();
  ExprPtr parse_postfix(ExprPtr expr);
  ExprPtr parse_filters(ExprPtr expr);
  ExprPtr parse_filter_chain();
  ExprPtr parse_filter(ExprPtr expr);
  ExprPtr parse_test(ExprPtr expr);
  ExprPtr parse_subscript(ExprPtr expr);
  ExprPtr parse_subscribed(ExprPtr object);
  ExprPtr parse_call(ExprPtr expr);
  std::vector<Argument> parse_arguments();
  bool at_tuple_end(const TupleRules& rules) const;
  bool at_test_argument() const;

  // nodes
  ExprPtr node(ExprKind kind) const;
  void adopt(Expr& parent, ExprPtr child) const;
  ExprPtr binary(ExprKind kind, ExprPtr left, ExprPtr right) const;
  void take_arguments(Expr& expr, std::vector<Argument> arguments) const;
  void check_height(Expr& parent, const Expr* child) const;
  Symbol symbol(std::string_view name);

  // tokens
  const Token& current() const { return tokens_[next_]; }
  bool at_symbol(std::string_view text) const {
    return current().kind == TokenKind::symbol && current().text == text;
  }
  bool at_word(std::string_view text) const {
    return current().kind == TokenKind::name && current().text == text;
  }
  bool skip_symbol(std::string_view text);
  bool skip_word(std::string_view text);
  void expect_symbol(std::string_view text);
  std::string expect_name();
  [[noreturn]] void fail(const std::string& what) const;
  [[noreturn]] void fail_unexpected() const;

  class Nest;

  Program& program_;
  const Limits& limits_;
  std::vector<Token> tokens_;
  std::size_t next_ = 0;
  std::size_t depth_ = 0;
  std::size_t loops_ = 0;  ///< loop bodies around the current place, within the innermost macro
  std::vector<Stmt*> macros_;
  std::unordered_map<std::string, Symbol> symbols_;
};

/// Counts a level of nesting of the source while it lives.
class Parser::Nest {
 public:
  explicit Nest(Parser& parser) : parser_(parser) {
    if (++parser_.depth_ > parser_.limits_.nesting) parser_.fail("the template is nested too deeply");
  }
  ~Nest() { --parser_.depth_; }
  Nest(const Nest&) = delete;
  Nest& operator=(const Nest&) = delete;

 private:
  Parser& parser_;
};

}  // namespace glim::jinja
