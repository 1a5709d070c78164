#include "engine/vulkan/transfer.h"

#include <algorithm>
#include <cstring>

namespace glim::vulkan {
namespace {

constexpr std::uint64_t kStageBytes = std::uint64_t{16} << 20;

struct Copy {
  VkBuffer from, to;
  VkBufferCopy region;
};

void record_copy(VkCommandBuffer commands, const void* what) {
  const Copy& copy = *static_cast<const Copy*>(what);
  vkCmdCopyBuffer(commands, copy.from, copy.to, 1, &copy.region);
}

void record_zero(VkCommandBuffer commands, const void* what) {
  const Piece& piece = *static_cast<const Piece*>(what);
  vkCmdFillBuffer(commands, piece.buffer, piece.offset, piece.size, 0);
}

}  // namespace

void Transfer::run(void (*record)(VkCommandBuffer, const void*), const void* what, VkFence fence) {
  const VkCommandBuffer commands = commands_.next();
  full_barrier(commands);
  record(commands, what);
  full_barrier(commands);
  check(vkEndCommandBuffer(commands), "recording");
  device_.submit(commands, fence);
}

void Transfer::write(const Piece& to, std::uint64_t offset, std::span<const std::byte> bytes) {
  if (bytes.empty()) return;
  if (to.host != nullptr) {
    std::memcpy(to.host + offset, bytes.data(), bytes.size());
    return;
  }
  std::size_t turn = 0;
  for (std::uint64_t at = 0; at < bytes.size(); at += kStageBytes, turn ^= 1) {
    Stage& stage = stages_[turn];
    if (!stage.buffer) {
      stage.buffer = std::make_unique<DeviceBuffer>(memory_, kStageBytes, Sharing::host, "upload");
      stage.fence = device_.make_fence();
    }
    if (stage.running) device_.wait(stage.fence.get());
    const std::uint64_t count = std::min<std::uint64_t>(kStageBytes, bytes.size() - at);
    std::memcpy(stage.buffer->host(), bytes.data() + at, count);
    const Piece& from = stage.buffer->piece();
    const Copy copy{from.buffer, to.buffer, {from.offset, to.offset + offset + at, count}};
    run(record_copy, &copy, stage.fence.get());
    stage.running = true;
  }
  for (Stage& stage : stages_) {
    if (stage.running) device_.wait(stage.fence.get());
    stage.running = false;
  }
  commands_.reset();
}

void Transfer::zero(const Piece& piece) {
  if (piece.host != nullptr) {
    std::memset(piece.host, 0, piece.size);
    return;
  }
  run(record_zero, &piece, VK_NULL_HANDLE);
  device_.wait_idle();
  commands_.reset();
}

void Transfer::copy(const Piece& from, std::uint64_t from_offset, const Piece& to, std::uint64_t to_offset,
                    std::uint64_t bytes) {
  if (from.host != nullptr && to.host != nullptr) {
    std::memcpy(to.host + to_offset, from.host + from_offset, bytes);
    return;
  }
  const Copy copy{from.buffer, to.buffer, {from.offset + from_offset, to.offset + to_offset, bytes}};
  run(record_copy, &copy, VK_NULL_HANDLE);
  device_.wait_idle();
  commands_.reset();
}

}  // namespace glim::vulkan
