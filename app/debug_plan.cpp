#include "app/debug_plan.h"

#include <algorithm>
#include <span>

#include "app/text_table.h"
#include "engine/base/text.h"

namespace glim::app {
namespace {

using Dispatches = std::span<const ScheduledDispatch>;

bool same(const ScheduledDispatch& a, const ScheduledDispatch& b) {
  return a.stage == b.stage && a.shader == b.shader && a.groups == b.groups && a.barrier == b.barrier;
}

std::int64_t barriers_of(Dispatches dispatches) {
  return std::count_if(dispatches.begin(), dispatches.end(), [](const auto& d) { return d.barrier; });
}

/// Layers that do the same, ascending; none for what comes before and behind them.
struct Group {
  std::vector<std::int32_t> layers;
  Dispatches dispatches;  ///< of one of them
};

std::vector<Group> groups_of(Dispatches all) {
  std::vector<Group> out;
  for (std::size_t at = 0; at < all.size();) {
    std::size_t end = at;
    while (end < all.size() && all[end].layer == all[at].layer) ++end;
    const Dispatches part = all.subspan(at, end - at);
    const std::int32_t layer = part[0].layer;
    const auto known = std::ranges::find_if(out, [&](const Group& group) {
      return !group.layers.empty() && std::ranges::equal(group.dispatches, part, same);
    });
    if (layer < 0) {
      out.push_back({{}, part});
    } else if (known == out.end()) {
      out.push_back({{layer}, part});
    } else {
      known->layers.push_back(layer);
    }
    at = end;
  }
  return out;
}

/// "1-4, 7"
std::string ranges_text(const std::vector<std::int32_t>& numbers) {
  std::string out;
  for (std::size_t at = 0; at < numbers.size();) {
    std::size_t last = at;
    while (last + 1 < numbers.size() && numbers[last + 1] == numbers[last] + 1) ++last;
    out += strf(out.empty() ? "%d" : ", %d", numbers[at]);
    if (last > at) out += strf("-%d", numbers[last]);
    at = last + 1;
  }
  return out;
}

std::string title(const Group& group) {
  const std::string counts = strf("%zu dispatches, %lld barriers", group.dispatches.size(),
                                  static_cast<long long>(barriers_of(group.dispatches)));
  if (group.layers.empty()) return "outside of layers: " + counts;
  const bool one = group.layers.size() == 1;
  return (one ? "layer " : "layers ") + ranges_text(group.layers) + (one ? ": " : ", each: ") + counts;
}

}  // namespace

std::string schedule_text(const StepSchedule& schedule) {
  std::string out = "on " + printable(schedule.device) + "\n";
  for (const Group& group : groups_of(schedule.dispatches)) {
    TextTable table({{""}, {"stage"}, {"shader"}, {"workgroups", true}});
    for (const ScheduledDispatch& d : group.dispatches) {
      const auto& [x, y, z] = d.groups;
      table.add({d.barrier ? "  barrier" : "", d.stage, d.shader, strf("%u x %u x %u", x, y, z)});
    }
    out += "\n" + title(group) + "\n" + table.plain();
  }
  return out + strf("\n%zu dispatches and %lld barriers in all\n", schedule.dispatches.size(),
                    static_cast<long long>(barriers_of(schedule.dispatches)));
}

std::string schedule_json(const StepSchedule& schedule) {
  using Ordered = nlohmann::ordered_json;
  Ordered parts = Ordered::array();
  for (const Group& group : groups_of(schedule.dispatches)) {
    Ordered steps = Ordered::array();
    for (const ScheduledDispatch& d : group.dispatches)
      steps.push_back(
          {{"stage", d.stage}, {"shader", d.shader}, {"groups", d.groups}, {"barrier", d.barrier}});
    parts.push_back({{"layers", group.layers},
                     {"dispatches", group.dispatches.size()},
                     {"barriers", barriers_of(group.dispatches)},
                     {"steps", steps}});
  }
  const Ordered out = {{"device", schedule.device},
                       {"dispatches", schedule.dispatches.size()},
                       {"barriers", barriers_of(schedule.dispatches)},
                       {"parts", parts}};
  return out.dump(2, ' ', false, Ordered::error_handler_t::replace) + "\n";
}

int debug_plan(const ModelJob& job) {
  EngineOptions options;
  options.model = resolve_model(job.profile.model, job.places);
  if (const auto type = quant_from_name(job.profile.kv_type)) options.kv_type = *type;
  const StepSchedule schedule =
      step_schedule(options, std::max(job.arguments.rows, 1), std::max(job.arguments.depth, 0));
  write_out(job.console, job.arguments.json ? schedule_json(schedule) : schedule_text(schedule));
  return 0;
}

}  // namespace glim::app
