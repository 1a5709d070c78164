#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "engine/vulkan/device.h"
#include "engine/vulkan/pipelines.h"
#include "engine/vulkan/recorder.h"

namespace glim::vulkan {

/// Appends a dispatch to a command buffer.
void record(VkCommandBuffer commands, Pipelines& pipelines, const Dispatch& dispatch);

/// Runs dispatches on a device. A portion is recorded into a command buffer when it is first seen; when the
/// same one comes again, as in every token of an answer, that command buffer is started as it is. One thread.
class DeviceQueue final : public Queue {
 public:
  DeviceQueue(const Device& device, Pipelines& pipelines);

  void run(std::span<const Dispatch> dispatches) override;
  void wait() override;

  std::uint64_t recorded() const { return recorded_; }  ///< portions, since the object was made
  std::uint64_t replayed() const { return replayed_; }

 private:
  struct Portion {
    std::vector<Dispatch> dispatches;
    VkCommandBuffer commands;
    bool running;
  };

  VkCommandBuffer find(std::uint64_t hash, std::span<const Dispatch> dispatches);
  VkCommandBuffer record(std::span<const Dispatch> dispatches);
  void forget();

  const Device& device_;
  Pipelines& pipelines_;
  CommandBuffers commands_, last_commands_;
  VkCommandBuffer last_;  ///< behind all portions of a step: the host sees what they wrote
  FenceHandle fence_;
  std::unordered_multimap<std::uint64_t, Portion> portions_;
  bool running_ = false;
  std::uint64_t recorded_ = 0, replayed_ = 0;
};

}  // namespace glim::vulkan
