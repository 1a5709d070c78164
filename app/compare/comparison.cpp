#include "app/compare/comparison.h"

#include <array>

namespace glim::app {
namespace {

template <typename Enum, std::size_t N>
const char* name_of(const std::array<const char*, N>& names, Enum value) {
  return names[static_cast<std::size_t>(value)];
}

constexpr std::array kModes = {"auto", "interleave", "sequential"};
constexpr std::array kPaneStates = {"waiting",    "preparing",  "loading", "ready",
                                    "prefilling", "generating", "scoring", "failed"};
constexpr std::array kAnswerStates = {"waiting", "running", "done", "stopped", "failed"};

}  // namespace

const char* compare_mode_name(CompareMode mode) {
  return name_of(kModes, mode);
}
const char* pane_state_name(PaneState state) {
  return name_of(kPaneStates, state);
}
const char* answer_state_name(AnswerState state) {
  return name_of(kAnswerStates, state);
}

}  // namespace glim::app
