#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>

#include "engine/text/jinja_parser.h"

namespace glim::jinja {

ExprPtr Parser::node(ExprKind kind) const {
  auto out = std::make_unique<Expr>();
  out->kind = kind;
  out->place = current().place;
  return out;
}

void Parser::check_height(Expr& parent, const Expr* child) const {
  if (!child) return;
  parent.height = std::max(parent.height, child->height + 1);
  // Chains such as a + b + ... grow without nesting in the source, but evaluating them recurses.
  if (parent.height > limits_.evaluation_depth / 2) {
    fail_at(program_.source, parent.place, "the expression is too long");
  }
}

void Parser::adopt(Expr& parent, ExprPtr child) const {
  check_height(parent, child.get());
  parent.parts.push_back(std::move(child));
}

void Parser::take_arguments(Expr& expr, std::vector<Argument> arguments) const {
  for (const Argument& argument : arguments) check_height(expr, argument.value.get());
  expr.arguments = std::move(arguments);
}

ExprPtr Parser::binary(ExprKind kind, ExprPtr left, ExprPtr right) const {
  ExprPtr out = node(kind);
  out->place = right->place;
  adopt(*out, std::move(left));
  adopt(*out, std::move(right));
  return out;
}

bool Parser::at_tuple_end(const TupleRules& rules) const {
  const TokenKind kind = current().kind;
  return kind == TokenKind::print_end || kind == TokenKind::block_end || at_symbol(")") ||
         (!rules.end_word.empty() && at_word(rules.end_word));
}

ExprPtr Parser::parse_tuple(const TupleRules& rules) {
  ExprPtr tuple = node(ExprKind::tuple);
  bool comma = false;
  while (true) {
    if (!tuple->parts.empty()) expect_symbol(",");
    if (at_tuple_end(rules)) break;
    if (rules.simple) {
      ExprPtr item = parse_primary();
      // A namespace attribute is the only longer target there is.
      if (item->kind == ExprKind::name && at_symbol(".")) item = parse_subscript(std::move(item));
      adopt(*tuple, std::move(item));
    } else {
      adopt(*tuple, rules.conditional ? parse_expression() : parse_or());
    }
    if (!at_symbol(",")) break;
    comma = true;
  }
  if (comma) return tuple;
  if (!tuple->parts.empty()) return std::move(tuple->parts[0]);
  if (!rules.parenthesised) fail("an expression is missing");
  return tuple;
}

ExprPtr Parser::parse_conditional() {
  const Nest nest(*this);
  ExprPtr value = parse_or();
  while (at_word("if")) {
    ExprPtr out = node(ExprKind::conditional);
    ++next_;
    adopt(*out, parse_or());
    adopt(*out, std::move(value));
    adopt(*out, skip_word("else") ? parse_conditional() : nullptr);
    value = std::move(out);
  }
  return value;
}

ExprPtr Parser::parse_or() {
  ExprPtr left = parse_and();
  while (skip_word("or")) left = binary(ExprKind::logical_or, std::move(left), parse_and());
  return left;
}

ExprPtr Parser::parse_and() {
  ExprPtr left = parse_not();
  while (skip_word("and")) left = binary(ExprKind::logical_and, std::move(left), parse_not());
  return left;
}

ExprPtr Parser::parse_not() {
  if (!at_word("not")) return parse_compare();
  const Nest nest(*this);
  ExprPtr out = node(ExprKind::logical_not);
  ++next_;
  adopt(*out, parse_not());
  return out;
}

ExprPtr Parser::parse_compare() {
  struct Row {
    std::string_view symbol;
    Op op;
  };
  static constexpr std::array kOperators = {Row{"==", Op::equal},  Row{"!=", Op::not_equal},
                                            Row{"<", Op::less},    Row{"<=", Op::less_equal},
                                            Row{">", Op::greater}, Row{">=", Op::greater_equal}};
  ExprPtr first = parse_sum();
  ExprPtr out;
  while (true) {
    const auto row =
        std::find_if(kOperators.begin(), kOperators.end(), [&](const Row& r) { return at_symbol(r.symbol); });
    const bool negated = at_word("not") && tokens_[next_ + 1].text == "in";
    if (row == kOperators.end() && !at_word("in") && !negated) break;
    const Op op = row != kOperators.end() ? row->op : negated ? Op::not_in : Op::in;
    if (!out) {
      out = node(ExprKind::compare);
      adopt(*out, std::move(first));
    }
    next_ += negated ? 2 : 1;
    out->ops.push_back(op);
    adopt(*out, parse_sum());
  }
  return out ? std::move(out) : std::move(first);
}

ExprPtr Parser::parse_sum() {
  ExprPtr left = parse_concat();
  while (at_symbol("+") || at_symbol("-")) {
    const Op op = at_symbol("+") ? Op::add : Op::subtract;
    ++next_;
    left = binary(ExprKind::arithmetic, std::move(left), parse_concat());
    left->ops = {op};
  }
  return left;
}

ExprPtr Parser::parse_concat() {
  ExprPtr first = parse_product();
  if (!at_symbol("~")) return first;
  ExprPtr out = node(ExprKind::concat);
  adopt(*out, std::move(first));
  while (skip_symbol("~")) adopt(*out, parse_product());
  return out;
}

ExprPtr Parser::parse_product() {
  struct Row {
    std::string_view symbol;
    Op op;
  };
  static constexpr std::array kOperators = {Row{"*", Op::multiply}, Row{"/", Op::divide},
                                            Row{"//", Op::floor_divide}, Row{"%", Op::modulo}};
  ExprPtr left = parse_power();
  while (true) {
    const auto row =
        std::find_if(kOperators.begin(), kOperators.end(), [&](const Row& r) { return at_symbol(r.symbol); });
    if (row == kOperators.end()) return left;
    ++next_;
    left = binary(ExprKind::arithmetic, std::move(left), parse_power());
    left->ops = {row->op};
  }
}

ExprPtr Parser::parse_power() {
  ExprPtr left = parse_unary(true);
  while (skip_symbol("**")) {
    left = binary(ExprKind::arithmetic, std::move(left), parse_unary(true));
    left->ops = {Op::power};
  }
  return left;
}

ExprPtr Parser::parse_unary(bool with_filter) {
  ExprPtr out;
  if (at_symbol("-") || at_symbol("+")) {
    const Nest nest(*this);
    out = node(at_symbol("-") ? ExprKind::negate : ExprKind::plus);
    ++next_;
    adopt(*out, parse_unary(false));
  } else {
    out = parse_primary();
  }
  out = parse_postfix(std::move(out));
  return with_filter ? parse_filters(std::move(out)) : std::move(out);
}

ExprPtr Parser::parse_primary() {
  switch (current().kind) {
    case TokenKind::name:
      return parse_name();
    case TokenKind::string:
      return parse_string();
    case TokenKind::integer:
    case TokenKind::real:
      return parse_number();
    default:
      break;
  }
  if (at_symbol("[")) return parse_list();
  if (at_symbol("{")) return parse_dict();
  if (!skip_symbol("(")) fail_unexpected();
  ExprPtr out = parse_tuple({.parenthesised = true});
  expect_symbol(")");
  return out;
}

ExprPtr Parser::parse_name() {
  ExprPtr out = node(ExprKind::constant);
  const std::string_view name = tokens_[next_++].text;
  if (name == "true" || name == "True") {
    out->constant = true;
  } else if (name == "false" || name == "False") {
    out->constant = false;
  } else if (name == "none" || name == "None") {
    out->constant = None{};
  } else {
    out->kind = ExprKind::name;
    out->name = name;
    out->symbol = symbol(name);
    for (Stmt* macro : macros_) {
      macro->uses_varargs |= out->symbol == kVarargs;
      macro->uses_kwargs |= out->symbol == kKwargs;
      macro->uses_caller |= out->symbol == kCaller;
    }
  }
  return out;
}

ExprPtr Parser::parse_string() {
  ExprPtr out = node(ExprKind::constant);
  std::string text;
  while (current().kind == TokenKind::string) text += unescaped(tokens_[next_++].text);
  out->text.emplace(std::move(text), false);
  out->constant = &*out->text;
  return out;
}

ExprPtr Parser::parse_number() {
  ExprPtr out = node(ExprKind::constant);
  std::string digits(current().text);
  std::erase(digits, '_');
  if (current().kind == TokenKind::real) {
    out->constant = std::strtod(digits.c_str(), nullptr);
  } else {
    const bool prefixed = digits.size() > 2 && !(digits[1] >= '0' && digits[1] <= '9');
    const int base = !prefixed ? 10 : (digits[1] | 0x20) == 'x' ? 16 : (digits[1] | 0x20) == 'o' ? 8 : 2;
    Integer number = 0;
    for (char c : digits.substr(prefixed ? 2 : 0)) {
      const int digit = c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
      if (digit >= base) fail("the number is malformed");
      if (__builtin_mul_overflow(number, base, &number) || __builtin_add_overflow(number, digit, &number)) {
        fail("the number is too large");
      }
    }
    out->constant = number;
  }
  ++next_;
  return out;
}

ExprPtr Parser::parse_list() {
  ExprPtr out = node(ExprKind::list);
  expect_symbol("[");
  while (!at_symbol("]")) {
    if (!out->parts.empty()) expect_symbol(",");
    if (at_symbol("]")) break;
    adopt(*out, parse_expression());
  }
  expect_symbol("]");
  return out;
}

ExprPtr Parser::parse_dict() {
  ExprPtr out = node(ExprKind::dict);
  expect_symbol("{");
  while (!at_symbol("}")) {
    if (!out->parts.empty()) expect_symbol(",");
    if (at_symbol("}")) break;
    adopt(*out, parse_expression());
    expect_symbol(":");
    adopt(*out, parse_expression());
  }
  expect_symbol("}");
  return out;
}

ExprPtr Parser::parse_postfix(ExprPtr expr) {
  while (true) {
    if (at_symbol(".") || at_symbol("[")) {
      expr = parse_subscript(std::move(expr));
    } else if (at_symbol("(")) {
      expr = parse_call(std::move(expr));
    } else {
      return expr;
    }
  }
}

ExprPtr Parser::parse_filters(ExprPtr expr) {
  while (true) {
    if (at_symbol("|")) {
      expr = parse_filter(std::move(expr));
    } else if (at_word("is")) {
      expr = parse_test(std::move(expr));
    } else if (at_symbol("(")) {
      expr = parse_call(std::move(expr));
    } else {
      return expr;
    }
  }
}

ExprPtr Parser::parse_filter_chain() {
  ExprPtr expr = node(ExprKind::captured);
  while (at_symbol("|")) expr = parse_filter(std::move(expr));
  return expr;
}

ExprPtr Parser::parse_filter(ExprPtr expr) {
  ++next_;  // '|'
  ExprPtr out = node(ExprKind::filter);
  adopt(*out, std::move(expr));
  out->name = expect_name();
  while (skip_symbol(".")) out->name += "." + expect_name();
  if (at_symbol("(")) take_arguments(*out, parse_arguments());
  return out;
}

bool Parser::at_test_argument() const {
  if (at_word("else") || at_word("or") || at_word("and")) return false;
  switch (current().kind) {
    case TokenKind::name:
    case TokenKind::string:
    case TokenKind::integer:
    case TokenKind::real:
      return true;
    default:
      return at_symbol("[") || at_symbol("{");
  }
}

ExprPtr Parser::parse_test(ExprPtr expr) {
  ++next_;  // is
  ExprPtr out = node(ExprKind::test);
  const bool negated = skip_word("not");
  adopt(*out, std::move(expr));
  out->name = expect_name();
  while (skip_symbol(".")) out->name += "." + expect_name();
  if (at_symbol("(")) {
    take_arguments(*out, parse_arguments());
  } else if (at_test_argument()) {
    if (at_word("is")) fail("tests cannot be chained with 'is'");
    std::vector<Argument> arguments;
    arguments.push_back({Argument::Kind::positional, "", parse_postfix(parse_primary())});
    take_arguments(*out, std::move(arguments));
  }
  if (!negated) return out;
  ExprPtr inverse = node(ExprKind::logical_not);
  adopt(*inverse, std::move(out));
  return inverse;
}

ExprPtr Parser::parse_subscript(ExprPtr expr) {
  if (skip_symbol("[")) {
    ExprPtr out = parse_subscribed(std::move(expr));
    expect_symbol("]");
    return out;
  }
  ++next_;  // '.'
  ExprPtr out = node(ExprKind::attribute);
  out->place = expr->place;
  adopt(*out, std::move(expr));
  if (current().kind == TokenKind::integer) {
    out->kind = ExprKind::item;
    adopt(*out, parse_number());
  } else {
    out->name = expect_name();
  }
  return out;
}

ExprPtr Parser::parse_subscribed(ExprPtr object) {
  ExprPtr out = node(ExprKind::item);
  out->place = object->place;
  adopt(*out, std::move(object));
  ExprPtr first = at_symbol(":") ? nullptr : parse_expression();
  if (!at_symbol(":")) {
    if (at_symbol(",")) fail("a subscript with several keys is not supported");
    adopt(*out, std::move(first));
    return out;
  }
  out->kind = ExprKind::slice;
  adopt(*out, std::move(first));
  for (int i = 0; i < 2; ++i) {
    const bool present = skip_symbol(":") && !at_symbol(":") && !at_symbol("]");
    adopt(*out, present ? parse_expression() : nullptr);
  }
  return out;
}

ExprPtr Parser::parse_call(ExprPtr expr) {
  ExprPtr out = node(ExprKind::call);
  out->place = expr->place;
  adopt(*out, std::move(expr));
  take_arguments(*out, parse_arguments());
  return out;
}

std::vector<Argument> Parser::parse_arguments() {
  std::vector<Argument> out;
  expect_symbol("(");
  while (!at_symbol(")")) {
    if (!out.empty()) expect_symbol(",");
    if (at_symbol(")")) break;
    Argument argument{Argument::Kind::positional, "", nullptr};
    if (skip_symbol("*")) {
      argument.kind = Argument::Kind::list;
    } else if (skip_symbol("**")) {
      argument.kind = Argument::Kind::mapping;
    } else if (current().kind == TokenKind::name && tokens_[next_ + 1].text == "=" &&
               tokens_[next_ + 1].kind == TokenKind::symbol) {
      argument.kind = Argument::Kind::named;
      argument.name = expect_name();
      ++next_;
    } else if (!out.empty() && out.back().kind != Argument::Kind::positional) {
      fail("a positional argument follows a named one");
    }
    argument.value = parse_expression();
    out.push_back(std::move(argument));
  }
  expect_symbol(")");
  return out;
}

}  // namespace glim::jinja
