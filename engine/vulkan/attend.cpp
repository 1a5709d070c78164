#include <algorithm>
#include <bit>

#include "engine/base/error.h"
#include "engine/vulkan/vulkan_ops.h"
#include "shaders/attend.args.h"
#include "shaders/merge.args.h"
#include "shaders/value.args.h"

namespace glim::vulkan {

namespace {

constexpr std::int64_t kMostSums = 64;  ///< numbers that a thread adds up
constexpr std::int64_t kMostTile = 16, kSharedFloats = (32 << 10) / sizeof(float);
constexpr std::int64_t kFewRows = 8;

}  // namespace

std::uint64_t VulkanOps::parts_bytes(std::int64_t rows, std::int64_t row_values) {
  return static_cast<std::uint64_t>(std::min(rows, kFewRows) * std::int64_t{kMostParts} * row_values) *
         sizeof(float);
}

void VulkanOps::attend(const Attend& stage) {
  settle();
  enter("attend");
  const std::int64_t width = stage.cache.cols, rank = stage.mixed.cols / stage.heads;
  const uint threads = setup_.gpu ? 256 : 64;
  const std::int64_t heads = std::clamp<std::int64_t>(kMostSums * threads / rank, 1, stage.heads);
  // Shared memory has the tile, its scores and three numbers for each head.
  const std::int64_t tile = std::min<std::int64_t>(kMostTile, (kSharedFloats - 3 * heads) / (width + heads));
  GLIM_ASSERT(tile >= 1);
  const Constants constants = {threads, static_cast<uint>(heads), static_cast<uint>(tile),
                               static_cast<uint>(width),
                               static_cast<uint>((heads * rank + threads - 1) / threads)};
  // Dispatches stay the same until the context has doubled, so that they need not be recorded again.
  const uint least = setup_.gpu ? 64 : 512;
  const uint positions = std::max(least, std::bit_ceil(static_cast<uint>(last_position_) + 1));
  // Many rows keep a device busy without cutting up their positions.
  const bool split = rows() <= kFewRows && positions > least;
  const uint part = split ? std::max(least, positions / kMostParts) : positions;
  const uint parts = positions / part;
  const std::int64_t partial = rows() * parts * stage.heads * (rank + 2);
  const AttendArgs args = {
      .tables = setup_.tables,
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
  recorder_.dispatch({"attend", stage.cache.type}, constants, args,
                     {static_cast<uint>(rows()), parts, head_groups});
  recorder_.barrier();
  if (split) parts_ = {parts, part, args.heads, args.rank, args.partial, args.mixed};
}

/// Joins the parts of attention where no stage that can do so itself comes next.
void VulkanOps::settle() {
  if (parts_.count == 0) return;
  const MergeArgs merge = {step_rows_,  parts_.partial, parts_.mixed,    parts_.heads,
                           parts_.rank, parts_.count,   parts_.positions};
  recorder_.dispatch("merge", {threads_}, merge, {static_cast<uint>(rows()), merge.heads, 1});
  recorder_.barrier();
  parts_ = {};
}

}  // namespace glim::vulkan
