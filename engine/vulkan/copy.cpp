#include <algorithm>

#include "engine/vulkan/vulkan_ops.h"
#include "shaders/copy.args.h"

namespace glim::vulkan {

void VulkanOps::copy(const Copy& stage) {
  settle();
  enter("copy");
  constexpr std::int64_t kValues = 1024;  // of a workgroup
  const std::int64_t count = rows() * stage.x.cols;
  const CopyArgs args = {address_of(stage.out), address_of(stage.x), static_cast<uint>(count)};
  const auto groups = static_cast<std::uint32_t>(std::clamp<std::int64_t>(count / kValues, 1, 4096));
  recorder_.dispatch("copy", {threads_}, args, {groups, 1, 1});
  recorder_.barrier();
}

}  // namespace glim::vulkan
