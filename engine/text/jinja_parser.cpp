#include "engine/text/jinja_parser.h"

#include <algorithm>
#include <array>

#include "engine/base/error.h"
#include "engine/base/text.h"

namespace glim::jinja {

std::unique_ptr<const Program> parse(std::string_view source, const Limits& limits) {
  if (source.size() > limits.source_bytes) {
    throw Error(ErrorCode::E402,
                strf("chat template: %zu bytes are more than the limit of %zu; use a built-in format",
                     source.size(), limits.source_bytes));
  }
  auto program = std::make_unique<Program>();
  program->source = normalised_source(source);
  Parser(*program, limits).run();
  return program;
}

Parser::Parser(Program& program, const Limits& limits)
    : program_(program), limits_(limits), tokens_(tokenize(program.source)) {
  for (std::string_view name : {"loop", "caller", "varargs", "kwargs"}) symbol(name);
}

void Parser::run() {
  program_.body = parse_block({});
  if (current().kind != TokenKind::end) fail_unexpected();
}

Symbol Parser::symbol(std::string_view name) {
  const auto [found, added] =
      symbols_.emplace(std::string(name), static_cast<Symbol>(program_.symbols.size()));
  if (added) program_.symbols.emplace_back(name);
  return found->second;
}

void Parser::fail(const std::string& what) const {
  fail_at(program_.source, current().place, what);
}

void Parser::fail_unexpected() const {
  static constexpr std::array<std::string_view, 11> kNames = {
      "text",   "start of a block", "end of the block", "start of a print", "end of the print",   "name",
      "string", "integer",          "number",           "symbol",           "end of the template"};
  const TokenKind kind = current().kind;
  std::string what(kNames[static_cast<std::size_t>(kind)]);
  if (kind == TokenKind::name || kind == TokenKind::symbol) what += " '" + std::string(current().text) + "'";
  fail("the " + what + " is not expected here");
}

bool Parser::skip_symbol(std::string_view text) {
  if (!at_symbol(text)) return false;
  ++next_;
  return true;
}

bool Parser::skip_word(std::string_view text) {
  if (!at_word(text)) return false;
  ++next_;
  return true;
}

void Parser::expect_symbol(std::string_view text) {
  if (!skip_symbol(text)) fail("'" + std::string(text) + "' is missing");
}

std::string Parser::expect_name() {
  if (current().kind != TokenKind::name) fail("a name is missing");
  return std::string(tokens_[next_++].text);
}

StmtPtr Parser::statement(StmtKind kind) const {
  auto out = std::make_unique<Stmt>();
  out->kind = kind;
  out->place = current().place;
  return out;
}

void Parser::end_tag() {
  if (current().kind != TokenKind::block_end) fail_unexpected();
  ++next_;
}

// Reads until a tag whose first word is in `ends`, leaving that word to be read, or to the end of the
// template when there are none.
Block Parser::parse_block(std::initializer_list<std::string_view> ends) {
  const Nest nest(*this);
  Block block;
  while (current().kind != TokenKind::end) {
    if (current().kind == TokenKind::text) {
      block.push_back(statement(StmtKind::text));
      block.back()->text = MarkedText(std::string(tokens_[next_++].text), false);
    } else if (current().kind == TokenKind::print_begin) {
      block.push_back(statement(StmtKind::print));
      ++next_;
      block.back()->expr = parse_tuple({});
      if (current().kind != TokenKind::print_end) fail_unexpected();
      ++next_;
    } else {
      ++next_;  // block_begin: the lexer puts nothing else between tags
      if (std::any_of(ends.begin(), ends.end(), [this](auto end) { return at_word(end); })) return block;
      block.push_back(parse_statement());
      end_tag();
    }
  }
  if (ends.size() > 0) fail("'" + std::string(*(ends.end() - 1)) + "' is missing");
  return block;
}

StmtPtr Parser::parse_statement() {
  struct Row {
    std::string_view tag;
    StmtPtr (Parser::*parse)();
  };
  static constexpr std::array kStatements = {
      Row{"for", &Parser::parse_for},         Row{"if", &Parser::parse_if},
      Row{"set", &Parser::parse_set},         Row{"macro", &Parser::parse_macro},
      Row{"call", &Parser::parse_call_block}, Row{"filter", &Parser::parse_filter_block},
      Row{"with", &Parser::parse_with},       Row{"generation", &Parser::parse_generation},
      Row{"break", &Parser::parse_jump},      Row{"continue", &Parser::parse_jump}};
  if (current().kind != TokenKind::name) fail("the name of a statement is missing");
  for (const Row& row : kStatements) {
    if (current().text == row.tag) return (this->*row.parse)();
  }
  fail("statement '" + std::string(current().text) + "' is not known");
}

StmtPtr Parser::parse_for() {
  StmtPtr out = statement(StmtKind::loop);
  ++next_;
  out->target = parse_target("in");
  if (!skip_word("in")) fail("'in' is missing");
  out->expr = parse_tuple({.conditional = false, .end_word = "recursive"});
  if (skip_word("if")) out->filter = parse_expression();
  out->recursive = skip_word("recursive");
  end_tag();
  ++loops_;
  out->branches.push_back({nullptr, parse_block({"else", "endfor"})});
  --loops_;
  if (skip_word("else")) {
    end_tag();
    out->branches.push_back({nullptr, parse_block({"endfor"})});
  }
  ++next_;
  return out;
}

StmtPtr Parser::parse_if() {
  StmtPtr out = statement(StmtKind::branch);
  ++next_;
  while (true) {
    ExprPtr condition = parse_tuple({.conditional = false});
    end_tag();
    out->branches.push_back({std::move(condition), parse_block({"elif", "else", "endif"})});
    if (!skip_word("elif")) break;
  }
  if (skip_word("else")) {
    end_tag();
    out->branches.push_back({nullptr, parse_block({"endif"})});
  }
  ++next_;
  return out;
}

StmtPtr Parser::parse_set() {
  StmtPtr out = statement(StmtKind::set);
  ++next_;
  out->target = parse_target("");
  if (skip_symbol("=")) {
    out->expr = parse_tuple({});
    return out;
  }
  out->kind = StmtKind::set_block;
  if (at_symbol("|")) out->expr = parse_filter_chain();
  end_tag();
  out->branches.push_back({nullptr, parse_block({"endset"})});
  ++next_;
  return out;
}

std::vector<Parameter> Parser::parse_parameters() {
  std::vector<Parameter> out;
  expect_symbol("(");
  while (!at_symbol(")")) {
    if (!out.empty()) expect_symbol(",");
    const std::string name = expect_name();
    ExprPtr otherwise;
    if (skip_symbol("=")) {
      otherwise = parse_expression();
    } else if (!out.empty() && out.back().otherwise) {
      fail("a parameter without a default value follows one with it");
    }
    out.push_back({symbol(name), name, std::move(otherwise)});
  }
  expect_symbol(")");
  return out;
}

Block Parser::parse_function_body(Stmt& statement, std::string_view end) {
  const std::size_t loops = std::exchange(loops_, 0);
  macros_.push_back(&statement);
  end_tag();
  Block body = parse_block({end});
  macros_.pop_back();
  loops_ = loops;
  ++next_;
  return body;
}

StmtPtr Parser::parse_macro() {
  StmtPtr out = statement(StmtKind::macro);
  ++next_;
  out->name = expect_name();
  out->symbol = symbol(out->name);
  out->parameters = parse_parameters();
  out->branches.push_back({nullptr, parse_function_body(*out, "endmacro")});
  return out;
}

StmtPtr Parser::parse_call_block() {
  StmtPtr out = statement(StmtKind::call);
  ++next_;
  out->name = "caller";
  if (at_symbol("(")) out->parameters = parse_parameters();
  out->expr = parse_expression();
  if (out->expr->kind != ExprKind::call) fail("a call block needs a call");
  out->branches.push_back({nullptr, parse_function_body(*out, "endcall")});
  return out;
}

StmtPtr Parser::parse_filter_block() {
  StmtPtr out = statement(StmtKind::filter);
  ++next_;
  ExprPtr chain = node(ExprKind::captured);
  --next_;  // the tag's own name stands where a '|' would
  out->expr = parse_filters(parse_filter(std::move(chain)));
  end_tag();
  out->branches.push_back({nullptr, parse_block({"endfilter"})});
  ++next_;
  return out;
}

StmtPtr Parser::parse_with() {
  StmtPtr out = statement(StmtKind::scope);
  ++next_;
  while (current().kind != TokenKind::block_end) {
    if (!out->assignments.empty()) expect_symbol(",");
    Target target = to_target(*parse_primary());
    expect_symbol("=");
    out->assignments.push_back({std::move(target), parse_expression()});
  }
  end_tag();
  out->branches.push_back({nullptr, parse_block({"endwith"})});
  ++next_;
  return out;
}

StmtPtr Parser::parse_generation() {
  StmtPtr out = statement(StmtKind::scope);
  ++next_;
  end_tag();
  out->branches.push_back({nullptr, parse_block({"endgeneration"})});
  ++next_;
  return out;
}

StmtPtr Parser::parse_jump() {
  StmtPtr out = statement(at_word("break") ? StmtKind::leave : StmtKind::next);
  if (loops_ == 0) fail("'" + std::string(current().text) + "' stands outside of a loop");
  ++next_;
  return out;
}

Target Parser::parse_target(std::string_view end_word) {
  return to_target(*parse_tuple({.simple = true, .end_word = end_word}));
}

// Assignment targets are read as expressions: their grammar is a part of it.
Target Parser::to_target(const Expr& expr) const {
  if (expr.kind == ExprKind::name) return {Target::Kind::name, expr.place, expr.symbol, {}, {}};
  if (expr.kind == ExprKind::attribute && expr.parts[0]->kind == ExprKind::name) {
    return {Target::Kind::attribute, expr.place, expr.parts[0]->symbol, expr.name, {}};
  }
  if (expr.kind != ExprKind::tuple) fail_at(program_.source, expr.place, "this cannot be assigned to");
  Target out{Target::Kind::tuple, expr.place, 0, {}, {}};
  for (const ExprPtr& part : expr.parts) out.parts.push_back(to_target(*part));
  return out;
}

}  // namespace glim::jinja
