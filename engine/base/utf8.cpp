#include "engine/base/utf8.h"

#include <cstdint>

namespace glim {
namespace {

struct Lead {
  std::size_t length;      // 0: no lead byte
  std::uint8_t low, high;  // range of the second byte
};

Lead lead_of(std::uint8_t byte) {
  if (byte < 0x80) return {1, 0, 0};
  if (byte < 0xc2) return {0, 0, 0};
  if (byte < 0xe0) return {2, 0x80, 0xbf};
  if (byte == 0xe0) return {3, 0xa0, 0xbf};
  if (byte == 0xed) return {3, 0x80, 0x9f};
  if (byte < 0xf0) return {3, 0x80, 0xbf};
  if (byte == 0xf0) return {4, 0x90, 0xbf};
  if (byte < 0xf4) return {4, 0x80, 0xbf};
  if (byte == 0xf4) return {4, 0x80, 0x8f};
  return {0, 0, 0};
}

/// Bytes of the sequence at the start of `text` that are well formed so far.
std::size_t well_formed_prefix(std::string_view text, const Lead& lead) {
  std::size_t n = 1;
  while (n < lead.length && n < text.size()) {
    const auto byte = static_cast<std::uint8_t>(text[n]);
    const std::uint8_t low = n == 1 ? lead.low : 0x80, high = n == 1 ? lead.high : 0xbf;
    if (byte < low || byte > high) break;
    ++n;
  }
  return n;
}

}  // namespace

Utf8Char utf8_next(std::string_view text) {
  const auto first = static_cast<std::uint8_t>(text[0]);
  const Lead lead = lead_of(first);
  if (lead.length == 0) return {0xfffd, 1, false};
  if (lead.length == 1) return {first, 1, true};
  const std::size_t n = well_formed_prefix(text, lead);
  if (n < lead.length) return {0xfffd, n, false};
  char32_t code = first & (0xffu >> (lead.length + 1));
  for (std::size_t i = 1; i < n; ++i) code = (code << 6) | (static_cast<std::uint8_t>(text[i]) & 0x3fu);
  return {code, n, true};
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const Utf8Char c = utf8_next(text);
    if (!c.valid) return false;
    text.remove_prefix(c.length);
  }
  return true;
}

void utf8_append(std::string& out, char32_t code) {
  const auto put = [&out](char32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xc0 | (code >> 6)), put(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    put(0xe0 | (code >> 12)), put(0x80 | ((code >> 6) & 0x3f)), put(0x80 | (code & 0x3f));
  } else {
    put(0xf0 | (code >> 18)), put(0x80 | ((code >> 12) & 0x3f)), put(0x80 | ((code >> 6) & 0x3f));
    put(0x80 | (code & 0x3f));
  }
}

std::size_t utf8_incomplete_tail(std::string_view text) {
  for (std::size_t back = 1; back <= 3 && back <= text.size(); ++back) {
    const std::string_view tail = text.substr(text.size() - back);
    const auto byte = static_cast<std::uint8_t>(tail[0]);
    if ((byte & 0xc0) == 0x80) continue;
    const Lead lead = lead_of(byte);
    return lead.length > back && well_formed_prefix(tail, lead) == back ? back : 0;
  }
  return 0;
}

}  // namespace glim
