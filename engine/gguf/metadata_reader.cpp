#include "engine/gguf/metadata_reader.h"

#include <unordered_set>

#include "engine/base/text.h"
#include "engine/base/utf8.h"
#include "engine/gguf/gguf_part.h"

namespace glim {
namespace {

GgufKind read_kind(ByteCursor& cursor) {
  const auto code = cursor.number<std::uint32_t>();
  if (code >= kGgufKinds.size()) {
    cursor.fail(ErrorCode::E105, strf("%u is no value type; the file is damaged, fetch it again", code));
  }
  return static_cast<GgufKind>(code);
}

std::int64_t read_boolean(ByteCursor& cursor) {
  const auto byte = cursor.number<std::uint8_t>();
  if (byte > 1) cursor.fail(ErrorCode::E105, strf("%u is neither true nor false; the file is damaged", byte));
  return byte;
}

/// Anything that fits a signed 64-bit number.
std::int64_t read_integer(ByteCursor& cursor, GgufKind kind) {
  switch (kind) {
    case GgufKind::u8:
      return cursor.number<std::uint8_t>();
    case GgufKind::i8:
      return cursor.number<std::int8_t>();
    case GgufKind::u16:
      return cursor.number<std::uint16_t>();
    case GgufKind::i16:
      return cursor.number<std::int16_t>();
    case GgufKind::u32:
      return cursor.number<std::uint32_t>();
    case GgufKind::i32:
      return cursor.number<std::int32_t>();
    case GgufKind::boolean:
      return read_boolean(cursor);
    default:
      return cursor.number<std::int64_t>();
  }
}

double read_float(ByteCursor& cursor, GgufKind kind) {
  return kind == GgufKind::f32 ? static_cast<double>(cursor.number<float>()) : cursor.number<double>();
}

/// Reads metadata and keeps count of what all arrays together take.
class MetadataReader {
 public:
  explicit MetadataReader(ByteCursor& cursor) : cursor_(cursor) {}

  GgufValue value(GgufKind kind) {
    switch (kind) {
      case GgufKind::string:
        return {kind, cursor_.text(GgufLimits::string_bytes)};
      case GgufKind::array:
        return {kind, array()};
      case GgufKind::u64:
        return {kind, cursor_.number<std::uint64_t>()};
      case GgufKind::f32:
      case GgufKind::f64:
        return {kind, read_float(cursor_, kind)};
      default:
        return {kind, read_integer(cursor_, kind)};
    }
  }

 private:
  GgufArray array() {
    const GgufKind kind = read_kind(cursor_);
    if (kind == GgufKind::array) {
      cursor_.fail(ErrorCode::E105, "arrays of arrays are not supported; use another file of this model");
    }
    const std::uint64_t count = cursor_.count(GgufLimits::array_elements, gguf_kind(kind).bytes);
    if (count > elements_left_) {
      cursor_.fail(ErrorCode::E105, "the arrays of this file are too large together; the file is damaged");
    }
    elements_left_ -= count;
    switch (kind) {
      case GgufKind::string:
        return elements<std::string_view>(kind, count,
                                          [&] { return cursor_.text(GgufLimits::string_bytes); });
      case GgufKind::u64:
        return elements<std::uint64_t>(kind, count, [&] { return cursor_.number<std::uint64_t>(); });
      case GgufKind::f32:
      case GgufKind::f64:
        return elements<double>(kind, count, [&] { return read_float(cursor_, kind); });
      default:
        return elements<std::int64_t>(kind, count, [&] { return read_integer(cursor_, kind); });
    }
  }

  template <typename T, typename Read>
  static GgufArray elements(GgufKind kind, std::uint64_t count, Read read) {
    std::vector<T> values;
    values.reserve(count);
    for (std::uint64_t i = 0; i < count; ++i) values.push_back(read());
    return {kind, std::move(values)};
  }

  ByteCursor& cursor_;
  std::uint64_t elements_left_ = GgufLimits::all_array_elements;
};

void check_key(const ByteCursor& cursor, std::string_view key) {
  if (key.empty()) cursor.fail(ErrorCode::E105, "a key is empty; the file is damaged, fetch it again");
  if (!is_utf8(key) || key.find('\0') != key.npos) {
    cursor.fail(ErrorCode::E105,
                strf("the key '%s' is no text; the file is damaged", printable(key, 80).c_str()));
  }
}

}  // namespace

std::vector<std::pair<std::string_view, GgufValue>> read_metadata(ByteCursor& cursor, std::uint64_t count) {
  std::vector<std::pair<std::string_view, GgufValue>> metadata;
  metadata.reserve(count);
  std::unordered_set<std::string_view> seen;
  seen.reserve(count);
  MetadataReader reader(cursor);
  std::string_view previous;
  for (std::uint64_t i = 0; i < count; ++i) {
    cursor.enter(i == 0 ? "first key" : "key after", previous);
    const std::string_view key = cursor.text(GgufLimits::key_bytes);
    check_key(cursor, key);
    cursor.enter("value of key", key);
    if (!seen.insert(key).second) cursor.fail(ErrorCode::E105, "this key occurs twice; the file is damaged");
    const GgufKind kind = read_kind(cursor);
    metadata.emplace_back(key, reader.value(kind));
    previous = key;
  }
  return metadata;
}

}  // namespace glim
