#include "engine/text/utf8_stream.h"

#include "engine/base/utf8.h"

namespace glim {
namespace {

std::string replaced(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  while (!bytes.empty()) {
    const Utf8Char c = utf8_next(bytes);
    utf8_append(out, c.code);
    bytes.remove_prefix(c.length);
  }
  return out;
}

}  // namespace

std::string Utf8Stream::push(std::string_view bytes) {
  held_ += bytes;
  const std::size_t complete = held_.size() - utf8_incomplete_tail(held_);
  std::string out = replaced(std::string_view(held_).substr(0, complete));
  held_.erase(0, complete);
  return out;
}

std::string Utf8Stream::flush() {
  std::string out = replaced(held_);
  held_.clear();
  return out;
}

}  // namespace glim
