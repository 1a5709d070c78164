#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "ui/canvas.h"
#include "ui/glyphs.h"

namespace glim::ui {

enum class RunState : std::uint8_t { idle, prefilling, generating, loading, stopping, failed, suspended };

/// The numbers of the status bar. What is not known is absent and takes no room; `gen_pending` shows an
/// ellipsis.
struct StatusData {
  RunState state = RunState::idle;
  std::optional<int> loading_percent;

  std::optional<double> gen_rate;    ///< tokens per second
  bool gen_pending = false;          ///< generating, but too few tokens yet for a rate
  std::optional<double> usual_rate;  ///< this profile's median, for the warning
  std::optional<double> prefill_rate;
  std::optional<double> prefill_done;  ///< fraction, while prefilling
  std::optional<double> prefill_eta;   ///< seconds
  std::optional<double> ttft;          ///< seconds

  std::int64_t ctx_used = 0;
  std::int64_t ctx_size = 0;      ///< 0: unknown
  std::int64_t draft_tokens = 0;  ///< of the message being written, 0: none or not counted

  bool memory_is_ram = false;      ///< the CPU backend: RAM instead of VRAM
  std::int64_t memory_used = 0;    ///< bytes
  std::int64_t memory_budget = 0;  ///< bytes; 0: unknown
  std::int64_t memory_total = 0;   ///< bytes; 0: do not show

  std::int64_t kv_used = 0;
  std::int64_t kv_size = 0;  ///< 0: no cache
  std::string kv_type;       ///< "q8_0", "f16/q8_0"

  int layers_on_device = 0;
  int layers = 0;  ///< shown only when some layers are not on the device
  std::int64_t weights = 0;
  std::optional<double> watts;
  std::optional<double> joules_per_token;
  bool power_stale = false;    ///< older than two seconds
  std::string backend_wide;    ///< "vulkan0 Radeon 8060S"
  std::string backend_narrow;  ///< "vk0"
  std::string profile;         ///< with "*" when changed
  std::string misc;            ///< "q1 seed 42"
  std::string message;         ///< replaces the fields for a moment: "press Ctrl-C again to quit"
  bool message_is_error = false;
};

/// One field: rows of the table in status_bar.cpp. A lower priority number is kept longer.
struct StatusField {
  const char* name;
  int priority;
  int group;  ///< fields of one group stand together; groups are separated by a line
  Spans (*wide)(const StatusData&, const GlyphSet&);
  Spans (*narrow)(const StatusData&, const GlyphSet&);
};

/// Starts with every field that has a value in its narrow form, drops the lowest priorities until the row
/// fits, then widens fields in the order of priority while it still fits. `with_memory` false leaves out what
/// the second row shows.
Spans status_line(const StatusData& data, int width, const GlyphSet& glyphs, bool with_memory = true);

/// The second row: memory as a meter, weights, backend.
Spans memory_line(const StatusData& data, int width, const GlyphSet& glyphs);

/// State and speed only, for the header of tiny terminals, and the rest for their last row.
Spans tiny_speed(const StatusData& data, const GlyphSet& glyphs);
Spans tiny_status(const StatusData& data);

/// One or two rows, by the height of `area`.
void draw_status(Canvas& canvas, const Rect& area, const StatusData& data, const GlyphSet& glyphs);

}  // namespace glim::ui
