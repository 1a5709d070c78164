#include "engine/text/jinja_methods.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "engine/base/utf8.h"
#include "engine/text/jinja_format.h"
#include "engine/text/jinja_operators.h"
#include "engine/text/jinja_print.h"

namespace glim::jinja {

namespace {

Value strip(BoundCall& call, Side side) {
  const MarkedText& text = call.self_text();
  call.runtime.scan(text.size());
  Range kept{0, 0};
  if (call.has(0) && !is<None>(call.at(0))) {
    const MarkedText& set = call.text(0);
    call.runtime.step(text.size() / 256 * set.size());
    kept = strip_range(text.view(), side, set.view());
  } else {
    kept = strip_range(text.view(), side);
  }
  return call.runtime.slice(text, kept.begin, kept.end);
}

// The pieces of [begin, end) go into `out` as values.
void add_piece(ListBuilder& out, BoundCall& call, std::size_t begin, std::size_t end) {
  out.add(call.runtime.slice(call.self_text(), begin, end));
}

std::size_t split_limit(BoundCall& call) {
  const Integer limit = call.integer(1, -1);
  return limit < 0 ? static_cast<std::size_t>(-1)
                   : static_cast<std::size_t>(std::min<Integer>(limit, 1 << 30));
}

bool splits_at_space(BoundCall& call) {
  return !call.has(0) || is<None>(call.at(0));
}

Value split_at_space(BoundCall& call) {
  const std::string_view text = call.self_text().view();
  std::size_t left = split_limit(call);
  ListBuilder out(call.runtime);
  std::size_t pos = 0;
  while (true) {
    pos += strip_range(text.substr(pos), Side::left).begin;
    if (pos >= text.size()) return out.value();
    if (left == 0) {
      add_piece(out, call, pos, strip_range(text, Side::right).end);
      return out.value();
    }
    std::size_t end = pos;
    for (Utf8Char c = utf8_next(text.substr(end)); !is_space(c.code); c = utf8_next(text.substr(end))) {
      end += c.length;
      if (end >= text.size()) break;
    }
    add_piece(out, call, pos, end);
    pos = end;
    --left;
  }
}

std::string_view separator(BoundCall& call) {
  const std::string_view out = call.text(0).view();
  if (out.empty()) call.fail("needs a separator that is not empty");
  return out;
}

Value split(BoundCall& call) {
  const MarkedText& text = call.self_text();
  call.runtime.scan(text.size());
  if (splits_at_space(call)) return split_at_space(call);
  const std::string_view by = separator(call);
  ListBuilder out(call.runtime);
  std::size_t pos = 0;
  for (std::size_t left = split_limit(call); left > 0; --left) {
    const std::size_t hit = find_text(text.view(), by, pos);
    if (hit == std::string_view::npos) break;
    add_piece(out, call, pos, hit);
    pos = hit + by.size();
  }
  add_piece(out, call, pos, text.size());
  return out.value();
}

Value rsplit(BoundCall& call) {
  const std::size_t limit = split_limit(call);
  if (limit == static_cast<std::size_t>(-1)) return split(call);
  if (splits_at_space(call)) call.fail("needs a separator when it has a limit");
  const MarkedText& text = call.self_text();
  const std::string_view by = separator(call);
  std::vector<std::size_t> hits;  // from the end
  std::size_t end = text.size();
  while (hits.size() < limit) {
    call.runtime.scan(end);
    const std::size_t hit = rfind_text(text.view().substr(0, end), by);
    if (hit == std::string_view::npos) break;
    hits.push_back(hit);
    end = hit;
  }
  ListBuilder out(call.runtime);
  std::size_t pos = 0;
  for (auto hit = hits.rbegin(); hit != hits.rend(); ++hit) {
    add_piece(out, call, pos, *hit);
    pos = *hit + by.size();
  }
  add_piece(out, call, pos, text.size());
  return out.value();
}

Value partition_at(BoundCall& call, std::size_t hit, bool last) {
  const MarkedText& text = call.self_text();
  Runtime& rt = call.runtime;
  if (hit == std::string_view::npos) {
    const Value whole = call.self, none = rt.text("");
    return rt.list(last ? std::vector<Value>{none, none, whole} : std::vector<Value>{whole, none, none},
                   ListKind::tuple);
  }
  const std::size_t after = hit + call.text(0).size();
  return rt.list({rt.slice(text, 0, hit), rt.slice(text, hit, after), rt.slice(text, after, text.size())},
                 ListKind::tuple);
}

bool is_line_break(char32_t c) {
  return (c >= 10 && c <= 13) || (c >= 0x1c && c <= 0x1e) || c == 0x85 || c == 0x2028 || c == 0x2029;
}

Value splitlines(BoundCall& call) {
  const std::string_view text = call.self_text().view();
  const bool keep = call.flag(0);
  call.runtime.scan(text.size());
  ListBuilder out(call.runtime);
  std::size_t start = 0;
  for (std::size_t pos = 0; pos < text.size();) {
    const Utf8Char c = utf8_next(text.substr(pos));
    const std::size_t end = pos;
    pos += c.length;
    if (!is_line_break(c.code)) continue;
    if (c.code == '\r' && pos < text.size() && text[pos] == '\n') ++pos;
    add_piece(out, call, start, keep ? pos : end);
    start = pos;
  }
  if (start < text.size()) add_piece(out, call, start, text.size());
  return out.value();
}

Value join(BoundCall& call) {
  TextBuilder out(call.runtime);
  bool first = true;
  for (const Value& item : iterate(call.runtime, call.at(0))) {
    call.runtime.step();
    const MarkedText* text = as_text(item);
    if (!text) call.fail("needs strings, not '" + std::string(type_name(item)) + "'");
    if (!first) out.add(call.self_text());
    first = false;
    out.add(*text);
  }
  return out.value();
}

Value replace(BoundCall& call) {
  const MarkedText &text = call.self_text(), &old = call.text(0), &with = call.text(1);
  std::size_t left = static_cast<std::size_t>(-1);
  if (call.has(2) && call.integer(2) >= 0)
    left = static_cast<std::size_t>(std::min<Integer>(call.integer(2), 1 << 30));
  call.runtime.scan(text.size());
  TextBuilder out(call.runtime);
  std::size_t pos = 0;
  for (; left > 0; --left) {
    const std::size_t hit = find_text(text.view(), old.view(), pos);
    if (hit == std::string_view::npos) break;
    call.runtime.step();
    out.add(text, pos, hit);
    out.add(with);
    pos = hit + old.size();
    if (!old.empty()) continue;
    // An empty string is found before every character and at the end.
    if (pos >= text.size()) return out.value();
    const std::size_t next = pos + utf8_next(text.view().substr(pos)).length;
    out.add(text, pos, next);
    pos = next;
  }
  out.add(text, pos, text.size());
  return out.value();
}

Value affix(BoundCall& call, bool prefix) {
  const std::string_view text = call.self_text().view();
  const auto matches = [&](const Value& value) {
    const MarkedText* part = as_text(value);
    if (!part) call.fail("needs a string, not '" + std::string(type_name(value)) + "'");
    call.runtime.scan(part->size());
    return prefix ? text.starts_with(part->view()) : text.ends_with(part->view());
  };
  const List* list = as_list(call.at(0));
  if (!list || list->kind != ListKind::tuple) return matches(call.at(0));
  return std::any_of(list->items.begin(), list->items.end(), matches);
}

Value remove_affix(BoundCall& call, bool prefix) {
  const MarkedText &text = call.self_text(), &part = call.text(0);
  const bool matches = prefix ? text.view().starts_with(part.view()) : text.view().ends_with(part.view());
  if (!matches) return call.self;
  const std::size_t from = prefix ? part.size() : 0, to = text.size() - (prefix ? 0 : part.size());
  return call.runtime.slice(text, from, to);
}

Value find(BoundCall& call, bool last, bool must) {
  const std::string_view text = call.self_text().view(), part = call.text(0).view();
  call.runtime.scan(text.size());
  if (last) call.runtime.step(text.size() / 4096 * part.size());
  const std::size_t hit = last ? rfind_text(text, part) : find_text(text, part);
  if (hit != std::string_view::npos) return static_cast<Integer>(char_count(text.substr(0, hit)));
  if (must) call.fail("does not find the string");
  return Integer{-1};
}

Value count(BoundCall& call) {
  const std::string_view text = call.self_text().view(), part = call.text(0).view();
  call.runtime.scan(text.size());
  if (part.empty()) return static_cast<Integer>(char_count(text)) + 1;
  Integer out = 0;
  for (std::size_t hit = find_text(text, part); hit != std::string_view::npos;
       hit = find_text(text, part, hit + part.size())) {
    ++out;
  }
  return out;
}

enum class CharTest { alpha, digit, alnum, space, upper, lower, ascii };

// Letters outside ASCII: everything that is not punctuation of the common blocks.
bool is_letter(char32_t c) {
  if (c < 0x80) return std::isalpha(static_cast<int>(c)) != 0;
  if (c < 0xc0) return c == 0xaa || c == 0xb5 || c == 0xba;
  return c != 0xd7 && c != 0xf7 && !(c >= 0x2000 && c < 0x2c00) && !(c >= 0x3000 && c < 0x3005) &&
         c != 0xfffd;
}

bool passes(CharTest test, char32_t c) {
  const bool digit = c >= '0' && c <= '9';
  switch (test) {
    case CharTest::alpha:
      return is_letter(c);
    case CharTest::digit:
      return digit;
    case CharTest::alnum:
      return digit || is_letter(c);
    case CharTest::space:
      return is_space(c);
    default:
      return c < 0x80;
  }
}

template <CharTest test>
Value all_chars(BoundCall& call) {
  const std::string_view text = call.self_text().view();
  call.runtime.scan(text.size());
  if constexpr (test == CharTest::upper) return text == upper_case(text) && text != lower_case(text);
  if constexpr (test == CharTest::lower) return text == lower_case(text) && text != upper_case(text);
  for (std::size_t pos = 0; pos < text.size();) {
    const Utf8Char c = utf8_next(text.substr(pos));
    if (!passes(test, c.code)) return false;
    pos += c.length;
  }
  return test == CharTest::ascii || !text.empty();
}

Value pad(BoundCall& call, bool left, bool right) {
  const MarkedText& text = call.self_text();
  const std::string_view fill = call.view(1, " ");
  if (char_count(fill) != 1) call.fail("needs one character to fill with");
  const auto count = static_cast<Integer>(length(call.runtime, call.self));
  const Integer gap = std::clamp<Integer>(call.integer(0) - count, 0, 1 << 30);
  const Integer before = left && right ? gap / 2 + (gap & call.integer(0) & 1) : left ? gap : 0;
  TextBuilder out(call.runtime);
  for (Integer i = 0; i < before; ++i) out.add(fill);
  out.add(text);
  for (Integer i = before; i < gap; ++i) out.add(fill);
  return out.value();
}

Value zfill(BoundCall& call) {
  const MarkedText& text = call.self_text();
  const auto count = static_cast<Integer>(length(call.runtime, call.self));
  const bool sign = text.view().starts_with('-') || text.view().starts_with('+');
  TextBuilder out(call.runtime);
  out.add(text, 0, sign ? 1 : 0);
  out.fill(static_cast<std::size_t>(std::clamp<Integer>(call.integer(0) - count, 0, 1 << 30)), '0');
  out.add(text, sign ? 1 : 0, text.size());
  return out.value();
}

// Upper case for the characters `starts` picks, lower case for the others.
template <typename Starts>
Value recased(BoundCall& call, Starts starts) {
  const MarkedText& text = call.self_text();
  call.runtime.scan(text.size());
  TextBuilder out(call.runtime);
  char32_t before = ' ';
  for (std::size_t pos = 0; pos < text.size();) {
    const Utf8Char c = utf8_next(text.view().substr(pos));
    const std::string_view piece = text.view().substr(pos, c.length);
    out.add(starts(pos, before, c.code) ? upper_case(piece) : lower_case(piece), text.from_user_at(pos));
    before = c.code;
    pos += c.length;
  }
  return out.value();
}

constexpr std::array kTextMethods = {
    NativeRow{"strip", "chars?", [](BoundCall& c) { return strip(c, Side::both); }},
    NativeRow{"lstrip", "chars?", [](BoundCall& c) { return strip(c, Side::left); }},
    NativeRow{"rstrip", "chars?", [](BoundCall& c) { return strip(c, Side::right); }},
    NativeRow{"split", "sep?,maxsplit?", split},
    NativeRow{"rsplit", "sep?,maxsplit?", rsplit},
    NativeRow{"splitlines", "keepends?", splitlines},
    NativeRow{"partition", "sep",
              [](BoundCall& c) {
                c.runtime.scan(c.self_text().size());
                return partition_at(c, find_text(c.self_text().view(), separator(c)), false);
              }},
    NativeRow{"rpartition", "sep",
              [](BoundCall& c) {
                c.runtime.step(c.self_text().size() / 4096 * c.text(0).size());
                return partition_at(c, rfind_text(c.self_text().view(), separator(c)), true);
              }},
    NativeRow{"join", "iterable", join},
    NativeRow{"replace", "old,new,count?", replace},
    NativeRow{"startswith", "prefix", [](BoundCall& c) { return affix(c, true); }},
    NativeRow{"endswith", "suffix", [](BoundCall& c) { return affix(c, false); }},
    NativeRow{"removeprefix", "prefix", [](BoundCall& c) { return remove_affix(c, true); }},
    NativeRow{"removesuffix", "suffix", [](BoundCall& c) { return remove_affix(c, false); }},
    NativeRow{"find", "sub", [](BoundCall& c) { return find(c, false, false); }},
    NativeRow{"rfind", "sub", [](BoundCall& c) { return find(c, true, false); }},
    NativeRow{"index", "sub", [](BoundCall& c) { return find(c, false, true); }},
    NativeRow{"rindex", "sub", [](BoundCall& c) { return find(c, true, true); }},
    NativeRow{"count", "sub", count},
    NativeRow{"lower", "", [](BoundCall& c) { return lower_case(c.runtime, c.self_text()); }},
    NativeRow{"casefold", "", [](BoundCall& c) { return lower_case(c.runtime, c.self_text()); }},
    NativeRow{"upper", "", [](BoundCall& c) { return upper_case(c.runtime, c.self_text()); }},
    NativeRow{"capitalize", "",
              [](BoundCall& c) {
                return recased(c, [](std::size_t pos, char32_t, char32_t) { return pos == 0; });
              }},
    NativeRow{"title", "",
              [](BoundCall& c) {
                return recased(c, [](std::size_t, char32_t before, char32_t) { return !is_letter(before); });
              }},
    NativeRow{"swapcase", "",
              [](BoundCall& c) {
                return recased(c, [](std::size_t, char32_t, char32_t code) {
                  std::string text;
                  utf8_append(text, code);
                  return lower_case(text) == text;
                });
              }},
    NativeRow{"isalpha", "", all_chars<CharTest::alpha>},
    NativeRow{"isdigit", "", all_chars<CharTest::digit>},
    NativeRow{"isdecimal", "", all_chars<CharTest::digit>},
    NativeRow{"isnumeric", "", all_chars<CharTest::digit>},
    NativeRow{"isalnum", "", all_chars<CharTest::alnum>},
    NativeRow{"isspace", "", all_chars<CharTest::space>},
    NativeRow{"isupper", "", all_chars<CharTest::upper>},
    NativeRow{"islower", "", all_chars<CharTest::lower>},
    NativeRow{"isascii", "", all_chars<CharTest::ascii>},
    NativeRow{"ljust", "width,fillchar?", [](BoundCall& c) { return pad(c, false, true); }},
    NativeRow{"rjust", "width,fillchar?", [](BoundCall& c) { return pad(c, true, false); }},
    NativeRow{"center", "width,fillchar?", [](BoundCall& c) { return pad(c, true, true); }},
    NativeRow{"zfill", "width", zfill},
    NativeRow{"format", "*", format_braces},
};

}  // namespace

std::span<const NativeRow> text_methods() {
  return kTextMethods;
}

}  // namespace glim::jinja
