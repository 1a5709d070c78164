#include "engine/vulkan/schedule.h"

#include <map>

#include "engine/base/error.h"
#include "engine/vulkan/choose_device.h"
#include "engine/vulkan/timed_queue.h"
#include "engine/vulkan/vulkan_ops.h"

namespace glim {
namespace {

using namespace vulkan;

/// Addresses that nothing stands at; what the host shares is memory of the host.
class NoMemory final : public MemorySource {
 public:
  Piece take(std::uint64_t bytes, Sharing sharing, std::string_view) override {
    constexpr std::uint64_t kAlignment = 256;
    const VkDeviceAddress address = next_;
    next_ += (bytes + kAlignment) / kAlignment * kAlignment;
    std::byte* host = nullptr;
    if (sharing == Sharing::host) {
      std::vector<std::byte>& memory = shared_[address];
      memory.resize(bytes);
      host = memory.data();
    }
    return {VK_NULL_HANDLE, 0, bytes, address, host};
  }
  void give_back(const Piece& piece) override { shared_.erase(piece.address); }

 private:
  VkDeviceAddress next_ = 256;
  std::map<VkDeviceAddress, std::vector<std::byte>> shared_;
};

class List final : public Queue {
 public:
  explicit List(std::vector<ScheduledDispatch>& out) : out_(out) {}
  void run(std::span<const Dispatch> dispatches) override {
    for (const Dispatch& dispatch : dispatches) out_.push_back(scheduled(dispatch));
  }
  void wait() override {}

 private:
  std::vector<ScheduledDispatch>& out_;
};

struct Target {
  bool gpu = true;
  std::uint32_t subgroup = 32;
  std::string name = "a GPU with subgroups of 32 threads, as there is no device here";
};

Target find_target() {
  try {
    const Instance instance;
    const DeviceFacts facts = choose_device(instance);
    return {facts.is_gpu(), facts.vulkan11.subgroupSize, facts.properties.deviceName};
  } catch (const Error&) {
    return {};
  }
}

class ScheduleBackend final : public Backend {
 public:
  explicit ScheduleBackend(std::vector<ScheduledDispatch>& out)
      : target_(find_target()), list_(out), ops_({target_.gpu, target_.subgroup, 0}, memory_, list_) {}

  std::string_view name() const override { return "vulkan"; }
  std::string description() const override { return target_.name; }
  std::unique_ptr<Buffer> allocate(std::uint64_t bytes, std::string_view what) override {
    return std::make_unique<DeviceBuffer>(memory_, bytes, Sharing::device, what);
  }
  std::unique_ptr<Buffer> allocate_shared(std::uint64_t bytes, std::string_view what) override {
    return std::make_unique<DeviceBuffer>(memory_, bytes, Sharing::host, what);
  }
  std::unique_ptr<Buffer> prepare(std::span<const std::byte> file_bytes, Tensor& tensor) override {
    std::unique_ptr<Buffer> buffer = allocate(file_bytes.size(), "weights");
    tensor.buffer = buffer.get();
    tensor.offset = 0;
    return buffer;
  }
  bool reads_weights() const override { return false; }
  std::uint64_t reserve(const StepSizes& sizes) override { return ops_.reserve(sizes); }
  Ops& ops() override { return ops_; }

 private:
  Target target_;
  NoMemory memory_;
  List list_;
  VulkanOps ops_;
};

}  // namespace

std::unique_ptr<Backend> make_vulkan_schedule_backend(std::vector<ScheduledDispatch>& out) {
  return std::make_unique<ScheduleBackend>(out);
}

}  // namespace glim
