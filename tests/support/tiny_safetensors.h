#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "engine/base/half.h"

namespace glim {

/// Builds a safetensors file for a test, tensors in the order given. Nothing is checked, so that broken files
/// can be built too.
class TinySafetensors {
 public:
  TinySafetensors& add(const std::string& name, std::string_view dtype, std::vector<std::int64_t> shape,
                       std::span<const std::byte> bytes) {
    header_[name] = {{"dtype", dtype},
                     {"shape", std::move(shape)},
                     {"data_offsets", {data_.size(), data_.size() + bytes.size()}}};
    data_.insert(data_.end(), bytes.begin(), bytes.end());
    return *this;
  }

  template <typename T>
  TinySafetensors& add(const std::string& name, std::string_view dtype, std::vector<std::int64_t> shape,
                       const std::vector<T>& values) {
    return add(name, dtype, std::move(shape), std::as_bytes(std::span(values)));
  }

  TinySafetensors& f32(const std::string& name, std::vector<std::int64_t> shape,
                       const std::vector<float>& values) {
    return add(name, "F32", std::move(shape), values);
  }

  TinySafetensors& bf16(const std::string& name, std::vector<std::int64_t> shape,
                        const std::vector<float>& values) {
    std::vector<std::uint16_t> bits;
    for (const float value : values) bits.push_back(f32_to_bf16(value));
    return add(name, "BF16", std::move(shape), bits);
  }

  bool has(const std::string& name) const { return header_.contains(name); }
  nlohmann::ordered_json& header() { return header_; }

  /// The file with this text for its header and, unless told otherwise, the right length in front.
  std::string with_header(const std::string& json, std::uint64_t claimed) const {
    std::string out(sizeof claimed, '\0');
    std::memcpy(out.data(), &claimed, sizeof claimed);
    out += json;
    out.append(reinterpret_cast<const char*>(data_.data()), data_.size());
    return out;
  }
  std::string with_header(const std::string& json) const { return with_header(json, json.size()); }
  std::string text() const { return with_header(header_.dump()); }

  void write(const std::filesystem::path& path) const {
    const std::string all = text();
    std::ofstream(path, std::ios::binary).write(all.data(), static_cast<std::streamsize>(all.size()));
  }

 private:
  nlohmann::ordered_json header_ = nlohmann::ordered_json::object();
  std::vector<std::byte> data_;
};

}  // namespace glim
