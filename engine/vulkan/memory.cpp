#include "engine/vulkan/memory.h"

#include <algorithm>
#include <array>
#include <optional>

#include "engine/base/error.h"
#include "engine/base/text.h"

namespace glim::vulkan {
namespace {

constexpr std::uint64_t kAlignment = 256, kBlockBytes = std::uint64_t{64} << 20;

std::uint64_t aligned(std::uint64_t bytes) {
  return (std::max<std::uint64_t>(bytes, 1) + kAlignment - 1) / kAlignment * kAlignment;
}

/// The first type that `allowed` has and whose flags fit best: all of `needed`, then the earliest of the
/// wishes.
std::optional<std::uint32_t> find_type(const DeviceFacts& facts, std::uint32_t allowed, Sharing sharing) {
  constexpr VkMemoryPropertyFlags kLocal = VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT,
                                  kVisible = VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT |
                                             VK_MEMORY_PROPERTY_HOST_COHERENT_BIT,
                                  kCached = VK_MEMORY_PROPERTY_HOST_CACHED_BIT;
  using Wishes = std::array<VkMemoryPropertyFlags, 4>;
  const Wishes host = {kVisible | kCached | (facts.unified() ? kLocal : 0), kVisible | kCached, kVisible,
                       kVisible};
  const Wishes device = {kLocal | (facts.unified() ? kVisible : 0), kLocal, kLocal, 0};
  for (const VkMemoryPropertyFlags wish : sharing == Sharing::host ? host : device) {
    std::optional<std::uint32_t> found;
    for (std::uint32_t i = 0; i < facts.memory.memoryTypeCount; ++i) {
      const VkMemoryPropertyFlags flags = facts.memory.memoryTypes[i].propertyFlags;
      if ((allowed >> i & 1) == 0 || (flags & wish) != wish) continue;
      // On a discrete card the window that the host sees may be slow or small.
      const bool plain = facts.unified() || sharing == Sharing::host || (flags & kVisible) == 0;
      if (plain) return i;
      if (!found) found = i;
    }
    if (found) return found;
  }
  return std::nullopt;
}

}  // namespace

Memory::Block& Memory::add_block(std::uint64_t bytes, Sharing sharing, std::string_view what) {
  const std::uint64_t size = std::max(bytes, kBlockBytes);
  if (bytes > device_.facts().largest_allocation) {
    throw Error(
        ErrorCode::E201,
        strf("%s: %.1f MiB in one piece, but the Vulkan device allows %.1f MiB; use a smaller context or "
             "--backend cpu",
             printable(what).c_str(), static_cast<double>(bytes) / 0x1p20,
             static_cast<double>(device_.facts().largest_allocation) / 0x1p20));
  }
  Block block{sharing, {}, {}, size, 0, nullptr, {{0, size}}};
  VkBufferCreateInfo info = {};
  info.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO;
  info.size = size;
  info.usage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT | VK_BUFFER_USAGE_TRANSFER_SRC_BIT |
               VK_BUFFER_USAGE_TRANSFER_DST_BIT | VK_BUFFER_USAGE_SHADER_DEVICE_ADDRESS_BIT;
  VkBuffer buffer = VK_NULL_HANDLE;
  check(vkCreateBuffer(device_.handle(), &info, nullptr, &buffer), what);
  block.buffer = {device_.handle(), buffer};
  try_memory(block, what);
  taken_ += size;
  return blocks_.emplace_back(std::move(block));
}

void Memory::try_memory(Block& block, std::string_view what) {
  const VkDevice device = device_.handle();
  VkMemoryRequirements needs = {};
  vkGetBufferMemoryRequirements(device, block.buffer.get(), &needs);
  const std::optional<std::uint32_t> type = find_type(device_.facts(), needs.memoryTypeBits, block.sharing);
  if (!type) throw Error(ErrorCode::E301, "the Vulkan device has no memory of the kind that is needed");
  VkMemoryAllocateFlagsInfo flags = {};
  flags.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_FLAGS_INFO;
  flags.flags = VK_MEMORY_ALLOCATE_DEVICE_ADDRESS_BIT;
  VkMemoryAllocateInfo info = {VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO, &flags, needs.size, *type};
  VkDeviceMemory memory = VK_NULL_HANDLE;
  const VkResult result = vkAllocateMemory(device, &info, nullptr, &memory);
  if (result == VK_ERROR_OUT_OF_DEVICE_MEMORY || result == VK_ERROR_OUT_OF_HOST_MEMORY) {
    throw Error(
        ErrorCode::E201,
        strf("%s: %.1f MiB of memory are not available on the Vulkan device; use a smaller context or a "
             "smaller quant, or close other programs",
             printable(what).c_str(), static_cast<double>(needs.size) / 0x1p20));
  }
  check(result, what);
  block.memory = {device, memory};
  check(vkBindBufferMemory(device, block.buffer.get(), memory, 0), what);
  VkBufferDeviceAddressInfo address = {};
  address.sType = VK_STRUCTURE_TYPE_BUFFER_DEVICE_ADDRESS_INFO;
  address.buffer = block.buffer.get();
  block.address = vkGetBufferDeviceAddress(device, &address);
  const VkMemoryPropertyFlags found = device_.facts().memory.memoryTypes[*type].propertyFlags;
  constexpr VkMemoryPropertyFlags kMapped =
      VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
  const bool wanted = block.sharing == Sharing::host || device_.facts().unified();
  if (!wanted || (found & kMapped) != kMapped) return;
  void* host = nullptr;
  check(vkMapMemory(device, memory, 0, VK_WHOLE_SIZE, 0, &host), what);
  block.host = static_cast<std::byte*>(host);
}

Piece Memory::take(std::uint64_t bytes, Sharing sharing, std::string_view what) {
  const std::uint64_t size = aligned(bytes);
  const auto piece_of = [size](Block& block) -> std::optional<Piece> {
    const auto gap =
        std::find_if(block.gaps.begin(), block.gaps.end(), [&](const Gap& g) { return g.size >= size; });
    if (gap == block.gaps.end()) return std::nullopt;
    const std::uint64_t at = gap->offset;
    gap->offset += size;
    gap->size -= size;
    if (gap->size == 0) block.gaps.erase(gap);
    return Piece{block.buffer.get(), at, size, block.address + at, block.host ? block.host + at : nullptr};
  };
  for (Block& block : blocks_) {
    if (block.sharing != sharing) continue;
    if (const std::optional<Piece> piece = piece_of(block)) return *piece;
  }
  return *piece_of(add_block(size, sharing, what));
}

void Memory::give_back(const Piece& piece) {
  const auto block = std::find_if(blocks_.begin(), blocks_.end(),
                                  [&](const Block& b) { return b.buffer.get() == piece.buffer; });
  GLIM_ASSERT(block != blocks_.end());
  std::vector<Gap>& gaps = block->gaps;
  const auto next =
      std::find_if(gaps.begin(), gaps.end(), [&](const Gap& g) { return g.offset > piece.offset; });
  auto gap = gaps.insert(next, {piece.offset, piece.size});
  const auto join = [&gaps](std::vector<Gap>::iterator first) {
    const auto second = first + 1;
    if (second == gaps.end() || first->offset + first->size != second->offset) return;
    first->size += second->size;
    gaps.erase(second);
  };
  join(gap);
  if (gap != gaps.begin()) join(gap - 1);
  if (gaps.size() == 1 && gaps.front().size == block->size) {
    taken_ -= block->size;
    blocks_.erase(block);
  }
}

}  // namespace glim::vulkan
