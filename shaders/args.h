// Read by C++ and by GLSL: what a shader is told with a dispatch (*.args.h) has the same members in both. GLSL
// lays them out like C++ (GL_EXT_scalar_block_layout). Addresses are those of the device.
#ifndef GLIM_SHADERS_ARGS_H
#define GLIM_SHADERS_ARGS_H

#ifdef __cplusplus
#include <cstdint>
#define ARGS_STRUCT(name)    \
  namespace glim::vulkan {   \
  using uint = std::uint32_t; \
  using Address = std::uint64_t; \
  struct name {
#define ARGS_END \
  }              \
  ;              \
  }
#define ARGS_CONSTANT(name, value) \
  namespace glim::vulkan {         \
  inline constexpr std::uint32_t name = value; \
  }
#else
#define Address uint64_t
#define ARGS_STRUCT(name) struct name {
#define ARGS_END };
#define ARGS_CONSTANT(name, value) const uint name = value;
#endif

#endif
