#include "engine/device_choice.h"

#include <algorithm>
#include <cctype>
#include <utility>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/text.h"

namespace glim {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) { return std::tolower(c); });
  return out;
}

bool on_vulkan(const DeviceReport& device) {
  return device.backend == "vulkan";
}

/// The order of kinds; higher is better.
int rank(const DeviceReport& device) {
  constexpr std::string_view kKinds[] = {"software", "virtual GPU", "integrated GPU", "discrete GPU"};
  const auto* found = std::find(std::begin(kKinds), std::end(kKinds), device.kind);
  return found == std::end(kKinds) ? 1 : static_cast<int>(found - kKinds);
}

DeviceChoice choice_of(const DeviceReport& device) {
  if (!device.missing.empty())
    throw Error(ErrorCode::E301, strf("%s cannot be used: %s; update its driver or use --backend cpu",
                                      printable(device.name).c_str(), device.missing.front().c_str()));
  return {device.backend, device.index, device.name, {}};
}

std::string names_of(const std::vector<const DeviceReport*>& devices) {
  std::string out;
  for (const DeviceReport* device : devices) {
    out += (out.empty() ? "" : ", ") + device->label() + " (" + printable(device->name) + ")";
  }
  return out;
}

/// Better devices first.
std::vector<const DeviceReport*> ranked(std::span<const DeviceReport> devices) {
  std::vector<const DeviceReport*> out;
  for (const DeviceReport& device : devices)
    if (on_vulkan(device)) out.push_back(&device);
  std::stable_sort(out.begin(), out.end(), [](const DeviceReport* a, const DeviceReport* b) {
    return std::pair(rank(*a), device_memory(*a)) > std::pair(rank(*b), device_memory(*b));
  });
  return out;
}

DeviceChoice automatic(std::span<const DeviceReport> devices, bool (*verified)(const DeviceReport&)) {
  DeviceChoice out;
  for (const DeviceReport* device : ranked(devices)) {
    if (rank(*device) == 0) continue;
    if (device->missing.empty() && verified(*device)) return choice_of(*device);
    if (!out.note.empty()) continue;
    out.note =
        device->missing.empty()
            ? strf(
                  "%s is there, but its results have not been checked: run glim devices --verify "
                  "once, and it is used",
                  printable(device->name).c_str())
            : strf("%s cannot be used: %s", printable(device->name).c_str(), device->missing.front().c_str());
  }
  return out;
}

/// The first of the best kind that can compute.
DeviceChoice best_vulkan(std::span<const DeviceReport> devices) {
  std::string refused;
  for (const DeviceReport* device : ranked(devices)) {
    if (device->missing.empty()) return choice_of(*device);
    refused = strf("; %s cannot be used: %s", printable(device->name).c_str(), device->missing[0].c_str());
  }
  throw Error(ErrorCode::E301,
              strf("no Vulkan device of this machine can run glim%s; install or update its driver "
                   "(mesa-vulkan-drivers), or use --backend cpu",
                   refused.c_str()));
}

DeviceChoice named(std::string_view wanted, std::span<const DeviceReport> devices) {
  const std::string text = lower(wanted);
  std::vector<const DeviceReport*> all, found;
  for (const DeviceReport& device : devices) {
    if (device.label() == text || (!device.uuid.empty() && device.uuid == text)) return choice_of(device);
    all.push_back(&device);
    if (lower(device.name).find(text) != std::string::npos) found.push_back(&device);
  }
  if (found.size() == 1) return choice_of(*found.front());
  if (found.empty())
    throw Error(ErrorCode::E301, strf("no device matches \"%s\"; there are auto, vulkan, reference and %s",
                                      printable(wanted, 60).c_str(), names_of(all).c_str()));
  throw Error(ErrorCode::E301, strf("\"%s\" matches %zu devices: %s; use the name before one of them",
                                    printable(wanted, 60).c_str(), found.size(), names_of(found).c_str()));
}

}  // namespace

DeviceChoice choose_device(std::string_view wanted, std::span<const DeviceReport> devices,
                           std::string_view problem, bool (*verified)(const DeviceReport&)) {
  if (wanted == "auto") return automatic(devices, verified);
  if (wanted.starts_with("vulkan") && !problem.empty())
    throw Error(ErrorCode::E301, std::string(problem) + "; or use --backend cpu");
  if (wanted == "vulkan") return best_vulkan(devices);
  if (wanted == "cpu" || wanted == "reference") return {std::string(wanted), -1, {}, {}};
  if (wanted.empty()) throw Error(ErrorCode::E301, "the name of the device is empty; see glim devices");
  return named(wanted, devices);
}

std::uint64_t device_memory(const DeviceReport& device) {
  std::uint64_t most = 0;
  for (const DeviceReport::Heap& heap : device.heaps)
    if (heap.on_device) most = std::max(most, heap.budget > 0 ? heap.budget : heap.bytes);
  return most;
}

}  // namespace glim
