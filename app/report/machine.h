#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace glim::app::report {

/// What a number was measured with, for block L: build, processor, kernel, memory, the device and its driver
/// where it is not the processor, and limits of power and frequency that the system shows below `sys`.
/// `backend` is a name of --backend; one that is none adds no device.
std::vector<std::pair<std::string, std::string>> machine_facts(std::string_view backend,
                                                               const std::filesystem::path& sys = "/sys");

/// "package-0 65 W (long term)", one for each limit, with commas between them: of processors as RAPL gives
/// them, of cards as their hwmon sensors do. Empty where the system shows none. Source: Linux,
/// Documentation/power/powercap and Documentation/hwmon/sysfs-interface (power1_cap).
std::string power_limits(const std::filesystem::path& sys);

}  // namespace glim::app::report
