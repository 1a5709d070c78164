#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace glim {

/// What a backend can compute with on this machine, for people and scripts.
struct DeviceReport {
  struct Heap {
    std::uint64_t bytes;
    std::uint64_t
        budget;  ///< what this process may still take as the driver sees it; 0 where it does not say
    bool on_device;
  };
  struct Feature {
    std::string name;
    bool present, used;
  };

  std::string backend;       ///< as --backend takes it
  std::string name;          ///< of the processor or graphics card
  std::string kind;          ///< "processor", "discrete GPU", "integrated GPU", "virtual GPU", "software"
  std::int32_t index = -1;   ///< of several devices of a backend, in the order of its drivers
  std::string uuid;          ///< 32 digits; empty for a processor
  std::string driver;        ///< with version; for the processor the instruction set
  std::int32_t threads = 0;  ///< of a processor
  std::vector<Heap> heaps;   ///< in bytes
  std::int32_t subgroup_min = 0, subgroup_max = 0;  ///< threads that compute in step; 0 where there are none
  std::vector<Feature> features;
  std::vector<std::string> missing;  ///< why the device cannot be used; empty when it can

  /// What names it on the command line: "cpu", "vulkan0".
  std::string label() const { return index < 0 ? backend : backend + std::to_string(index); }
};

}  // namespace glim
