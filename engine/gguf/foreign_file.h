#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace glim {

/// What a file that does not begin like GGUF probably is, and what to do about it: the second half of a
/// sentence that starts with the file's name. Looks at the first 64 bytes only.
std::string describe_foreign(std::span<const std::byte> bytes);

}  // namespace glim
