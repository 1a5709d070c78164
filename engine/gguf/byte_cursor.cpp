#include "engine/gguf/byte_cursor.h"

#include "engine/base/text.h"

namespace glim {

std::span<const std::byte> ByteCursor::take(std::uint64_t count) {
  if (count > remaining()) {
    fail(ErrorCode::E104,
         strf("%llu bytes are needed here and %llu remain; the file is cut off, fetch it again",
              static_cast<unsigned long long>(count), static_cast<unsigned long long>(remaining())));
  }
  const auto taken = bytes_.subspan(position_, count);
  position_ += count;
  return taken;
}

std::uint64_t ByteCursor::count(std::uint64_t limit, std::uint64_t bytes_each) {
  const auto stated = number<std::uint64_t>();
  if (stated > limit) {
    fail(ErrorCode::E105,
         strf("a count of %llu is beyond the limit of %llu; the file is damaged, fetch it again",
              static_cast<unsigned long long>(stated), static_cast<unsigned long long>(limit)));
  }
  if (stated > remaining() / bytes_each) {
    fail(ErrorCode::E104,
         strf("a count of %llu needs more than the %llu bytes that remain; the file is cut off or "
              "damaged, fetch it again",
              static_cast<unsigned long long>(stated), static_cast<unsigned long long>(remaining())));
  }
  return stated;
}

std::string_view ByteCursor::text(std::uint64_t limit) {
  const auto raw = take(count(limit, 1));
  return {reinterpret_cast<const char*>(raw.data()), raw.size()};
}

void ByteCursor::fail(ErrorCode code, const std::string& sentence) const {
  std::string place = what_;
  if (!name_.empty()) place += strf(" '%s'", printable(name_, 80).c_str());
  throw Error(code, strf("%s: %s at byte %llu: %s", file_.c_str(), place.c_str(),
                         static_cast<unsigned long long>(position_), sentence.c_str()));
}

}  // namespace glim
