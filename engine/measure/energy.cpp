#include "engine/measure/energy.h"

#include <algorithm>
#include <fstream>
#include <string>

#include "engine/base/folder.h"

namespace glim {
namespace {

namespace fs = std::filesystem;

std::optional<std::uint64_t> number_in(const fs::path& file) {
  std::ifstream stream(file);
  std::uint64_t value = 0;
  return stream >> value ? std::optional(value) : std::nullopt;
}

}  // namespace

EnergyMeter::EnergyMeter(const fs::path& sys) {
  // "intel-rapl:0" is a package, "intel-rapl:0:0" a part of one that it counts too.
  for (const fs::path& zone : folder_entries(sys / "class/powercap")) {
    const std::string name = zone.filename().string();
    if (std::count(name.begin(), name.end(), ':') == 1) add(zone / "energy_uj", zone / "max_energy_range_uj");
  }
  if (!counters_.empty()) return;
  for (const fs::path& chip : folder_entries(sys / "class/hwmon"))
    for (const fs::path& file : folder_entries(chip)) {
      const std::string name = file.filename().string();
      if (name.starts_with("energy") && name.ends_with("_input")) add(file, {});
    }
}

bool EnergyMeter::add(const fs::path& file, const fs::path& range) {
  const auto value = number_in(file);
  if (value) counters_.push_back({file, number_in(range).value_or(0), *value});
  return value.has_value();
}

std::optional<double> EnergyMeter::take() {
  if (counters_.empty()) return std::nullopt;
  double joules = 0;
  for (Counter& counter : counters_) {
    const auto now = number_in(counter.file);
    if (!now) return std::nullopt;
    std::uint64_t used = *now - counter.last;
    if (*now < counter.last) used = counter.range == 0 ? 0 : counter.range - counter.last + *now;
    joules += static_cast<double>(used) * 1e-6;
    counter.last = *now;
  }
  return joules;
}

}  // namespace glim
