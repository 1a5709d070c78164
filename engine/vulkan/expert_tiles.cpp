#include <algorithm>

#include "engine/vulkan/vulkan_ops.h"
#include "shaders/group.args.h"

namespace glim::vulkan {
namespace {

constexpr std::int64_t kManyRows = 16;  ///< with fewer, rows seldom share an expert

}  // namespace

bool VulkanOps::groups_experts() const {
  return rows() >= kManyRows;
}

/// What `chosen` holds is sorted once for both stages that follow it.
const VulkanOps::ExpertTiles& VulkanOps::group(const Tensor& chosen, std::int64_t experts) {
  if (tiles_.chosen == address_of(chosen)) return tiles_;
  const std::int64_t pairs = rows() * chosen.cols;
  const std::int64_t count = pairs / kInputs + std::min(experts, pairs);
  const auto order_bytes = static_cast<std::uint64_t>(pairs) * sizeof(std::int32_t);
  const std::uint64_t bytes = order_bytes + static_cast<std::uint64_t>(count) * sizeof(Tile);
  if (!tiles_memory_ || tiles_memory_->size() < bytes) {
    recorder_.finish();
    tiles_memory_ = std::make_unique<DeviceBuffer>(memory_, bytes, Sharing::device, "tiles of experts");
  }
  tiles_ = {address_of(chosen), tiles_memory_->address(), tiles_memory_->address() + order_bytes, count};
  const GroupArgs args = {.chosen = tiles_.chosen,
                          .order = tiles_.order,
                          .tiles = tiles_.tiles,
                          .pairs = static_cast<uint>(pairs),
                          .experts = static_cast<uint>(experts),
                          .tile = static_cast<uint>(kInputs),
                          .most_tiles = static_cast<uint>(count)};
  recorder_.dispatch("group", {setup_.gpu ? 256 : threads_}, args, {1, 1, 1});
  recorder_.barrier();
  return tiles_;
}

}  // namespace glim::vulkan
