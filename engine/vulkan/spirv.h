#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace glim::vulkan {

/// What a compute shader declares, read from its SPIR-V.
/// Source: Khronos, "SPIR-V Specification", version 1.5, unified.
struct ShaderInterface {
  std::string entry_point;
  std::uint32_t push_bytes = 0;                 ///< of the push constants
  std::array<std::uint32_t, 3> workgroup = {};  ///< threads, before specialisation
  std::vector<std::uint32_t> constants;         ///< ids of the specialisation constants, ascending
  std::uint32_t descriptors = 0;                ///< resources that are bound and not addressed
  std::vector<std::uint32_t> array_strides;     ///< of all arrays, ascending, each once; bytes
};

/// The module comes from our own build; a malformed one is a mistake of ours and aborts.
ShaderInterface read_interface(std::span<const std::uint32_t> words);

}  // namespace glim::vulkan
