#include "app/debug_plan.h"

#include <algorithm>
#include <functional>
#include <span>

#include "app/measure_job.h"
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
  Dispatches dispatches;        ///< of one of them
  std::vector<double> seconds;  ///< of all of them together
  double microseconds(std::size_t i) const {
    return 1e6 * seconds[i] / static_cast<double>(std::max<std::size_t>(layers.size(), 1));
  }
};

std::vector<double> seconds_of(Dispatches dispatches) {
  std::vector<double> out;
  for (const ScheduledDispatch& d : dispatches) out.push_back(d.seconds);
  return out;
}

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
      out.push_back({{}, part, seconds_of(part)});
    } else if (known == out.end()) {
      out.push_back({{layer}, part, seconds_of(part)});
    } else {
      known->layers.push_back(layer);
      for (std::size_t i = 0; i < part.size(); ++i) known->seconds[i] += part[i].seconds;
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

struct StageTime {
  std::string stage;
  double seconds = 0;
};

/// The stages of a step, the longest first; empty where nobody measured.
std::vector<StageTime> stage_times(Dispatches dispatches) {
  std::vector<StageTime> out;
  for (const ScheduledDispatch& d : dispatches) {
    if (d.seconds <= 0) continue;
    auto known = std::ranges::find(out, d.stage, &StageTime::stage);
    if (known == out.end()) known = out.insert(out.end(), {d.stage});
    known->seconds += d.seconds;
  }
  std::ranges::sort(out, std::ranges::greater{}, &StageTime::seconds);
  return out;
}

double total(const std::vector<StageTime>& stages) {
  double sum = 0;
  for (const StageTime& stage : stages) sum += stage.seconds;
  return sum;
}

std::string group_table(const Group& group, bool timed) {
  std::vector<TextTable::Column> columns = {{""}, {"stage"}, {"shader"}, {"workgroups", true}};
  if (timed) columns.push_back({"µs", true});
  TextTable table(columns);
  for (std::size_t i = 0; i < group.dispatches.size(); ++i) {
    const ScheduledDispatch& d = group.dispatches[i];
    const auto& [x, y, z] = d.groups;
    std::vector<std::string> row = {d.barrier ? "  barrier" : "", d.stage, d.shader,
                                    strf("%u x %u x %u", x, y, z)};
    if (timed) row.push_back(strf("%.1f", group.microseconds(i)));
    table.add(row);
  }
  return table.plain();
}

std::string stage_table(const std::vector<StageTime>& stages) {
  TextTable table({{"stage"}, {"µs", true}, {"share", true}});
  const double sum = total(stages);
  for (const StageTime& stage : stages)
    table.add({stage.stage, strf("%.1f", 1e6 * stage.seconds), strf("%.1f %%", 100 * stage.seconds / sum)});
  return "\nthe whole step, " + strf("%.3f ms when every dispatch has the device to itself\n", 1e3 * sum) +
         table.plain();
}

}  // namespace

std::string schedule_text(const StepSchedule& schedule) {
  std::string out = "on " + printable(schedule.device) + "\n";
  const std::vector<StageTime> stages = stage_times(schedule.dispatches);
  for (const Group& group : groups_of(schedule.dispatches))
    out += "\n" + title(group) + "\n" + group_table(group, !stages.empty());
  if (!stages.empty()) out += stage_table(stages);
  return out + strf("\n%zu dispatches and %lld barriers in all\n", schedule.dispatches.size(),
                    static_cast<long long>(barriers_of(schedule.dispatches)));
}

std::string schedule_json(const StepSchedule& schedule) {
  using Ordered = nlohmann::ordered_json;
  Ordered parts = Ordered::array();
  for (const Group& group : groups_of(schedule.dispatches)) {
    Ordered steps = Ordered::array();
    for (std::size_t i = 0; i < group.dispatches.size(); ++i) {
      const ScheduledDispatch& d = group.dispatches[i];
      steps.push_back(
          {{"stage", d.stage}, {"shader", d.shader}, {"groups", d.groups}, {"barrier", d.barrier}});
      if (d.seconds > 0) steps.back()["microseconds"] = group.microseconds(i);
    }
    parts.push_back({{"layers", group.layers},
                     {"dispatches", group.dispatches.size()},
                     {"barriers", barriers_of(group.dispatches)},
                     {"steps", steps}});
  }
  Ordered out = {{"device", schedule.device},
                 {"dispatches", schedule.dispatches.size()},
                 {"barriers", barriers_of(schedule.dispatches)},
                 {"parts", parts}};
  const std::vector<StageTime> stages = stage_times(schedule.dispatches);
  for (const StageTime& stage : stages)
    out["stages"].push_back({{"stage", stage.stage},
                             {"microseconds", 1e6 * stage.seconds},
                             {"share", stage.seconds / total(stages)}});
  return out.dump(2, ' ', false, Ordered::error_handler_t::replace) + "\n";
}

int debug_plan(const ModelJob& job) {
  EngineOptions options;
  options.model = resolve_model(job.profile.model, job.places);
  if (const auto type = quant_from_name(job.profile.kv_type)) options.kv_type = *type;
  options.backend = backend_of(job.profile);
  options.threads = job.profile.threads;
  const std::int32_t rows = std::max(job.arguments.rows, 1), depth = std::max(job.arguments.depth, 0);
  StopOnSignal stop(job.signals);
  StepSchedule schedule;
  try {
    schedule = job.arguments.time
                   ? timed_step(options, rows, depth, job.arguments.repetitions, [&] { return stop.go_on(); })
                   : step_schedule(options, rows, depth);
  } catch (const Error&) {
    if (stop.status() != 0) return stop.status();
    throw;
  }
  write_out(job.console, job.arguments.json ? schedule_json(schedule) : schedule_text(schedule));
  return 0;
}

}  // namespace glim::app
