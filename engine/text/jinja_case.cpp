#include <array>

#include "engine/base/utf8.h"
#include "engine/text/jinja_methods.h"

namespace glim::jinja {

namespace {

// Capital letters first, first + step, ..., last; the small letter is `distance` further. Latin, Greek,
// Cyrillic and Armenian: what names of roles, tools and languages are written in.
struct CaseSpan {
  char32_t first, last;
  int step, distance;
};
constexpr std::array kCases = {
    CaseSpan{'A', 'Z', 1, 32},      CaseSpan{0xc0, 0xd6, 1, 32},     CaseSpan{0xd8, 0xde, 1, 32},
    CaseSpan{0x100, 0x12e, 2, 1},   CaseSpan{0x132, 0x136, 2, 1},    CaseSpan{0x139, 0x147, 2, 1},
    CaseSpan{0x14a, 0x176, 2, 1},   CaseSpan{0x178, 0x178, 1, -121}, CaseSpan{0x179, 0x17d, 2, 1},
    CaseSpan{0x386, 0x386, 1, 38},  CaseSpan{0x388, 0x38a, 1, 37},   CaseSpan{0x38c, 0x38c, 1, 64},
    CaseSpan{0x38e, 0x38f, 1, 63},  CaseSpan{0x391, 0x3a1, 1, 32},   CaseSpan{0x3a3, 0x3ab, 1, 32},
    CaseSpan{0x400, 0x40f, 1, 80},  CaseSpan{0x410, 0x42f, 1, 32},   CaseSpan{0x460, 0x480, 2, 1},
    CaseSpan{0x48a, 0x4be, 2, 1},   CaseSpan{0x4c0, 0x4c0, 1, 15},   CaseSpan{0x4c1, 0x4cd, 2, 1},
    CaseSpan{0x4d0, 0x52e, 2, 1},   CaseSpan{0x531, 0x556, 1, 48},   CaseSpan{0x1e00, 0x1e94, 2, 1},
    CaseSpan{0x1ea0, 0x1efe, 2, 1},
};

constexpr char32_t kSharpS = 0xdf, kCapitalSharpS = 0x1e9e;

char32_t shifted(char32_t c, int distance) {
  return static_cast<char32_t>(static_cast<int>(c) + distance);
}

void append_lower(std::string& out, char32_t c) {
  if (c == kCapitalSharpS) return utf8_append(out, kSharpS);
  for (const CaseSpan& span : kCases) {
    if (c < span.first || c > span.last || (c - span.first) % static_cast<char32_t>(span.step) != 0) continue;
    return utf8_append(out, shifted(c, span.distance));
  }
  utf8_append(out, c);
}

void append_upper(std::string& out, char32_t c) {
  if (c == kSharpS) {
    out += "SS";
    return;
  }
  for (const CaseSpan& span : kCases) {
    const char32_t capital = shifted(c, -span.distance);
    if (capital < span.first || capital > span.last) continue;
    if ((capital - span.first) % static_cast<char32_t>(span.step) != 0) continue;
    return utf8_append(out, capital);
  }
  utf8_append(out, c);
}

template <typename Append, typename Take>
void map_chars(std::string_view text, Append append, Take take) {
  std::string mapped;
  for (std::size_t pos = 0; pos < text.size();) {
    const Utf8Char c = utf8_next(text.substr(pos));
    mapped.clear();
    if (c.valid) {
      append(mapped, c.code);
    } else {
      mapped = text.substr(pos, c.length);
    }
    take(mapped, pos);
    pos += c.length;
  }
}

template <typename Append>
std::string mapped_text(std::string_view text, Append append) {
  std::string out;
  map_chars(text, append, [&](const std::string& piece, std::size_t) { out += piece; });
  return out;
}

template <typename Append>
Value mapped_value(Runtime& runtime, const MarkedText& text, Append append) {
  runtime.scan(text.size());
  TextBuilder out(runtime);
  map_chars(text.view(), append,
            [&](const std::string& piece, std::size_t pos) { out.add(piece, text.from_user_at(pos)); });
  return out.value();
}

}  // namespace

std::string lower_case(std::string_view text) {
  return mapped_text(text, append_lower);
}
std::string upper_case(std::string_view text) {
  return mapped_text(text, append_upper);
}
Value lower_case(Runtime& runtime, const MarkedText& text) {
  return mapped_value(runtime, text, append_lower);
}
Value upper_case(Runtime& runtime, const MarkedText& text) {
  return mapped_value(runtime, text, append_upper);
}

}  // namespace glim::jinja
