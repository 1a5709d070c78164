#include "engine/vulkan/recorder.h"

#include <algorithm>

#include "engine/base/error.h"

namespace glim::vulkan {
namespace {

constexpr std::uint32_t kMostGroups = 65535;

}  // namespace

Groups spread(std::uint64_t count, std::uint32_t third) {
  const std::uint64_t second = (count + kMostGroups - 1) / kMostGroups;
  GLIM_ASSERT(second <= kMostGroups && third <= kMostGroups);
  return {static_cast<std::uint32_t>((count + second - 1) / second), static_cast<std::uint32_t>(second),
          third};
}

void Recorder::dispatch(ModuleName module, const Constants& constants, std::span<const std::byte> args,
                        Groups groups) {
  if (waiting_.size() >= kAtOnce && pending_barrier_) {
    queue_.run(waiting_);
    waiting_.clear();
  }
  Dispatch& out = waiting_.emplace_back(Dispatch{module,
                                                 constants,
                                                 groups,
                                                 pending_barrier_,
                                                 static_cast<std::uint32_t>(args.size()),
                                                 {},
                                                 stage_,
                                                 layer_});
  std::copy(args.begin(), args.end(), out.args.begin());
  pending_barrier_ = false;
}

void Recorder::finish() {
  if (!waiting_.empty()) queue_.run(waiting_);
  waiting_.clear();
  pending_barrier_ = false;
  queue_.wait();
}

}  // namespace glim::vulkan
