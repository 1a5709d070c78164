#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ui/canvas.h"
#include "ui/glyphs.h"

namespace glim::ui {

enum class StageState : std::uint8_t { waiting, running, done, failed };

/// One step of loading a model. A step whose length is not known shows elapsed time and no percentage.
struct LoadingStage {
  std::string name;
  StageState state = StageState::waiting;
  std::optional<double> seconds;
  std::optional<double> fraction;    ///< while running
  std::string note;                  ///< "GGUF v3, 844 tensors, deepseek2"
  std::vector<std::string> details;  ///< rows below it while it runs
};

struct LoadingData {
  std::string profile;
  std::string model;
  std::string target;  ///< "vulkan0  Radeon 8060S"
  std::int64_t bytes = 0;
  std::vector<LoadingStage> stages;
  std::optional<double> total_fraction;
  double total_seconds = 0;
  std::optional<double> last_time_seconds;
};

void draw_loading(Canvas& canvas, const Rect& area, const LoadingData& data, const GlyphSet& glyphs);

}  // namespace glim::ui
