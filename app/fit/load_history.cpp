#include "app/fit/load_history.h"

#include <algorithm>
#include <cmath>
#include <ctime>

#include <nlohmann/json.hpp>

#include "app/store/provenance.h"
#include "app/store/result_store.h"
#include "app/text_table.h"
#include "engine/base/error.h"
#include "engine/base/text.h"

namespace glim::app {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kKind = "load";

Json json_of(const MemoryBytes& bytes) {
  return {{"weight_bytes", bytes.weights},
          {"kv_bytes", bytes.cache},
          {"scratch_bytes", bytes.scratch},
          {"total_bytes", bytes.total()}};
}

/// What another version of the program wrote may lack any of it.
MemoryBytes memory_from(const Json& result, const char* name) {
  const Json part = result.value(name, Json::object());
  return {part.value("weight_bytes", std::uint64_t{0}), part.value("kv_bytes", std::uint64_t{0}),
          part.value("scratch_bytes", std::uint64_t{0})};
}

std::string time_text(std::int64_t seconds) {
  const std::time_t time = seconds;
  std::tm parts = {};
  char text[32] = "";
  if (::localtime_r(&time, &parts) != nullptr) std::strftime(text, sizeof text, "%Y-%m-%d %H:%M", &parts);
  return text;
}

/// Of the sizes of the errors.
double median_error(const std::vector<LoadRecord>& loads) {
  if (loads.empty()) return 0;
  std::vector<double> errors;
  for (const LoadRecord& load : loads) errors.push_back(std::fabs(load.error()));
  std::sort(errors.begin(), errors.end());
  const std::size_t half = errors.size() / 2;
  return errors.size() % 2 == 1 ? errors[half] : (errors[half - 1] + errors[half]) / 2;
}

std::string gib_text(std::uint64_t bytes) {
  return strf("%.4f", static_cast<double>(bytes) / (1u << 30));
}

}  // namespace

double LoadRecord::error() const {
  if (planned.total() == 0) return 0;
  return static_cast<double>(actual.total()) / static_cast<double>(planned.total()) - 1;
}

void record_load(const std::filesystem::path& data_folder, const std::string& model, const Engine& engine) {
  const Stats stats = engine.stats();
  if (stats.planned.total() == 0) return;
  Measurement load = provenance(kKind, model);
  load.quant = engine.card().format;
  load.settings = {{"ctx", stats.ctx}, {"kv_type", std::string(quant(stats.kv_type).name)}};
  LoadRecord record;
  record.planned = stats.planned;
  record.actual = stats.actual;
  const auto figure = [&](const char* name, double value, const char* unit) {
    load.figures.push_back({.name = name, .value = value, .unit = unit, .better = Figure::Better::neither});
  };
  figure("planned memory", static_cast<double>(stats.planned.total()), "B");
  figure("actual memory", static_cast<double>(stats.actual.total()), "B");
  figure("error", 100 * record.error(), "%");
  load.result = {{"planned", json_of(stats.planned)}, {"actual", json_of(stats.actual)}};
  try {
    ResultStore(data_folder).add(load);
  } catch (const Error&) {
    // Said by whoever asks for the history.
  }
}

std::vector<LoadRecord> recorded_loads(const std::filesystem::path& data_folder) {
  std::vector<LoadRecord> out;
  MeasurementFilter filter;
  filter.kind = kKind;
  for (const Measurement& load : ResultStore(data_folder).query(filter)) {
    LoadRecord record;
    record.time = load.time;
    record.model = load.model;
    record.kv_type = load.settings.value("kv_type", std::string());
    record.ctx = load.settings.value("ctx", 0);
    record.planned = memory_from(load.result, "planned");
    record.actual = memory_from(load.result, "actual");
    out.push_back(std::move(record));
  }
  return out;
}

std::string history_text(const std::vector<LoadRecord>& loads) {
  if (loads.empty()) return "no model has been loaded yet\n";
  TextTable table({{"loaded"},
                   {"context", true},
                   {"KV"},
                   {"planned GiB", true},
                   {"actual GiB", true},
                   {"error %", true},
                   {"model"}});
  for (const LoadRecord& load : loads)
    table.add({time_text(load.time), std::to_string(load.ctx), printable(load.kv_type),
               gib_text(load.planned.total()), gib_text(load.actual.total()),
               strf("%+.2f", 100 * load.error()), printable(load.model)});
  return table.plain() + strf("median error %.2f %% of %zu loads\n", 100 * median_error(loads), loads.size());
}

std::string history_json(const std::vector<LoadRecord>& loads) {
  Json list = Json::array();
  for (const LoadRecord& load : loads)
    list.push_back({{"time", load.time},
                    {"model", load.model},
                    {"ctx", load.ctx},
                    {"kv_type", load.kv_type},
                    {"planned", json_of(load.planned)},
                    {"actual", json_of(load.actual)},
                    {"error", load.error()}});
  const Json out = {{"loads", std::move(list)}, {"median_error", median_error(loads)}};
  return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace glim::app
