#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace glim::vulkan {

/// One compiled shader: "attend.q8_0" is attend.comp for that format.
struct ShaderModule {
  std::string_view name;
  std::span<const std::uint32_t> words;  ///< SPIR-V 1.5
};

/// Everything in this folder, sorted by name.
std::span<const ShaderModule> shader_modules();

}  // namespace glim::vulkan
