#include "engine/text/jinja_format.h"

#include <algorithm>
#include <cmath>

#include "engine/base/text.h"
#include "engine/text/jinja_operators.h"
#include "engine/text/jinja_print.h"

namespace glim::jinja {

namespace {

/// One conversion of a format: [[fill]align][sign][#][0][width][,][.precision][type].
struct Spec {
  char fill = ' ';
  char align = '\0';  ///< '<', '>', '^', '=' or none
  char sign = '-';
  bool alternate = false;
  bool grouped = false;
  std::size_t width = 0;
  int precision = -1;
  char type = '\0';
};

constexpr std::size_t kWidest = 1000;
constexpr int kMostPrecise = 100;

std::string in_base(Integer number, unsigned base, bool capital) {
  auto rest = number < 0 ? -static_cast<unsigned __int128>(number) : static_cast<unsigned __int128>(number);
  const std::string_view digits = capital ? "0123456789ABCDEF" : "0123456789abcdef";
  std::string out;
  do {
    out += digits[static_cast<std::size_t>(rest % base)];
    rest /= base;
  } while (rest != 0);
  std::reverse(out.begin(), out.end());
  return out;
}

std::string grouped(std::string digits) {
  const std::size_t end = std::min(digits.find('.'), digits.size());
  for (std::size_t at = end; at > 3; at -= 3) digits.insert(at - 3, ",");
  return digits;
}

std::string real_digits(double number, const Spec& spec) {
  const int precision = std::min(spec.precision < 0 ? 6 : spec.precision, kMostPrecise);
  switch (spec.type) {
    case 'e':
      return strf("%.*e", precision, number);
    case 'E':
      return strf("%.*E", precision, number);
    case 'g':
      return strf("%.*g", precision, number);
    case 'G':
      return strf("%.*G", precision, number);
    case '%':
      return strf("%.*f", precision, number * 100) + "%";
    default:
      return strf("%.*f", precision, number);
  }
}

std::string magnitude(Runtime& runtime, const Value& value, const Spec& spec) {
  const auto real = as_real(value);
  if (!real) runtime.fail("a number is needed by the format, not '" + std::string(type_name(value)) + "'");
  std::string digits;
  if (std::string_view("eEfFgG%").find(spec.type) != std::string_view::npos) {
    digits = real_digits(std::fabs(*real), spec);
  } else {
    const auto exact = as_integer(value);
    if (!exact && !(std::fabs(*real) < 1e30)) runtime.fail("the number is too large for its format");
    const Integer number = exact ? *exact : static_cast<Integer>(*real);
    const unsigned base = (spec.type | 0x20) == 'x' ? 16 : spec.type == 'o' ? 8 : spec.type == 'b' ? 2 : 10;
    digits = in_base(number, base, spec.type == 'X');
    if (spec.alternate && base != 10) digits = std::string("0") + spec.type + digits;
  }
  return spec.grouped ? grouped(digits) : digits;
}

void add_number(TextBuilder& out, Runtime& runtime, const Value& value, const Spec& spec) {
  const std::string digits = magnitude(runtime, value, spec);
  const bool negative = std::signbit(*as_real(value));
  const std::string sign = negative ? "-" : spec.sign == '-' ? "" : std::string(1, spec.sign);
  const std::size_t size = sign.size() + digits.size();
  const std::size_t gap = spec.width > size ? spec.width - size : 0;
  const char align = spec.align ? spec.align : '>';
  const std::size_t left = align == '>' ? gap : align == '^' ? gap / 2 : 0;
  out.fill(left, spec.fill);
  out.add(sign);
  if (align == '=') out.fill(gap, spec.fill);
  out.add(digits);
  if (align == '<' || align == '^') out.fill(gap - left, spec.fill);
}

void add_text(TextBuilder& out, Runtime& runtime, const MarkedText& text, const Spec& spec) {
  runtime.scan(text.size());
  const std::size_t end =
      spec.precision < 0 ? text.size() : char_offset(text.view(), static_cast<std::size_t>(spec.precision));
  const std::size_t count = char_count(text.view().substr(0, end));
  const std::size_t gap = spec.width > count ? spec.width - count : 0;
  const std::size_t left = spec.align == '>' || spec.align == '=' ? gap : spec.align == '^' ? gap / 2 : 0;
  out.fill(left, spec.fill);
  out.add(text, 0, end);
  out.fill(gap - left, spec.fill);
}

/// Reads the text of one format from front to back.
class Reader {
 public:
  Reader(Runtime& runtime, std::string_view text) : runtime_(runtime), text_(text) {}
  bool at_end() const { return pos_ >= text_.size(); }
  char peek() const { return at_end() ? '\0' : text_[pos_]; }
  char next() { return at_end() ? '\0' : text_[pos_++]; }
  bool skip(char c) {
    if (peek() != c || at_end()) return false;
    ++pos_;
    return true;
  }
  std::size_t position() const { return pos_; }
  void seek(std::size_t position) { pos_ = position; }
  std::size_t number(std::size_t limit) {
    std::size_t out = 0;
    while (peek() >= '0' && peek() <= '9') {
      out = out * 10 + static_cast<std::size_t>(next() - '0');
      if (out > limit) runtime_.fail("a width in a format is too large");
    }
    return out;
  }

 private:
  Runtime& runtime_;
  std::string_view text_;
  std::size_t pos_ = 0;
};

Spec read_percent_spec(Reader& in) {
  Spec spec{.align = '>'};
  for (bool flags = true; flags;) {
    switch (in.peek()) {
      case '-':
        spec.align = '<';
        break;
      case '0':
        spec.fill = '0';
        break;
      case '+':
        spec.sign = '+';
        break;
      case ' ':
        spec.sign = spec.sign == '+' ? '+' : ' ';
        break;
      case '#':
        spec.alternate = true;
        break;
      default:
        flags = false;
    }
    if (flags) in.next();
  }
  spec.width = in.number(kWidest);
  if (in.skip('.')) spec.precision = static_cast<int>(in.number(kWidest));
  spec.type = in.next();
  if (spec.fill == '0') {
    if (spec.align == '<') spec.fill = ' ';
    if (spec.align == '>') spec.align = '=';
  }
  return spec;
}

Spec read_brace_spec(Runtime& runtime, std::string_view text) {
  static constexpr std::string_view kAligns = "<>^=";
  Spec spec;
  Reader in(runtime, text);
  if (text.size() > 1 && kAligns.find(text[1]) != std::string_view::npos) {
    spec.fill = in.next();
    spec.align = in.next();
  } else if (!text.empty() && kAligns.find(text[0]) != std::string_view::npos) {
    spec.align = in.next();
  }
  if (in.peek() == '+' || in.peek() == '-' || in.peek() == ' ') spec.sign = in.next();
  spec.alternate = in.skip('#');
  if (in.peek() == '0' && !spec.align) spec.fill = '0', spec.align = '=';
  spec.width = in.number(kWidest);
  spec.grouped = in.skip(',');
  if (in.skip('.')) spec.precision = static_cast<int>(in.number(kWidest));
  spec.type = in.next();
  if (!in.at_end() ||
      (spec.type && std::string_view("sdxXobeEfFgG%").find(spec.type) == std::string_view::npos)) {
    runtime.fail("the format '" + std::string(text) + "' is not supported");
  }
  return spec;
}

void add_formatted(TextBuilder& out, Runtime& runtime, const Value& value, const Spec& spec) {
  const bool number = as_real(value) && !is<bool>(value);
  const bool plain_real = is<double>(value) && !spec.type;
  if (spec.type != 's' && (spec.type || (number && !plain_real)))
    return add_number(out, runtime, value, spec);
  const Value text = to_text(runtime, value);
  Spec aligned = spec;
  if (number && !spec.align) aligned.align = '>';
  add_text(out, runtime, *as_text(text), aligned);
}

}  // namespace

Value format_percent(Runtime& runtime, const MarkedText& format, const Value& values) {
  const List* list = as_list(values);
  const bool tuple = list && list->kind == ListKind::tuple;
  std::size_t used = 0;
  const auto next_value = [&]() -> Value {
    const std::size_t count = tuple ? list->items.size() : 1;
    if (used >= count) runtime.fail("the format has more conversions than values");
    return tuple ? list->items[used++] : (++used, values);
  };
  runtime.scan(format.size());
  TextBuilder out(runtime);
  Reader in(runtime, format.view());
  while (!in.at_end()) {
    const std::size_t from = in.position();
    if (in.next() != '%') {
      out.add(format, from, in.position());
      continue;
    }
    runtime.step();
    const Spec spec = read_percent_spec(in);
    if (spec.type == '%') {
      out.add("%");
    } else if (spec.type == 's' || spec.type == 'r' || spec.type == 'c') {
      TextBuilder piece(runtime);
      const Value value = next_value();
      spec.type == 'r' ? print_repr(piece, runtime, value) : print(piece, runtime, value);
      add_text(out, runtime, piece.peek(), spec);
    } else if (spec.type && std::string_view("diuxXoeEfFgG").find(spec.type) != std::string_view::npos) {
      add_number(out, runtime, next_value(), spec);
    } else {
      runtime.fail("the format has an unknown conversion");
    }
  }
  if (tuple ? used < list->items.size() : used == 0 && !as_dict(values)) {
    runtime.fail("not all values are used by the format");
  }
  return out.value();
}

namespace {

// The argument a field such as "", "0" or "name" stands for.
Value field_value(BoundCall& call, std::string_view field, std::size_t& automatic) {
  const CallArguments& arguments = call.arguments();
  const bool numbered = !field.empty() && field.find_first_not_of("0123456789") == std::string_view::npos;
  if (field.empty() || numbered) {
    std::size_t index = 0;
    for (char c : field.substr(0, 4)) index = index * 10 + static_cast<std::size_t>(c - '0');
    if (field.empty()) index = automatic++;
    if (index >= arguments.positional.size() || field.size() > 4)
      call.fail("has fewer values than the text asks for");
    return arguments.positional[index];
  }
  for (const auto& [name, value] : arguments.named) {
    if (name == field) return value;
  }
  call.fail("has no value for '" + std::string(field) + "'");
}

void add_field(TextBuilder& out, BoundCall& call, std::string_view field, std::size_t& automatic) {
  const std::size_t colon = field.find(':');
  const std::string_view spec = colon == std::string_view::npos ? "" : field.substr(colon + 1);
  std::string_view name = field.substr(0, colon);
  bool repr = false;
  if (const std::size_t mark = name.find('!'); mark != std::string_view::npos) {
    repr = name.substr(mark) == "!r";
    name = name.substr(0, mark);
  }
  Value value = field_value(call, name, automatic);
  if (repr) {
    TextBuilder text(call.runtime);
    print_repr(text, call.runtime, value);
    value = text.value();
  }
  if (spec.empty()) return print(out, call.runtime, value);
  add_formatted(out, call.runtime, value, read_brace_spec(call.runtime, spec));
}

}  // namespace

Value format_braces(BoundCall& call) {
  const MarkedText& format = call.self_text();
  call.runtime.scan(format.size());
  TextBuilder out(call.runtime);
  Reader in(call.runtime, format.view());
  std::size_t automatic = 0;
  while (!in.at_end()) {
    const std::size_t from = in.position();
    const char c = in.next();
    if ((c == '{' || c == '}') && in.skip(c)) {
      out.add(format, from, from + 1);
    } else if (c == '}') {
      call.fail("meets a '}' that closes nothing");
    } else if (c == '{') {
      const std::size_t end = format.view().find('}', from);
      if (end == std::string_view::npos) call.fail("meets a '{' that is not closed");
      call.runtime.step();
      add_field(out, call, format.view().substr(from + 1, end - from - 1), automatic);
      in.seek(end + 1);
    } else {
      out.add(format, from, from + 1);
    }
  }
  return out.value();
}

}  // namespace glim::jinja
