#include <algorithm>

#include "engine/base/error.h"
#include "engine/vulkan/vulkan_ops.h"
#include "shaders/attend.args.h"
#include "shaders/merge.args.h"

namespace glim::vulkan {

namespace {

constexpr std::int64_t kMostSums = 64;  ///< numbers that a thread adds up
constexpr std::int64_t kMostTile = 16, kSharedFloats = (32 << 10) / sizeof(float);
constexpr std::int64_t kFewRows = 8, kPart = 512;

}  // namespace

void VulkanOps::attend(const Attend& stage) {
  const std::int64_t width = stage.cache.cols, rank = stage.mixed.cols / stage.heads;
  const uint threads = device_.facts().is_gpu() ? 256 : 64;
  const std::int64_t heads = std::clamp<std::int64_t>(kMostSums * threads / rank, 1, stage.heads);
  // Shared memory has the tile, its scores and three numbers for each head.
  const std::int64_t tile = std::min<std::int64_t>(kMostTile, (kSharedFloats - 3 * heads) / (width + heads));
  GLIM_ASSERT(tile >= 1);
  const Constants constants = {threads, static_cast<uint>(heads), static_cast<uint>(tile),
                               static_cast<uint>(width),
                               static_cast<uint>((heads * rank + threads - 1) / threads)};
  // Many rows keep a device busy without cutting up their positions.
  const std::int64_t positions = last_position_ + 1;
  const bool split = rows() <= kFewRows && positions > kPart;
  const uint part = split ? kPart : static_cast<uint>(positions);
  const auto parts = static_cast<uint>((positions + part - 1) / part);
  const std::int64_t partial = rows() * parts * stage.heads * (rank + 2);
  const AttendArgs args = {
      .tables = tables_->address(),
      .rows = step_rows_,
      .blocks = block_tables_,
      .absorbed = address_of(stage.absorbed),
      .cache = address_of(stage.cache),
      .mixed = address_of(stage.mixed),
      .partial = split ? scratch(static_cast<std::uint64_t>(partial) * sizeof(float)) : 0,
      .heads = static_cast<uint>(stage.heads),
      .rank = static_cast<uint>(rank),
      .width = static_cast<uint>(width),
      .part = part,
      .scale = stage.scale};
  const auto head_groups = static_cast<uint>((stage.heads + heads - 1) / heads);
  recorder_.dispatch(module_name("attend", stage.cache.type), constants, args,
                     {static_cast<uint>(rows()), parts, head_groups});
  recorder_.barrier();
  if (!split) return;
  const MergeArgs merge = {step_rows_, args.partial, args.mixed, args.heads, args.rank, parts, part};
  recorder_.dispatch("merge", {threads_}, merge, {static_cast<uint>(rows()), args.heads, 1});
  recorder_.barrier();
}

}  // namespace glim::vulkan
