#pragma once

#include <cstdint>
#include <string_view>

namespace glim::app {

/// The number of bytes that a word stands for: "2GiB", "500MB", "24G" or a plain number. KiB, MiB, GiB are
/// powers of 1024, KB, MB, GB of 1000; what K, M and G alone count in is `kilo`. Throws E501 naming `flag`.
std::uint64_t bytes_from(std::string_view text, std::string_view flag, std::uint64_t kilo);

}  // namespace glim::app
