#include "engine/vulkan/pipelines.h"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/new_file.h"
#include "engine/base/text.h"
#include "shaders/shader_modules.h"

namespace glim::vulkan {
namespace {

constexpr std::size_t kLargestCache = std::size_t{256} << 20;

std::string hex(std::span<const std::uint8_t> bytes) {
  std::string out;
  for (const std::uint8_t byte : bytes) out += strf("%02x", byte);
  return out;
}

/// The content of the file when it is of this device and driver; drivers are not asked to survive another.
std::vector<char> read_cache(const std::filesystem::path& file, const VkPhysicalDeviceProperties& device) {
  std::error_code error;
  const auto size = std::filesystem::file_size(file, error);
  VkPipelineCacheHeaderVersionOne header = {};
  if (error || size < sizeof header || size > kLargestCache) return {};
  std::vector<char> bytes(size);
  std::ifstream in(file, std::ios::binary);
  if (!in.read(bytes.data(), static_cast<std::streamsize>(size))) return {};
  std::memcpy(&header, bytes.data(), sizeof header);
  const bool ours = header.headerSize == sizeof header &&
                    header.headerVersion == VK_PIPELINE_CACHE_HEADER_VERSION_ONE &&
                    header.vendorID == device.vendorID && header.deviceID == device.deviceID &&
                    std::equal(std::begin(header.pipelineCacheUUID), std::end(header.pipelineCacheUUID),
                               device.pipelineCacheUUID);
  return ours ? bytes : std::vector<char>();
}

PipelineCacheHandle make_cache(const Device& device, const std::filesystem::path& file) {
  const std::vector<char> bytes = read_cache(file, device.facts().properties);
  VkPipelineCacheCreateInfo info = {};
  info.sType = VK_STRUCTURE_TYPE_PIPELINE_CACHE_CREATE_INFO;
  info.initialDataSize = bytes.size();
  info.pInitialData = bytes.data();
  VkPipelineCache cache = VK_NULL_HANDLE;
  check(vkCreatePipelineCache(device.handle(), &info, nullptr, &cache), "making a pipeline cache");
  return {device.handle(), cache};
}

const ShaderModule& find_module(std::string_view name) {
  const std::span<const ShaderModule> all = shader_modules();
  const auto found =
      std::lower_bound(all.begin(), all.end(), name,
                       [](const ShaderModule& module, std::string_view n) { return module.name < n; });
  GLIM_ASSERT(found != all.end() && found->name == name);
  return *found;
}

ShaderHandle make_shader(const Device& device, std::span<const std::uint32_t> words) {
  VkShaderModuleCreateInfo info = {};
  info.sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO;
  info.codeSize = words.size_bytes();
  info.pCode = words.data();
  VkShaderModule shader = VK_NULL_HANDLE;
  check(vkCreateShaderModule(device.handle(), &info, nullptr, &shader), "reading a shader");
  return {device.handle(), shader};
}

LayoutHandle make_layout(const Device& device, const ShaderInterface& shader) {
  GLIM_ASSERT(shader.descriptors == 0);  // everything is addressed
  const VkPushConstantRange range = {VK_SHADER_STAGE_COMPUTE_BIT, 0, shader.push_bytes};
  VkPipelineLayoutCreateInfo info = {};
  info.sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO;
  info.pushConstantRangeCount = shader.push_bytes > 0 ? 1 : 0;
  info.pPushConstantRanges = &range;
  VkPipelineLayout layout = VK_NULL_HANDLE;
  check(vkCreatePipelineLayout(device.handle(), &info, nullptr, &layout), "making a pipeline");
  return {device.handle(), layout};
}

}  // namespace

Pipelines::Pipelines(const Device& device, std::filesystem::path cache_folder) : device_(device) {
  const VkPhysicalDeviceProperties& properties = device.facts().properties;
  if (!cache_folder.empty()) {
    file_ = cache_folder / strf("vulkan-%s-%s.cache", hex(device.facts().vulkan11.deviceUUID).c_str(),
                                hex(properties.pipelineCacheUUID).c_str());
  }
  cache_ = make_cache(device, file_);
}

Pipelines::~Pipelines() {
  if (file_.empty() || made_.empty()) return;
  try {
    keep();
  } catch (const std::exception&) {
    // The next start compiles again.
  }
}

void Pipelines::keep() const {
  std::size_t size = 0;
  check(vkGetPipelineCacheData(device_.handle(), cache_.get(), &size, nullptr), "keeping pipelines");
  std::vector<std::byte> bytes(size);
  check(vkGetPipelineCacheData(device_.handle(), cache_.get(), &size, bytes.data()), "keeping pipelines");
  std::error_code error;
  if (size <= sizeof(VkPipelineCacheHeaderVersionOne) || std::filesystem::file_size(file_, error) == size)
    return;
  std::filesystem::create_directories(file_.parent_path());
  NewFile out(file_);
  out.write(std::span(bytes).first(size));
  out.give_name();
}

const Pipeline& Pipelines::get(const ModuleName& module, const Constants& constants) {
  const ShaderModule& found = find_module(module.text());
  const auto known = made_.find({found.name, constants});
  if (known != made_.end()) return known->second;
  const Key key{found.name, constants};
  return made_.emplace(key, make(key, found.words)).first->second;
}

Pipeline Pipelines::make(const Key& key, std::span<const std::uint32_t> words) const {
  Pipeline out;
  out.shader = read_interface(words);
  out.layout = make_layout(device_, out.shader);
  const ShaderHandle shader = make_shader(device_, words);
  std::array<VkSpecializationMapEntry, std::tuple_size_v<Constants>> entries;
  for (std::uint32_t i = 0; i < entries.size(); ++i) entries[i] = {i, i * 4, 4};
  const VkSpecializationInfo constants = {entries.size(), entries.data(), sizeof key.constants,
                                          key.constants.data()};
  VkComputePipelineCreateInfo info = {};
  info.sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO;
  info.stage.sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO;
  info.stage.stage = VK_SHADER_STAGE_COMPUTE_BIT;
  info.stage.module = shader.get();
  info.stage.pName = out.shader.entry_point.c_str();
  info.stage.pSpecializationInfo = &constants;
  info.layout = out.layout.get();
  VkPipeline pipeline = VK_NULL_HANDLE;
  check(vkCreateComputePipelines(device_.handle(), cache_.get(), 1, &info, nullptr, &pipeline),
        std::string("compiling the shader ") + std::string(key.module));
  out.handle = {device_.handle(), pipeline};
  return out;
}

}  // namespace glim::vulkan
