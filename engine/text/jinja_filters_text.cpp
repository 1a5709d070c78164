#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

#include "engine/base/text.h"
#include "engine/base/utf8.h"
#include "engine/text/jinja_format.h"
#include "engine/text/jinja_json.h"
#include "engine/text/jinja_methods.h"
#include "engine/text/jinja_operators.h"
#include "engine/text/jinja_print.h"

namespace glim::jinja {

namespace {

// Filters take any value and work on what str() makes of it.
const MarkedText& soft(BoundCall& call) {
  call.self = to_text(call.runtime, call.self);
  return *as_text(call.self);
}

Value method(BoundCall& call, std::string_view name) {
  soft(call);
  CallArguments arguments;
  for (std::size_t i = 0; call.has(i); ++i) arguments.positional.push_back(call.at(i));
  return call_native(call.runtime, *find_method(call.self, name), call.self, std::move(arguments));
}

Value center(BoundCall& call) {
  soft(call);
  CallArguments arguments;
  arguments.positional.push_back(call.integer(0, 80));
  return call_native(call.runtime, *find_method(call.self, "center"), call.self, std::move(arguments));
}

Value replace(BoundCall& call) {
  soft(call);
  CallArguments arguments;
  arguments.positional = {to_text(call.runtime, call.at(0)), to_text(call.runtime, call.at(1))};
  if (call.has(2) && !is<None>(call.at(2))) arguments.positional.push_back(call.at(2));
  return call_native(call.runtime, *find_method(call.self, "replace"), call.self, std::move(arguments));
}

Value escape(BoundCall& call) {
  struct Row {
    char c;
    std::string_view entity;
  };
  static constexpr std::array kEntities = {Row{'&', "&amp;"}, Row{'<', "&lt;"}, Row{'>', "&gt;"},
                                           Row{'"', "&#34;"}, Row{'\'', "&#39;"}};
  const MarkedText& text = soft(call);
  call.runtime.scan(text.size());
  TextBuilder out(call.runtime);
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto row =
        std::find_if(kEntities.begin(), kEntities.end(), [&](const Row& r) { return r.c == text.view()[i]; });
    if (row == kEntities.end()) {
      out.add(text, i, i + 1);
    } else {
      out.add(row->entity, text.from_user_at(i));
    }
  }
  return out.value();
}

Value indent(BoundCall& call) {
  const MarkedText& text = call.self_text();
  TextBuilder step(call.runtime);
  if (as_text(call.at(0))) {
    step.add(call.text(0));
  } else {
    step.fill(static_cast<std::size_t>(std::clamp<Integer>(call.integer(0, 4), 0, 1 << 30)), ' ');
  }
  const bool first = call.flag(1), blank = call.flag(2);
  const NativeRow& splitter = *find_method(call.self, "splitlines");
  // A last line break begins a line of its own here, which it does not for splitlines.
  TextBuilder whole(call.runtime);
  whole.add(text);
  whole.add("\n");
  const Value lines = call_native(call.runtime, splitter, whole.value(), {});
  TextBuilder out(call.runtime);
  bool at_first = true;
  for (const Value& line : as_list(lines)->items) {
    const MarkedText& content = *as_text(line);
    if (!at_first) out.add("\n");
    if (at_first ? first : blank || !content.empty()) out.add(step.peek());
    at_first = false;
    out.add(content);
  }
  return out.value();
}

Value title(BoundCall& call) {
  const MarkedText& text = soft(call);
  call.runtime.scan(text.size());
  TextBuilder out(call.runtime);
  bool start = true;
  for (std::size_t pos = 0; pos < text.size();) {
    const Utf8Char c = utf8_next(text.view().substr(pos));
    const std::string_view piece = text.view().substr(pos, c.length);
    out.add(start ? upper_case(piece) : lower_case(piece), text.from_user_at(pos));
    start = is_space(c.code) || std::string_view("-([{<").find(piece[0]) != std::string_view::npos;
    pos += c.length;
  }
  return out.value();
}

Value truncate(BoundCall& call) {
  const MarkedText& text = call.self_text();
  const Integer length_limit = call.integer(0, 255), leeway = call.integer(3, 5);
  const std::string_view end = call.view(2, "...");
  const auto count = static_cast<Integer>(length(call.runtime, call.self));
  const Integer room = length_limit - static_cast<Integer>(char_count(end));
  if (room < 0) call.fail("needs a length that the ending fits into");
  if (count <= length_limit || count <= length_limit + leeway) return call.self;
  std::size_t cut = char_offset(text.view(), static_cast<std::size_t>(room));
  if (!call.flag(1)) cut = std::min(text.view().substr(0, cut).rfind(' '), cut);
  TextBuilder out(call.runtime);
  out.add(text, 0, cut);
  out.add(end);
  return out.value();
}

Value urlencode(BoundCall& call) {
  const MarkedText& text = soft(call);
  TextBuilder out(call.runtime);
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text.view()[i];
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0 ||
                       std::string_view("_.-~/").find(c) != std::string_view::npos;
    plain ? out.add(text, i, i + 1)
          : out.add(strf("%%%02X", static_cast<unsigned char>(c)), text.from_user_at(i));
  }
  return out.value();
}

Value wordcount(BoundCall& call) {
  const MarkedText& text = soft(call);
  call.runtime.scan(text.size());
  Integer words = 0;
  bool inside = false;
  for (std::size_t pos = 0; pos < text.size();) {
    const Utf8Char c = utf8_next(text.view().substr(pos));
    const bool letter =
        !is_space(c.code) && (c.code >= 0x80 || std::isalnum(static_cast<int>(c.code)) || c.code == '_');
    if (letter && !inside) ++words;
    inside = letter;
    pos += c.length;
  }
  return words;
}

Value filesizeformat(BoundCall& call) {
  static constexpr std::string_view kPrefixes = "kMGTPEZY";
  const bool binary = call.flag(0);
  const auto number = as_real(call.self);
  if (!number) call.fail("needs a number");
  const double base = binary ? 1024 : 1000;
  if (*number == 1) return call.runtime.text("1 Byte");
  if (*number < base)
    return call.runtime.text(strf("%lld Bytes", static_cast<long long>(std::max(*number, -1e18))));
  double unit = base * base;
  std::size_t i = 0;
  while (*number >= unit && i + 1 < kPrefixes.size()) unit *= base, ++i;
  const char prefix = binary && i == 0 ? 'K' : kPrefixes[i];
  return call.runtime.text(strf("%.1f %c%s", base * *number / unit, prefix, binary ? "iB" : "B"));
}

// What Python's int() or float() reads from a string, or nothing.
std::optional<Integer> read_integer(std::string_view text, unsigned base) {
  const Range kept = strip_range(text, Side::both);
  text = text.substr(kept.begin, kept.end - kept.begin);
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (text.empty()) return std::nullopt;
  Integer out = 0;
  for (char c : text) {
    if (c == '_') continue;
    const int digit = c >= '0' && c <= '9'                          ? c - '0'
                      : std::isalpha(static_cast<unsigned char>(c)) ? (c | 32) - 'a' + 10
                                                                    : 99;
    if (digit >= static_cast<int>(base)) return std::nullopt;
    if (__builtin_mul_overflow(out, base, &out) || __builtin_add_overflow(out, digit, &out))
      return std::nullopt;
  }
  return negative ? -out : out;
}

std::optional<double> read_real(std::string_view text) {
  const Range kept = strip_range(text, Side::both);
  const std::string trimmed(text.substr(kept.begin, kept.end - kept.begin));
  if (trimmed.empty() || trimmed.find_first_of("xXpP") != std::string::npos) return std::nullopt;
  char* end = nullptr;
  const double out = std::strtod(trimmed.c_str(), &end);
  if (end != trimmed.c_str() + trimmed.size()) return std::nullopt;
  return out;
}

std::optional<double> to_real(Runtime& runtime, const Value& value) {
  if (const Undefined* undefined = std::get_if<Undefined>(&value)) fail_undefined(runtime, *undefined);
  const MarkedText* text = as_text(value);
  return text ? read_real(text->view()) : as_real(value);
}

Value to_integer(BoundCall& call) {
  const Integer base = call.integer(1, 10);
  if (base < 2 || base > 36) call.fail("needs a base from 2 to 36");
  if (const MarkedText* text = as_text(call.self)) {
    call.runtime.scan(text->size());
    if (const auto number = read_integer(text->view(), static_cast<unsigned>(base))) return *number;
  } else if (const auto number = as_integer(call.self)) {
    return *number;
  }
  const auto number = to_real(call.runtime, call.self);
  if (number && std::fabs(*number) < 1e30) return static_cast<Integer>(*number);
  return call.has(0) ? call.at(0) : Value(Integer{0});
}

Value to_float(BoundCall& call) {
  if (const auto number = to_real(call.runtime, call.self)) return *number;
  return call.has(0) ? call.at(0) : Value(0.0);
}

Value round(BoundCall& call) {
  const std::string_view how = call.view(1, "common");
  const auto number = as_real(call.self);
  if (!number) call.fail("needs a number");
  const auto precision = static_cast<int>(std::clamp<Integer>(call.integer(0), -300, 300));
  if (how == "common") {
    if (as_integer(call.self) && precision >= 0) return *as_integer(call.self);
    // Printing rounds the exact value, half to even, as Python does.
    if (precision >= 0) return std::strtod(strf("%.*f", precision, *number).c_str(), nullptr);
    const double unit = std::pow(10.0, -precision);
    return std::nearbyint(*number / unit) * unit;
  }
  const double unit = std::pow(10.0, precision);
  if (how == "ceil") return std::ceil(*number * unit) / unit;
  if (how == "floor") return std::floor(*number * unit) / unit;
  call.fail("knows common, ceil and floor only");
}

Value absolute(BoundCall& call) {
  const auto number = as_real(call.self);
  if (!number) call.fail("needs a number");
  if (std::signbit(*number)) return negate(call.runtime, call.self);
  return arithmetic(call.runtime, Op::add, Integer{0}, call.self);  // turns True into 1
}

Value json(BoundCall& call) {
  JsonStyle style{.ensure_ascii = call.flag(0), .sort_keys = call.flag(3)};
  if (as_text(call.at(1))) {
    style.indent = call.text(1).str();
  } else if (call.has(1) && !is<None>(call.at(1))) {
    style.indent = std::string(static_cast<std::size_t>(std::clamp<Integer>(call.integer(1), 0, 64)), ' ');
  }
  if (style.indent) style.item_separator.resize(1);
  if (call.has(2) && !is<None>(call.at(2))) {
    const std::vector<Value>& pair = iterate(call.runtime, call.at(2));
    if (pair.size() != 2 || !as_text(pair[0]) || !as_text(pair[1]))
      call.fail("needs two strings as separators");
    style.item_separator = as_text(pair[0])->str();
    style.key_separator = as_text(pair[1])->str();
  }
  return to_json(call.runtime, call.self, style);
}

Value format(BoundCall& call) {
  soft(call);
  const std::vector<Value>& values = call.arguments().positional;
  return format_percent(call.runtime, *as_text(call.self), call.runtime.list(values, ListKind::tuple));
}

Value from_json(BoundCall& call) {
  const MarkedText& text = call.self_text();
  call.runtime.scan(text.size());
  return parse_json(call.runtime, text.view(), text.any_from_user());
}

Value unchanged_text(BoundCall& call) {
  soft(call);
  return call.self;
}

constexpr std::array kFilters = {
    NativeRow{"tojson", "ensure_ascii?,indent?,separators?,sort_keys?", json},
    NativeRow{"from_json", "", from_json},
    NativeRow{"trim", "chars?", [](BoundCall& c) { return method(c, "strip"); }},
    NativeRow{"string", "", unchanged_text},
    NativeRow{"safe", "", unchanged_text},
    NativeRow{"escape", "", escape},
    NativeRow{"e", "", escape},
    NativeRow{"forceescape", "", escape},
    NativeRow{"upper", "", [](BoundCall& c) { return upper_case(c.runtime, soft(c)); }},
    NativeRow{"lower", "", [](BoundCall& c) { return lower_case(c.runtime, soft(c)); }},
    NativeRow{"capitalize", "", [](BoundCall& c) { return method(c, "capitalize"); }},
    NativeRow{"title", "", title},
    NativeRow{"replace", "old,new,count?", replace},
    NativeRow{"indent", "width?,first?,blank?", indent},
    NativeRow{"center", "width?", center},
    NativeRow{"truncate", "length?,killwords?,end?,leeway?", truncate},
    NativeRow{"wordcount", "", wordcount},
    NativeRow{"urlencode", "", urlencode},
    NativeRow{"format", "*", format},
    NativeRow{"filesizeformat", "binary?", filesizeformat},
    NativeRow{"int", "default?,base?", to_integer},
    NativeRow{"float", "default?", to_float},
    NativeRow{"round", "precision?,method?", round},
    NativeRow{"abs", "", absolute},
};

}  // namespace

std::span<const NativeRow> text_filters() {
  return kFilters;
}

}  // namespace glim::jinja
