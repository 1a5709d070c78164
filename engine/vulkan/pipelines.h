#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "engine/vulkan/device.h"
#include "engine/vulkan/recorder.h"
#include "engine/vulkan/spirv.h"

namespace glim::vulkan {

struct Pipeline {
  ShaderInterface shader;
  LayoutHandle layout;
  PipelineHandle handle;
};

/// Compiled shaders by module name and constants, made when they are first asked for. What the driver made of
/// them is kept on disk between runs, one file for every device and driver. One thread.
class Pipelines {
 public:
  Pipelines(const Device& device, std::filesystem::path cache_folder);
  ~Pipelines();
  Pipelines(const Pipelines&) = delete;
  Pipelines& operator=(const Pipelines&) = delete;

  /// Throws E201, E301. There must be such a shader. Valid as long as this object.
  const Pipeline& get(const ModuleName& module, const Constants& constants);

 private:
  struct Key {
    std::string_view module;  ///< of shader_modules()
    Constants constants;
    auto operator<=>(const Key&) const = default;
  };
  Pipeline make(const Key& key, std::span<const std::uint32_t> words) const;
  void keep() const;

  const Device& device_;
  std::filesystem::path file_;
  PipelineCacheHandle cache_;
  std::map<Key, Pipeline> made_;
};

}  // namespace glim::vulkan
