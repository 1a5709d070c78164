#include "tests/support/tiny_gguf.h"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <type_traits>
#include <utility>

namespace glim {
namespace {

using Bytes = std::vector<std::byte>;

constexpr std::uint32_t kArray = 9;

template <typename T>
void put(Bytes& out, const T& number) {
  const auto* raw = reinterpret_cast<const std::byte*>(&number);
  out.insert(out.end(), raw, raw + sizeof number);
}

void put(Bytes& out, std::string_view text) {
  put(out, static_cast<std::uint64_t>(text.size()));
  const auto* raw = reinterpret_cast<const std::byte*>(text.data());
  out.insert(out.end(), raw, raw + text.size());
}

/// Type number of a scalar in the file format.
template <typename T>
constexpr std::uint32_t kind_of() {
  if (std::is_same_v<T, std::uint8_t>) return 0;
  if (std::is_same_v<T, std::int8_t>) return 1;
  if (std::is_same_v<T, std::uint16_t>) return 2;
  if (std::is_same_v<T, std::int16_t>) return 3;
  if (std::is_same_v<T, std::uint32_t>) return 4;
  if (std::is_same_v<T, std::int32_t>) return 5;
  if (std::is_same_v<T, float>) return 6;
  if (std::is_same_v<T, bool>) return 7;
  if (std::is_same_v<T, std::string>) return 8;
  if (std::is_same_v<T, std::uint64_t>) return 10;
  if (std::is_same_v<T, std::int64_t>) return 11;
  return 12;
}

template <typename T>
void put_value(Bytes& out, const T& value) {
  put(out, kind_of<T>());
  if constexpr (std::is_same_v<T, std::string>) {
    put(out, std::string_view(value));
  } else {
    put(out, value);
  }
}

template <typename T>
void put_value(Bytes& out, const std::vector<T>& values) {
  put(out, kArray);
  put(out, kind_of<T>());
  put(out, static_cast<std::uint64_t>(values.size()));
  for (const T& value : values) {
    if constexpr (std::is_same_v<T, std::string>) {
      put(out, std::string_view(value));
    } else {
      put(out, value);
    }
  }
}

std::uint64_t padded(std::uint64_t size, std::uint64_t alignment) {
  return alignment == 0 ? size : (size + alignment - 1) / alignment * alignment;
}

}  // namespace

TinyGguf& TinyGguf::set(std::string_view key, Value value) {
  for (auto& [name, old] : metadata_) {
    if (name == key) {
      old = std::move(value);
      return *this;
    }
  }
  return set_again(key, std::move(value));
}

TinyGguf& TinyGguf::set_again(std::string_view key, Value value) {
  metadata_.emplace_back(std::string(key), std::move(value));
  return *this;
}

TinyGguf& TinyGguf::remove(std::string_view key) {
  std::erase_if(metadata_, [key](const auto& entry) { return entry.first == key; });
  return *this;
}

TinyGguf& TinyGguf::tensor(std::string_view name, QuantType type, std::vector<std::int64_t> shape,
                           Bytes bytes) {
  const QuantInfo& info =
      *std::find_if(kQuants.begin(), kQuants.end(), [type](auto& q) { return q.type == type; });
  std::uint64_t values = 1;
  for (const std::int64_t size : shape) values *= static_cast<std::uint64_t>(size);
  Tensor t;
  t.name = name;
  t.code = static_cast<std::uint32_t>(type);
  t.shape = std::move(shape);
  t.size = bytes.empty() ? values / info.block_values * info.block_bytes : bytes.size();
  t.bytes = std::move(bytes);
  t.offset = t.place = end_of_data();
  tensors_.push_back(std::move(t));
  return *this;
}

TinyGguf& TinyGguf::tensor(std::string_view name, std::vector<std::int64_t> shape,
                           std::span<const float> values) {
  const auto raw = std::as_bytes(values);
  return tensor(name, QuantType::f32, std::move(shape), Bytes(raw.begin(), raw.end()));
}

TinyGguf& TinyGguf::remove_tensor(std::string_view name) {
  std::erase_if(tensors_, [name](const Tensor& t) { return t.name == name; });
  std::vector<Tensor> rest = std::move(tensors_);
  tensors_.clear();
  for (Tensor& t : rest) {
    t.offset = t.place = end_of_data();
    tensors_.push_back(std::move(t));
  }
  return *this;
}

TinyGguf& TinyGguf::type_code(std::uint32_t code) {
  tensors_.back().code = code;
  return *this;
}

TinyGguf& TinyGguf::offset(std::uint64_t offset) {
  tensors_.back().offset = offset;
  return *this;
}

std::uint64_t TinyGguf::alignment() const {
  for (const auto& [key, value] : metadata_) {
    if (key == "general.alignment" && std::holds_alternative<std::uint32_t>(value)) {
      return std::get<std::uint32_t>(value);
    }
  }
  return 32;
}

std::uint64_t TinyGguf::end_of_data() const {
  return tensors_.empty() ? 0 : padded(tensors_.back().place + tensors_.back().size, alignment());
}

Bytes TinyGguf::header() const {
  Bytes out;
  for (const char c : {'G', 'G', 'U', 'F'}) out.push_back(static_cast<std::byte>(c));
  put(out, version_);
  put(out, static_cast<std::uint64_t>(tensors_.size()));
  put(out, static_cast<std::uint64_t>(metadata_.size()));
  for (const auto& [key, value] : metadata_) {
    put(out, std::string_view(key));
    std::visit([&out](const auto& v) { put_value(out, v); }, value);
  }
  for (const Tensor& t : tensors_) {
    put(out, std::string_view(t.name));
    put(out, static_cast<std::uint32_t>(t.shape.size()));
    for (const std::int64_t size : t.shape) put(out, size);
    put(out, t.code);
    put(out, t.offset);
  }
  out.resize(padded(out.size(), alignment()));
  return out;
}

Bytes TinyGguf::bytes() const {
  Bytes out = header();
  const std::size_t data = out.size();
  if (!tensors_.empty()) out.resize(data + tensors_.back().place + tensors_.back().size);
  for (const Tensor& t : tensors_) {
    if (!t.bytes.empty()) std::memcpy(out.data() + data + t.place, t.bytes.data(), t.bytes.size());
  }
  return out;
}

void TinyGguf::write(const std::filesystem::path& path) const {
  const Bytes head = header();
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  const auto write_at = [&out](std::uint64_t place, const Bytes& data) {
    out.seekp(static_cast<std::streamoff>(place));
    out.write(reinterpret_cast<const char*>(data.data()), static_cast<std::streamsize>(data.size()));
  };
  write_at(0, head);
  for (const Tensor& t : tensors_) {
    if (!t.bytes.empty()) write_at(head.size() + t.place, t.bytes);
  }
  out.close();
  if (!out) throw std::runtime_error("cannot write " + path.string());
  if (!tensors_.empty()) {
    std::filesystem::resize_file(path, head.size() + tensors_.back().place + tensors_.back().size);
  }
}

}  // namespace glim
