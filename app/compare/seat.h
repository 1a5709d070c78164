#pragma once

#include <chrono>
#include <memory>
#include <optional>

#include "app/compare/answer_text.h"
#include "app/compare/pane_setup.h"
#include "engine/engine.h"

namespace glim::app {

/// One pane's engine and what it is doing.
struct Seat {
  enum class Work : std::uint8_t { none, answer, score, graft };

  PaneSpec spec;
  Profile profile;  ///< of the spec, over what the loaded file recommends
  std::unique_ptr<Engine> engine;
  bool ready = false;
  SequenceId sequence = -1;
  Work work = Work::none;
  std::int32_t prompt = -1;  ///< that `work` belongs to
  std::optional<AnswerText> text;
  std::chrono::steady_clock::time_point load_began;

  bool idle() const { return ready && work == Work::none; }
  bool loading() const { return engine != nullptr && !ready; }
};

}  // namespace glim::app
