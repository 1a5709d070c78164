#include "engine/text/jinja_print.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "engine/base/text.h"
#include "engine/base/utf8.h"
#include "engine/text/jinja_operators.h"

namespace glim::jinja {

std::string real_text(double number) {
  if (std::isnan(number)) return "nan";
  if (std::isinf(number)) return number < 0 ? "-inf" : "inf";
  std::array<char, 64> buffer{};
  const auto end =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), number, std::chars_format::scientific);
  std::string text(buffer.data(), end.ptr);
  const std::size_t e = text.find('e');
  const int exponent = std::atoi(text.c_str() + e + 1);
  if (exponent < -4 || exponent >= 16) return text;
  std::string digits;
  for (char c : text.substr(0, e)) {
    if (c >= '0' && c <= '9') digits += c;
  }
  std::string sign = text[0] == '-' ? "-" : "";
  if (exponent < 0) return sign + "0." + std::string(static_cast<std::size_t>(-exponent - 1), '0') + digits;
  const auto whole = static_cast<std::size_t>(exponent) + 1;
  if (digits.size() <= whole) return sign + digits + std::string(whole - digits.size(), '0') + ".0";
  return sign + digits.substr(0, whole) + "." + digits.substr(whole);
}

std::string integer_text(Integer number) {
  std::string digits;
  unsigned __int128 rest =
      number < 0 ? -static_cast<unsigned __int128>(number) : static_cast<unsigned __int128>(number);
  do {
    digits += static_cast<char>('0' + static_cast<int>(rest % 10));
    rest /= 10;
  } while (rest != 0);
  if (number < 0) digits += '-';
  std::reverse(digits.begin(), digits.end());
  return digits;
}

namespace {

// Whether repr() shows the character as an escape: controls, format characters, separators, private use.
bool is_unprintable(char32_t c) {
  struct Span {
    char32_t first, last;
  };
  static constexpr std::array kSpans = {
      Span{0, 0x1f},        Span{0x7f, 0xa0},       Span{0xad, 0xad},        Span{0x600, 0x605},
      Span{0x61c, 0x61c},   Span{0x6dd, 0x6dd},     Span{0x70f, 0x70f},      Span{0x1680, 0x1680},
      Span{0x180e, 0x180e}, Span{0x2000, 0x200f},   Span{0x2028, 0x202f},    Span{0x205f, 0x206f},
      Span{0x3000, 0x3000}, Span{0xd800, 0xf8ff},   Span{0xfeff, 0xfeff},    Span{0xfff0, 0xfffb},
      Span{0xfffe, 0xffff}, Span{0xe0000, 0xe00ff}, Span{0xe01f0, 0x10ffff},
  };
  return std::any_of(kSpans.begin(), kSpans.end(),
                     [c](const Span& s) { return c >= s.first && c <= s.last; });
}

std::string repr_escape(char32_t c) {
  const auto code = static_cast<unsigned>(c);
  switch (c) {
    case '\n':
      return "\\n";
    case '\r':
      return "\\r";
    case '\t':
      return "\\t";
    case '\\':
      return "\\\\";
    default:
      break;
  }
  if (code < 0x100) return strf("\\x%02x", code);
  return code < 0x10000 ? strf("\\u%04x", code) : strf("\\U%08x", code);
}

void repr_text(TextBuilder& out, const MarkedText& text) {
  const std::string_view all = text.view();
  const bool has_single = all.find('\'') != std::string_view::npos;
  const char quote = has_single && all.find('"') == std::string_view::npos ? '"' : '\'';
  const std::string_view quotes(&quote, 1);
  out.add(quotes);
  for (std::size_t pos = 0; pos < all.size();) {
    const Utf8Char c = utf8_next(all.substr(pos));
    const bool mark = text.from_user_at(pos);
    if (c.code == static_cast<char32_t>(quote)) {
      out.add("\\", mark);
      out.add(quotes, mark);
    } else if (c.code == '\\' || is_unprintable(c.code)) {
      out.add(repr_escape(c.code), mark);
    } else {
      out.add(all.substr(pos, c.length), mark);
    }
    pos += c.length;
  }
  out.add(quotes);
}

void repr_list(TextBuilder& out, Runtime& runtime, const List& list) {
  struct Frame {
    std::string_view open, close;
  };
  static constexpr std::array<Frame, 7> kFrames = {Frame{"[", "]"},       {"(", ")"},
                                                   {"range(0, ", ")"},    {"[", "]"},
                                                   {"dict_keys([", "])"}, {"dict_values([", "])"},
                                                   {"dict_items([", "])"}};
  if (list.kind == ListKind::range) {
    const auto bound = [&](std::size_t i) {
      return i < list.items.size() ? as_integer(list.items[i]).value_or(0) : 0;
    };
    const Integer end = list.items.empty() ? 0 : bound(list.items.size() - 1) + 1;
    return out.add("range(" + integer_text(bound(0)) + ", " + integer_text(end) + ")");
  }
  const Frame& frame = kFrames[static_cast<std::size_t>(list.kind)];
  out.add(frame.open);
  for (std::size_t i = 0; i < list.items.size(); ++i) {
    if (i > 0) out.add(", ");
    print_repr(out, runtime, list.items[i]);
  }
  if (list.kind == ListKind::tuple && list.items.size() == 1) out.add(",");
  out.add(frame.close);
}

void repr_dict(TextBuilder& out, Runtime& runtime, const Dict& dict) {
  out.add("{");
  bool first = true;
  for (const auto& [key, value] : dict.entries) {
    if (!first) out.add(", ");
    first = false;
    print_repr(out, runtime, key);
    out.add(": ");
    print_repr(out, runtime, value);
  }
  out.add("}");
}

void repr_namespace(TextBuilder& out, Runtime& runtime, const Namespace& space) {
  out.add("<Namespace {");
  bool first = true;
  for (const auto& [name, value] : space.entries) {
    out.add(first ? "'" : ", '");
    first = false;
    out.add(name);
    out.add("': ");
    print_repr(out, runtime, value);
  }
  out.add("}>");
}

}  // namespace

void print_repr(TextBuilder& out, Runtime& runtime, const Value& value) {
  runtime.step();
  const Runtime::Nest nest = runtime.nest_values();
  if (is<Undefined>(value)) return out.add("Undefined");
  if (const MarkedText* text = as_text(value)) return repr_text(out, *text);
  if (const List* list = as_list(value)) return repr_list(out, runtime, *list);
  if (const Dict* dict = as_dict(value)) return repr_dict(out, runtime, *dict);
  if (is<Namespace*>(value)) return repr_namespace(out, runtime, *std::get<Namespace*>(value));
  print(out, runtime, value);
}

void print(TextBuilder& out, Runtime& runtime, const Value& value) {
  if (is<Undefined>(value)) return;
  if (const MarkedText* text = as_text(value)) return out.add(*text);
  if (is<None>(value)) return out.add("None");
  if (const bool* flag = std::get_if<bool>(&value)) return out.add(*flag ? "True" : "False");
  if (const Integer* number = std::get_if<Integer>(&value)) return out.add(integer_text(*number));
  if (const double* number = std::get_if<double>(&value)) return out.add(real_text(*number));
  if (is<const Function*>(value)) return out.add("<function>");
  if (is<Loop*>(value)) return out.add("<LoopContext>");
  // Brackets and quotes of a printed container stay with its content, so that no piece of it can become a
  // special token.
  TextBuilder inner(runtime);
  print_repr(inner, runtime, value);
  const MarkedText text = inner.take();
  out.add(text.view(), text.any_from_user());
}

Value to_text(Runtime& runtime, const Value& value) {
  if (as_text(value)) return value;
  TextBuilder out(runtime);
  print(out, runtime, value);
  return out.value();
}

namespace {

class JsonWriter {
 public:
  JsonWriter(Runtime& runtime, const JsonStyle& style) : runtime_(runtime), style_(style), out_(runtime) {}

  void write(const Value& value);

  Value value() {
    const MarkedText text = out_.take();
    return runtime_.text(text.view(), text.any_from_user());
  }

 private:
  void write_text(const MarkedText& text);
  void write_list(const List& list);
  void write_dict(const Dict& dict);
  void write_real(double number);
  void write_key(const Value& key);
  void line_break();
  std::string escaped(char32_t c) const;

  Runtime& runtime_;
  const JsonStyle& style_;
  TextBuilder out_;
  std::size_t level_ = 0;
};

std::string JsonWriter::escaped(char32_t c) const {
  const auto code = static_cast<unsigned>(c);
  switch (c) {
    case '"':
      return "\\\"";
    case '\\':
      return "\\\\";
    case '\n':
      return "\\n";
    case '\r':
      return "\\r";
    case '\t':
      return "\\t";
    case '\f':
      return "\\f";
    case '\b':
      return "\\b";
    default:
      break;
  }
  if (code < 0x10000) return strf("\\u%04x", code);
  return strf("\\u%04x\\u%04x", 0xd800 + ((code - 0x10000) >> 10), 0xdc00 + ((code - 0x10000) & 0x3ff));
}

void JsonWriter::write_text(const MarkedText& text) {
  const std::string_view all = text.view();
  const bool mark = text.any_from_user();
  out_.add("\"", mark);
  std::size_t plain = 0;
  for (std::size_t pos = 0; pos < all.size();) {
    const Utf8Char c = utf8_next(all.substr(pos));
    if (c.code < 0x20 || c.code == '"' || c.code == '\\' || (style_.ensure_ascii && c.code > 0x7e)) {
      out_.add(all.substr(plain, pos - plain), mark);
      out_.add(escaped(c.code), mark);
      plain = pos + c.length;
    }
    pos += c.length;
  }
  out_.add(all.substr(plain), mark);
  out_.add("\"", mark);
}

void JsonWriter::line_break() {
  if (!style_.indent) return;
  out_.add("\n");
  for (std::size_t i = 0; i < level_; ++i) out_.add(*style_.indent);
}

void JsonWriter::write_list(const List& list) {
  if (list.kind != ListKind::list && list.kind != ListKind::tuple) {
    runtime_.fail("'" + std::string(type_name(&list)) + "' has no JSON form");
  }
  if (list.items.empty()) return out_.add("[]");
  out_.add("[");
  ++level_;
  for (std::size_t i = 0; i < list.items.size(); ++i) {
    if (i > 0) out_.add(style_.item_separator);
    line_break();
    write(list.items[i]);
  }
  --level_;
  line_break();
  out_.add("]");
}

void JsonWriter::write_key(const Value& key) {
  if (const MarkedText* text = as_text(key)) return write_text(*text);
  if (!is<None>(key) && !as_real(key))
    runtime_.fail("a JSON key cannot be '" + std::string(type_name(key)) + "'");
  out_.add("\"");
  write(key);
  out_.add("\"");
}

void JsonWriter::write_dict(const Dict& dict) {
  if (dict.entries.empty()) return out_.add("{}");
  std::vector<const std::pair<Value, Value>*> entries;
  for (const auto& entry : dict.entries) entries.push_back(&entry);
  if (style_.sort_keys) {
    std::stable_sort(entries.begin(), entries.end(),
                     [&](const auto* a, const auto* b) { return less(runtime_, a->first, b->first); });
  }
  out_.add("{");
  ++level_;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (i > 0) out_.add(style_.item_separator);
    line_break();
    write_key(entries[i]->first);
    out_.add(style_.key_separator);
    write(entries[i]->second);
  }
  --level_;
  line_break();
  out_.add("}");
}

void JsonWriter::write_real(double number) {
  if (std::isnan(number)) return out_.add("NaN");
  if (std::isinf(number)) return out_.add(number < 0 ? "-Infinity" : "Infinity");
  out_.add(real_text(number));
}

void JsonWriter::write(const Value& value) {
  runtime_.step();
  const Runtime::Nest nest = runtime_.nest_values();
  if (is<None>(value)) return out_.add("null");
  if (const bool* flag = std::get_if<bool>(&value)) return out_.add(*flag ? "true" : "false");
  if (const Integer* number = std::get_if<Integer>(&value)) return out_.add(integer_text(*number));
  if (const double* number = std::get_if<double>(&value)) return write_real(*number);
  if (const MarkedText* text = as_text(value)) return write_text(*text);
  if (const List* list = as_list(value)) return write_list(*list);
  if (const Dict* dict = as_dict(value)) return write_dict(*dict);
  runtime_.fail("'" + std::string(type_name(value)) + "' has no JSON form");
}

}  // namespace

Value to_json(Runtime& runtime, const Value& value, const JsonStyle& style) {
  JsonWriter writer(runtime, style);
  writer.write(value);
  return writer.value();
}

}  // namespace glim::jinja
