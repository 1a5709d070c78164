#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <vector>

namespace glim {

/// Counters of used energy that the system shows: those of whole processor packages under
/// class/powercap (RAPL), else energy sensors under class/hwmon. Source: Linux, Documentation/power/powercap
/// and Documentation/hwmon/sysfs-interface.
class EnergyMeter {
 public:
  explicit EnergyMeter(const std::filesystem::path& sys = "/sys");

  /// Joules since construction or the last call, of all counters together; nothing when there are none that
  /// may be read. Counters that went once around their range in between are understood.
  std::optional<double> take();

 private:
  struct Counter {
    std::filesystem::path file;
    std::uint64_t range = 0;  ///< 0: goes on for ever
    std::uint64_t last = 0;   ///< microjoules
  };
  bool add(const std::filesystem::path& file, const std::filesystem::path& range);

  std::vector<Counter> counters_;
};

}  // namespace glim
