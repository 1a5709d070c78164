#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include <nlohmann/json_fwd.hpp>

namespace glim {

/// Where a JSON file may be large and how deep its values may be nested, so that reading it is bounded.
struct JsonLimits {
  static constexpr std::uint64_t bytes = 512ull << 20;
  static constexpr int depth = 64;
};

/// Reads a JSON file. Of a key that occurs twice the last value counts, as for every reader of such files.
/// Throws Error E101 when it cannot be read, E120 when it is malformed or beyond the limits.
nlohmann::json read_json_file(const std::filesystem::path& path);
/// Empty when there is no such file.
std::optional<nlohmann::json> find_json_file(const std::filesystem::path& path);
/// The bytes of a small text file, at most `limit`; empty when there is no such file.
std::optional<std::string> find_text_file(const std::filesystem::path& path, std::uint64_t limit);

}  // namespace glim
