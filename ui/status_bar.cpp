#include "ui/status_bar.h"

#include <algorithm>
#include <array>
#include <utility>

#include "engine/base/text.h"
#include "ui/numbers.h"
#include "ui/text_layout.h"

namespace glim::ui {
namespace {

std::string_view sign_of(RunState state, const GlyphSet& g) {
  switch (state) {
    case RunState::idle:
      return g.idle;
    case RunState::prefilling:
      return g.prefilling;
    case RunState::generating:
      return g.generating;
    case RunState::loading:
      return g.loading;
    case RunState::stopping:
      return g.stopped;
    case RunState::failed:
      return g.failed;
    case RunState::suspended:
      return g.suspended;
  }
  return g.unknown;
}

Spans plain(std::string text, Ink ink = Style::status) {
  if (text.empty()) return {};
  return {{std::move(text), ink}};
}

double part_of(std::int64_t part, std::int64_t whole) {
  return whole <= 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

Ink level(double fraction, double warn, double bad) {
  return fraction >= bad ? Style::status_bad : fraction >= warn ? Style::status_warn : Style::status;
}

Spans state_field(const StatusData& d, const GlyphSet& g) {
  const Ink ink = d.state == RunState::failed ? Style::status_bad : Style::accent;
  std::string text(sign_of(d.state, g));
  if (d.state == RunState::loading) text += " loading";
  if (d.state == RunState::loading && d.loading_percent) text += strf(" %d%%", *d.loading_percent);
  if (d.state == RunState::stopping) text += " stopping";
  return plain(std::move(text), ink);
}

Spans gen_field(const StatusData& d, const GlyphSet& g, const char* before, const char* after) {
  if (!d.gen_rate && !d.gen_pending) return {};
  const std::string value = d.gen_rate ? rate(*d.gen_rate) : std::string(g.ellipsis);
  const bool slow = d.gen_rate && d.usual_rate && *d.gen_rate < 0.7 * *d.usual_rate;
  return plain(before + value + after, slow ? Style::status_warn : Style::status);
}

Spans gen_wide(const StatusData& d, const GlyphSet& g) {
  return gen_field(d, g, "gen ", " t/s");
}
Spans gen_narrow(const StatusData& d, const GlyphSet& g) {
  return gen_field(d, g, "", "t/s");
}

Spans prefill_wide(const StatusData& d, const GlyphSet&) {
  if (!d.prefill_rate && !d.prefill_done) return {};
  std::string text = "pp";
  if (d.prefill_done) text += " " + percent(*d.prefill_done);
  if (d.prefill_rate) text += " " + rate(*d.prefill_rate) + " t/s";
  if (d.prefill_done && d.prefill_eta) text += strf(" ETA %.0fs", *d.prefill_eta);
  return plain(std::move(text));
}

Spans prefill_narrow(const StatusData& d, const GlyphSet&) {
  if (d.prefill_done) return plain("pp " + percent(*d.prefill_done));
  return d.prefill_rate ? plain("pp " + rate(*d.prefill_rate)) : Spans{};
}

Spans ctx_field(const StatusData& d, const std::string& used, const std::string& size) {
  if (d.ctx_size <= 0) return {};
  const double part = part_of(d.ctx_used, d.ctx_size);
  const double with_draft = part_of(d.ctx_used + d.draft_tokens, d.ctx_size);
  std::string text = "ctx " + used;
  if (d.draft_tokens > 0) text += "+" + tokens_short(d.draft_tokens);
  text += "/" + size + " " + percent(part);
  if (with_draft >= 1 && d.draft_tokens > 0)
    text += " too long";
  else if (with_draft >= 0.9)
    text += " full soon";
  return plain(std::move(text), level(with_draft, 0.75, 0.9));
}

Spans ctx_wide(const StatusData& d, const GlyphSet& g) {
  return ctx_field(d, tokens_long(d.ctx_used, g), tokens_long(d.ctx_size, g));
}
Spans ctx_narrow(const StatusData& d, const GlyphSet&) {
  return ctx_field(d, tokens_short(d.ctx_used), tokens_short(d.ctx_size));
}

const char* memory_name(const StatusData& d) {
  return d.memory_is_ram ? "RAM " : "VRAM ";
}

Ink memory_ink(const StatusData& d) {
  return d.memory_budget > 0 ? level(part_of(d.memory_used, d.memory_budget), 0.9, 0.97) : Style::status;
}

Spans memory_wide(const StatusData& d, const GlyphSet&) {
  if (d.memory_used <= 0) return {};
  std::string text = memory_name(d);
  if (d.memory_budget <= 0) return plain(text + bytes_long(d.memory_used), memory_ink(d));
  text += bytes_of_long(d.memory_used, d.memory_budget);
  if (d.memory_total > 0)
    text.insert(text.rfind(' '), "/" + bytes_of_long(d.memory_total, d.memory_total).substr(0, 4));
  return plain(text + " " + percent(part_of(d.memory_used, d.memory_budget)), memory_ink(d));
}

Spans memory_narrow(const StatusData& d, const GlyphSet&) {
  if (d.memory_used <= 0) return {};
  if (d.memory_budget <= 0) return plain(memory_name(d) + bytes_short(d.memory_used), memory_ink(d));
  return plain(memory_name(d) + bytes_of_short(d.memory_used, d.memory_budget) + " " +
                   percent(part_of(d.memory_used, d.memory_budget)),
               memory_ink(d));
}

Spans ttft_field(const StatusData& d, const GlyphSet&) {
  return d.ttft ? plain("ttft " + duration(*d.ttft)) : Spans{};
}

Spans kv_field(const StatusData& d, const std::string& bytes) {
  if (d.kv_size <= 0) return {};
  return plain("KV " + bytes + (d.kv_type.empty() ? "" : " " + d.kv_type));
}
Spans kv_wide(const StatusData& d, const GlyphSet&) {
  return kv_field(d, bytes_of_long(d.kv_used, d.kv_size));
}
Spans kv_narrow(const StatusData& d, const GlyphSet&) {
  return kv_field(d, bytes_of_short(d.kv_used, d.kv_size));
}

bool spilled(const StatusData& d) {
  return d.layers_on_device < d.layers;
}

Spans split_wide(const StatusData& d, const GlyphSet&) {
  if (!spilled(d)) return {};
  return plain(
      strf("GPU %d/%d layers CPU %d spilled", d.layers_on_device, d.layers, d.layers - d.layers_on_device),
      Style::status_warn);
}
Spans split_narrow(const StatusData& d, const GlyphSet&) {
  return spilled(d) ? plain(strf("%d/%dL spilled", d.layers_on_device, d.layers), Style::status_warn)
                    : Spans{};
}

Spans weights_wide(const StatusData& d, const GlyphSet&) {
  return d.weights > 0 ? plain("weights " + bytes_long(d.weights)) : Spans{};
}
Spans weights_narrow(const StatusData& d, const GlyphSet&) {
  return d.weights > 0 ? plain("W " + bytes_short(d.weights)) : Spans{};
}

Spans power_field(const StatusData& d, const char* format, const char* energy) {
  if (!d.watts) return {};
  std::string text = strf(format, *d.watts) + (d.power_stale ? "?" : "");
  if (d.joules_per_token) text += strf(energy, *d.joules_per_token);
  return plain(std::move(text));
}
Spans power_wide(const StatusData& d, const GlyphSet&) {
  return power_field(d, "%.0f W", " %.2f J/tok");
}
Spans power_narrow(const StatusData& d, const GlyphSet&) {
  return power_field(d, "%.0fW", " %.1fJ/t");
}

Spans backend_wide(const StatusData& d, const GlyphSet&) {
  return plain(d.backend_wide);
}
Spans backend_narrow(const StatusData& d, const GlyphSet&) {
  return plain(d.backend_narrow);
}
Spans profile_field(const StatusData& d, const GlyphSet&) {
  return plain(d.profile);
}
Spans misc_field(const StatusData& d, const GlyphSet&) {
  return plain(d.misc);
}

/// In the order of the row; the priority says what goes first when there is no room.
constexpr std::array kFields = {
    StatusField{"state", 1, 0, state_field, state_field},
    StatusField{"gen", 2, 0, gen_wide, gen_narrow},
    StatusField{"prefill", 3, 0, prefill_wide, prefill_narrow},
    StatusField{"ttft", 6, 0, ttft_field, ttft_field},
    StatusField{"ctx", 4, 1, ctx_wide, ctx_narrow},
    StatusField{"KV", 7, 2, kv_wide, kv_narrow},
    StatusField{"memory", 5, 3, memory_wide, memory_narrow},
    StatusField{"split", 8, 3, split_wide, split_narrow},
    StatusField{"weights", 9, 3, weights_wide, weights_narrow},
    StatusField{"power", 10, 4, power_wide, power_narrow},
    StatusField{"backend", 11, 5, backend_wide, backend_narrow},
    StatusField{"profile", 12, 5, profile_field, profile_field},
    StatusField{"misc", 13, 6, misc_field, misc_field},
};

constexpr std::array kSecondRow = {"memory", "weights", "backend"};

/// One field of the row being put together.
struct Chosen {
  const StatusField* field;
  Spans spans;
};

int gap_before(const std::vector<Chosen>& row, std::size_t i) {
  if (i == 0) return 0;
  if (row[i - 1].field->priority == 1) return 1;
  return row[i].field->group == row[i - 1].field->group ? 2 : 3;
}

int width_of(const std::vector<Chosen>& row) {
  int width = 0;
  for (std::size_t i = 0; i < row.size(); ++i) width += gap_before(row, i) + display_width(row[i].spans);
  return width;
}

Spans join(const std::vector<Chosen>& row, const GlyphSet& g) {
  Spans out;
  for (std::size_t i = 0; i < row.size(); ++i) {
    const int gap = gap_before(row, i);
    if (gap == 3)
      out.push_back({" " + std::string(g.vertical) + " ", Style::rule});
    else if (gap > 0)
      out.push_back({std::string(static_cast<std::size_t>(gap), ' '), Style::status});
    out.insert(out.end(), row[i].spans.begin(), row[i].spans.end());
  }
  return out;
}

}  // namespace

Spans status_line(const StatusData& data, int width, const GlyphSet& glyphs, bool with_memory) {
  if (!data.message.empty())
    return plain(fit(data.message, width, glyphs.ellipsis),
                 data.message_is_error ? Style::status_bad : Style::notice);
  std::vector<Chosen> row;
  for (const StatusField& field : kFields) {
    const bool elsewhere = !with_memory && std::find(kSecondRow.begin(), kSecondRow.end(),
                                                     std::string_view(field.name)) != kSecondRow.end();
    Spans spans = elsewhere ? Spans{} : field.narrow(data, glyphs);
    if (!spans.empty()) row.push_back({&field, std::move(spans)});
  }
  const auto by_priority = [](const Chosen& a, const Chosen& b) {
    return a.field->priority < b.field->priority;
  };
  while (row.size() > 1 && width_of(row) > width)
    row.erase(std::max_element(row.begin(), row.end(), by_priority));
  std::vector<Chosen*> order;
  for (Chosen& chosen : row) order.push_back(&chosen);
  std::sort(order.begin(), order.end(),
            [&](const Chosen* a, const Chosen* b) { return by_priority(*a, *b); });
  for (Chosen* chosen : order) {
    Spans narrow = std::exchange(chosen->spans, chosen->field->wide(data, glyphs));
    if (width_of(row) > width) chosen->spans = std::move(narrow);
  }
  return join(row, glyphs);
}

Spans memory_line(const StatusData& data, int width, const GlyphSet& glyphs) {
  constexpr int kMeter = 20;
  Spans out;
  const double part = part_of(data.memory_used, data.memory_budget);
  if (data.memory_used > 0) {
    out.push_back({"  ", Style::status});
    if (data.memory_budget > 0) {
      const std::string bar = meter(part, kMeter, glyphs);
      const auto full = static_cast<std::size_t>(part >= 1 ? kMeter : static_cast<int>(part * kMeter + 0.5));
      const std::size_t cut = full * glyphs.full.size();
      out.push_back(
          {memory_name(data) + bytes_of_short(data.memory_used, data.memory_budget) + " ", memory_ink(data)});
      out.push_back({bar.substr(0, cut), Style::meter});
      out.push_back({bar.substr(cut), Style::meter_empty});
      out.push_back({" " + percent(part), memory_ink(data)});
    } else {
      out.push_back({memory_name(data) + bytes_short(data.memory_used), Style::status});
    }
  }
  const auto add = [&](const std::string& text) {
    if (text.empty() || display_width(out) + 2 + display_width(text) > width) return false;
    out.push_back({"  " + text, Style::status});
    return true;
  };
  if (data.weights > 0) add("weights " + bytes_short(data.weights));
  if (!add(data.backend_wide)) add(data.backend_narrow);
  return out;
}

Spans tiny_speed(const StatusData& data, const GlyphSet& glyphs) {
  Spans out = state_field(data, glyphs);
  const Spans speed =
      data.state == RunState::prefilling ? prefill_narrow(data, glyphs) : gen_narrow(data, glyphs);
  if (!speed.empty()) out.push_back({" ", Style::status});
  out.insert(out.end(), speed.begin(), speed.end());
  return out;
}

Spans tiny_status(const StatusData& data) {
  if (!data.message.empty())
    return plain(data.message, data.message_is_error ? Style::status_bad : Style::notice);
  Spans out;
  const auto add = [&](std::string text, Ink ink) {
    if (!out.empty()) out.push_back({"  ", Style::status});
    out.push_back({std::move(text), ink});
  };
  const double ctx = part_of(data.ctx_used, data.ctx_size),
               memory = part_of(data.memory_used, data.memory_budget);
  if (data.ctx_size > 0) add("ctx " + percent(ctx), level(ctx, 0.75, 0.9));
  if (data.memory_budget > 0) add(memory_name(data) + percent(memory), memory_ink(data));
  return out;
}

void draw_status(Canvas& canvas, const Rect& area, const StatusData& data, const GlyphSet& glyphs) {
  if (area.empty()) return;
  const int end = area.col + area.width;
  canvas.put({area.row, area.col}, status_line(data, area.width, glyphs, area.height < 2), end);
  if (area.height >= 2) canvas.put({area.row + 1, area.col}, memory_line(data, area.width, glyphs), end);
}

}  // namespace glim::ui
