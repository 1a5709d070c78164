#include "app/report/machine.h"

#include <algorithm>
#include <fstream>
#include <thread>

#include "app/store/provenance.h"
#include "engine/backends.h"
#include "engine/base/error.h"
#include "engine/base/folder.h"
#include "engine/base/memory_info.h"
#include "engine/base/text.h"

namespace glim::app::report {
namespace {

namespace fs = std::filesystem;

/// Empty when it cannot be read.
std::string first_line(const fs::path& file) {
  std::ifstream stream(file);
  std::string line;
  std::getline(stream, line);
  return line;
}

void add_limit(std::string& out, const std::string& name, const fs::path& microwatts,
               const std::string& which) {
  const std::string text = first_line(microwatts);
  if (text.empty() || text.size() > 15 || text.find_first_not_of("0123456789") != text.npos) return;
  out +=
      strf("%s%s %g W", out.empty() ? "" : ", ", name.c_str(), static_cast<double>(std::stoll(text)) / 1e6);
  if (!which.empty()) out += " (" + which + ")";
}

/// The device that a backend computes with when that is not the processor.
void add_device(std::vector<std::pair<std::string, std::string>>& out, std::string_view backend) {
  try {
    const DeviceChoice choice = device_choice(backend);
    if (choice.index < 0) return;
    for (const DeviceReport& device : devices().found) {
      if (device.label() != choice.label()) continue;
      out.emplace_back("device", device.name + " (" + device.kind + ")");
      out.emplace_back("driver", device.driver);
    }
  } catch (const Error&) {
    // Whoever computes with it says why it is not there.
  }
}

}  // namespace

std::string power_limits(const fs::path& sys) {
  std::string out;
  for (const fs::path& zone : folder_entries(sys / "class/powercap")) {
    const std::string folder = zone.filename().string();
    if (std::count(folder.begin(), folder.end(), ':') != 1) continue;  // parts of a package have two
    for (const char* number : {"0", "1"}) {
      const std::string constraint = std::string("constraint_") + number;
      std::string which = first_line(zone / (constraint + "_name"));
      std::replace(which.begin(), which.end(), '_', ' ');
      add_limit(out, first_line(zone / "name"), zone / (constraint + "_power_limit_uw"), which);
    }
  }
  for (const fs::path& chip : folder_entries(sys / "class/hwmon"))
    add_limit(out, first_line(chip / "name"), chip / "power1_cap", "");
  return out;
}

std::vector<std::pair<std::string, std::string>> machine_facts(std::string_view backend,
                                                               const fs::path& sys) {
  const MemoryInfo memory = memory_info();
  std::vector<std::pair<std::string, std::string>> out = {
      {"version", "glim " + this_build().label()},
      {"processor", processor_name()},
      {"kernel", kernel_name()},
      {"hardware threads", std::to_string(std::thread::hardware_concurrency())},
      {"memory", strf("%.1f GiB, %.1f GiB free", static_cast<double>(memory.total) / 0x1p30,
                      static_cast<double>(memory.available) / 0x1p30)}};
  add_device(out, backend);
  const std::string limits = power_limits(sys);
  out.emplace_back("power limits", limits.empty() ? "this system shows none" : limits);
  const std::string governor = first_line(sys / "devices/system/cpu/cpu0/cpufreq/scaling_governor");
  if (!governor.empty()) out.emplace_back("frequency governor", governor);
  return out;
}

}  // namespace glim::app::report
