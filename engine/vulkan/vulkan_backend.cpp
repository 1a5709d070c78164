#include "engine/vulkan/vulkan_backend.h"

#include <algorithm>
#include <cstring>

#include "engine/base/error.h"
#include "engine/base/fnv.h"
#include "engine/base/folder.h"
#include "engine/base/memory_info.h"
#include "engine/base/text.h"
#include "engine/vulkan/choose_device.h"
#include "engine/vulkan/device_queue.h"
#include "engine/vulkan/tables.h"
#include "engine/vulkan/timed_queue.h"
#include "engine/vulkan/transfer.h"
#include "engine/vulkan/vulkan_ops.h"
#include "shaders/shader_modules.h"

namespace glim {
namespace {

using namespace vulkan;

constexpr std::uint64_t kScalesAlignment = 16;

std::unique_ptr<Queue> make_queue(const Device& device, Pipelines& pipelines,
                                  std::vector<ScheduledDispatch>* times) {
  if (times != nullptr) return std::make_unique<TimedQueue>(device, pipelines, *times);
  return std::make_unique<DeviceQueue>(device, pipelines);
}

class VulkanBackend final : public Backend {
 public:
  VulkanBackend(std::int32_t index, std::vector<ScheduledDispatch>* times)
      : device_(instance_, choose_device(instance_, index)),
        memory_(device_),
        pipelines_(device_, cache_folder()),
        transfer_(device_, memory_),
        queue_(make_queue(device_, pipelines_, times)),
        tables_(memory_, sizeof(QuantTables), Sharing::device, "tables"),
        ops_({device_.facts().is_gpu(), device_.facts().vulkan11.subgroupSize, tables_.address()}, memory_,
             *queue_) {
    const QuantTables tables = quant_tables();
    transfer_.write(tables_.piece(), 0, std::as_bytes(std::span(&tables, 1)));
    const DeviceReport device = report(device_.facts());
    description_ = strf("%s (%s), %s", printable(device.name).c_str(), device.kind.c_str(),
                        printable(device.driver).c_str());
  }

  std::string_view name() const override { return "vulkan"; }
  std::string description() const override { return description_; }

  std::unique_ptr<Buffer> allocate(std::uint64_t bytes, std::string_view what) override {
    return zeroed(bytes, Sharing::device, what);
  }
  std::unique_ptr<Buffer> allocate_shared(std::uint64_t bytes, std::string_view what) override {
    return zeroed(bytes, Sharing::host, what);
  }

  std::unique_ptr<Buffer> prepare(std::span<const std::byte> file_bytes, Tensor& tensor) override {
    const std::span<const float> scales(
        tensor.scales, tensor.scales != nullptr ? static_cast<std::size_t>(tensor.batch) : 0);
    const std::uint64_t offset =
        (file_bytes.size() + kScalesAlignment - 1) / kScalesAlignment * kScalesAlignment;
    auto buffer =
        std::make_unique<DeviceBuffer>(memory_, offset + scales.size_bytes(), Sharing::device, "weights");
    transfer_.write(buffer->piece(), 0, file_bytes);
    transfer_.write(buffer->piece(), offset, std::as_bytes(scales));
    buffer->set_scales(tensor.scales, offset);
    tensor.buffer = buffer.get();
    tensor.offset = 0;
    return buffer;
  }

  void copy(const Buffer& buffer, std::uint64_t from, std::uint64_t to, std::uint64_t bytes) override {
    const Piece& piece = static_cast<const DeviceBuffer&>(buffer).piece();
    transfer_.copy(piece, from, piece, to, bytes);
  }

  std::uint64_t reserve(const StepSizes& sizes) override { return ops_.reserve(sizes); }

  Ops& ops() override { return ops_; }

 private:
  std::unique_ptr<Buffer> zeroed(std::uint64_t bytes, Sharing sharing, std::string_view what) {
    auto buffer = std::make_unique<DeviceBuffer>(memory_, bytes, sharing, what);
    transfer_.zero(buffer->piece());
    return buffer;
  }

  Instance instance_;
  Device device_;
  Memory memory_;
  Pipelines pipelines_;
  Transfer transfer_;
  std::unique_ptr<Queue> queue_;
  DeviceBuffer tables_;
  VulkanOps ops_;
  std::string description_;
};

}  // namespace

std::unique_ptr<Backend> make_vulkan_backend(std::int32_t index, std::vector<ScheduledDispatch>* times) {
  return std::make_unique<VulkanBackend>(index, times);
}

std::uint64_t vulkan_scratch_bytes(const StepSizes& sizes) {
  return VulkanOps::scratch_bytes(sizes);
}

VulkanMemory vulkan_memory(std::int32_t index) {
  const Instance instance;
  const DeviceFacts facts = choose_device(instance, index);
  if (!facts.is_gpu()) return {memory_info().available, !facts.unified(), true};
  std::uint64_t most = 0;
  for (std::uint32_t i = 0; i < facts.memory.memoryHeapCount; ++i) {
    const VkMemoryHeap& heap = facts.memory.memoryHeaps[i];
    if ((heap.flags & VK_MEMORY_HEAP_DEVICE_LOCAL_BIT) == 0) continue;
    most = std::max<std::uint64_t>(most, facts.budgets.empty() ? heap.size : facts.budgets[i]);
  }
  return {most, !facts.unified(), false};
}

VulkanDevices vulkan_devices() {
  VulkanDevices out;
  try {
    const Instance instance;
    for (const VkPhysicalDevice physical : instance.devices()) {
      out.devices.push_back(report(DeviceFacts(physical)));
      out.devices.back().index = static_cast<std::int32_t>(out.devices.size()) - 1;
    }
    if (out.devices.empty()) {
      out.problem =
          "there is no Vulkan device; install mesa-vulkan-drivers or the driver of the graphics card";
    }
  } catch (const Error& error) {
    out.problem = error.what();
  }
  return out;
}

std::uint64_t vulkan_code() {
  std::uint64_t hash = fnv1a("");
  for (const ShaderModule& module : shader_modules()) {
    const auto* bytes = reinterpret_cast<const char*>(module.words.data());
    hash = fnv1a({bytes, module.words.size_bytes()}, hash);
  }
  return hash;
}

}  // namespace glim
