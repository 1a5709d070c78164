#include "app/fit/spill.h"

#include <algorithm>
#include <array>

namespace glim::app {
namespace {

constexpr std::array<std::string_view, 3> kGroups = {"embedding", "routed experts", "all other weights"};

/// Place in kGroups. An embedding that is the output head too is read as a whole for every token.
std::size_t group_of(std::string_view tensor, bool head) {
  if (tensor == "token_embd.weight") return head ? 0 : 2;
  return tensor.find("_exps.") != tensor.npos ? 1 : 2;
}

}  // namespace

std::vector<SpilledGroup> spilled_groups(const GgufFile& file, const Plan& plan) {
  if (plan.fit() != Fit::spills) return {};
  const std::vector<GgufTensor>& tensors = file.tensors();
  const bool head = std::any_of(tensors.begin(), tensors.end(),
                                [](const GgufTensor& tensor) { return tensor.name == "output.weight"; });
  std::vector<SpilledGroup> out;
  for (const std::string_view name : kGroups) out.push_back({name, 0, 0, 0});
  for (const GgufTensor& tensor : tensors) {
    SpilledGroup& group = out[group_of(tensor.name, head)];
    ++group.tensors;
    group.bytes += tensor.bytes;
  }
  std::uint64_t excess = plan.total_bytes() - plan.available_bytes;
  for (SpilledGroup& group : out) {
    group.spilled = std::min(group.bytes, excess);
    excess -= group.spilled;
  }
  std::erase_if(out, [](const SpilledGroup& group) { return group.spilled == 0; });
  return out;
}

}  // namespace glim::app
