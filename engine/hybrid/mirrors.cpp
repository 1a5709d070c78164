#include <algorithm>
#include <utility>

#include "engine/base/error.h"
#include "engine/hybrid/hybrid_ops.h"

namespace glim {

std::uint64_t Mirrors::add(const Buffer& buffer) {
  // What an earlier buffer at this address was, has gone with it.
  std::erase_if(twins_, [&](const Twin& twin) { return twin.own == &buffer; });
  std::erase_if(states_, [&](const State& state) { return state.buffer == &buffer; });
  if (buffer.host() != nullptr) return 0;
  twins_.push_back({&buffer, device_.allocate_shared(buffer.size(), "activations")});
  return buffer.size();
}

const Mirrors::Twin* Mirrors::twin_of(const Tensor& tensor) const {
  const auto found =
      std::find_if(twins_.begin(), twins_.end(), [&](const Twin& twin) { return twin.own == tensor.buffer; });
  return found != twins_.end() ? &*found : nullptr;
}

Mirrors::State& Mirrors::state_of(const Tensor& tensor) {
  const auto found = std::find_if(states_.begin(), states_.end(), [&](const State& state) {
    return state.buffer == tensor.buffer && state.offset == tensor.offset;
  });
  if (found != states_.end()) return *found;
  return states_.emplace_back(State{tensor.buffer, tensor.offset, {true, false}});
}

Tensor Mirrors::read(Side side, const Tensor& tensor) {
  const Twin* twin = twin_of(tensor);
  if (twin == nullptr) return tensor;
  Tensor shared = tensor;
  shared.buffer = twin->shared.get();
  bool& fresh = state_of(tensor).fresh[static_cast<std::size_t>(side)];
  if (!std::exchange(fresh, true)) {
    const bool to_device = side == Side::device;
    device_.ops().copy({.out = to_device ? tensor : shared, .x = to_device ? shared : tensor});
  }
  return side == Side::device ? tensor : shared;
}

Tensor Mirrors::write(Side side, const Tensor& tensor) {
  const Twin* twin = twin_of(tensor);
  if (twin == nullptr) return tensor;
  State& state = state_of(tensor);
  state.fresh[0] = side == Side::device;
  state.fresh[1] = side == Side::processor;
  Tensor seen = tensor;
  if (side == Side::processor) seen.buffer = twin->shared.get();
  return seen;
}

}  // namespace glim
