#include "engine/gguf/metadata_writer.h"

#include <type_traits>

namespace glim {
namespace {

template <typename T>
constexpr GgufKind kKind = GgufKind::array;
template <>
constexpr GgufKind kKind<std::uint8_t> = GgufKind::u8;
template <>
constexpr GgufKind kKind<std::int8_t> = GgufKind::i8;
template <>
constexpr GgufKind kKind<std::uint16_t> = GgufKind::u16;
template <>
constexpr GgufKind kKind<std::int16_t> = GgufKind::i16;
template <>
constexpr GgufKind kKind<std::uint32_t> = GgufKind::u32;
template <>
constexpr GgufKind kKind<std::int32_t> = GgufKind::i32;
template <>
constexpr GgufKind kKind<float> = GgufKind::f32;
template <>
constexpr GgufKind kKind<bool> = GgufKind::boolean;
template <>
constexpr GgufKind kKind<std::string> = GgufKind::string;
template <>
constexpr GgufKind kKind<std::uint64_t> = GgufKind::u64;
template <>
constexpr GgufKind kKind<std::int64_t> = GgufKind::i64;
template <>
constexpr GgufKind kKind<double> = GgufKind::f64;

template <typename T>
void append(HeaderBytes& out, const T& value) {
  if constexpr (std::is_same_v<T, std::string>) {
    out.text(value);
  } else if constexpr (std::is_same_v<T, bool>) {
    out.number(static_cast<std::uint8_t>(value));
  } else if constexpr (kKind<T> == GgufKind::array) {
    using Element = typename T::value_type;
    out.number(kKind<Element>);
    out.number(std::uint64_t{value.size()});
    for (const auto& element : value) append<Element>(out, element);
  } else {
    out.number(value);
  }
}

/// A value that was read, in the width that its kind has.
void append_as(HeaderBytes& out, GgufKind, std::string_view text) {
  out.text(text);
}
void append_as(HeaderBytes& out, GgufKind kind, double value) {
  if (kind == GgufKind::f32) {
    out.number(static_cast<float>(value));
  } else {
    out.number(value);
  }
}
template <typename Integer>
requires std::is_integral_v<Integer>
void append_as(HeaderBytes& out, GgufKind kind, Integer value) {
  out.raw(std::as_bytes(std::span(&value, 1)).first(gguf_kind(kind).bytes));
}
void append_as(HeaderBytes& out, GgufKind, const GgufArray& array) {
  out.number(array.kind);
  out.number(std::uint64_t{array.size()});
  std::visit(
      [&](const auto& values) {
        for (const auto& value : values) append_as(out, array.kind, value);
      },
      array.values);
}

}  // namespace

std::vector<std::byte> encode_value(const GgufOut& value) {
  HeaderBytes out;
  std::visit(
      [&](const auto& v) {
        out.number(kKind<std::decay_t<decltype(v)>>);
        append(out, v);
      },
      value);
  return out.bytes();
}

std::vector<std::byte> encode_value(const GgufValue& value) {
  HeaderBytes out;
  out.number(value.kind);
  std::visit([&](const auto& v) { append_as(out, value.kind, v); }, value.value);
  return out.bytes();
}

}  // namespace glim
