#pragma once

#include <array>
#include <cstdint>
#include <string>

namespace glim {

/// One dispatch of a step on a graphics card.
struct ScheduledDispatch {
  std::string stage;   ///< of ops.h
  std::string shader;  ///< with the format it is for
  std::int32_t layer;  ///< -1 outside of layers
  std::array<std::uint32_t, 3> groups;
  bool barrier;        ///< waits for all dispatches before it
  double seconds = 0;  ///< that it took alone on the device; 0 where nobody measured
};

}  // namespace glim
