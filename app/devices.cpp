#include "app/devices.h"

#include <nlohmann/json.hpp>

#include "engine/base/text.h"
#include "engine/verified_devices.h"

namespace glim::app {
namespace {

std::string gib(std::uint64_t bytes) {
  return strf("%.1f GiB", static_cast<double>(bytes) / 0x1p30);
}

std::string heap_text(const DeviceReport::Heap& heap, const DeviceReport& device) {
  const char* place = device.threads > 0 ? "memory" : heap.on_device ? "device memory" : "host memory";
  std::string line = strf("  %s %s", place, gib(heap.bytes).c_str());
  if (heap.budget > 0) line += strf(", %s free", gib(heap.budget).c_str());
  return line + "\n";
}

std::string device_text(const DeviceReport& device) {
  std::string out =
      strf("%s: %s (%s)\n", device.label().c_str(), printable(device.name).c_str(), device.kind.c_str());
  if (device.threads > 0) {
    out += strf("  %s, %d thread%s\n", printable(device.driver).c_str(), device.threads,
                device.threads == 1 ? "" : "s");
  } else {
    out += strf("  driver %s\n", printable(device.driver).c_str());
  }
  for (const DeviceReport::Heap& heap : device.heaps) out += heap_text(heap, device);
  if (device.subgroup_max > 0) {
    out += device.subgroup_min == device.subgroup_max
               ? strf("  subgroups of %d threads\n", device.subgroup_max)
               : strf("  subgroups of %d to %d threads\n", device.subgroup_min, device.subgroup_max);
  }
  for (const DeviceReport::Feature& feature : device.features) {
    const char* state = feature.used ? "used" : feature.present ? "there, not used" : "no";
    out += strf("  %s: %s\n", feature.name.c_str(), state);
  }
  if (device.index >= 0 && device.missing.empty())
    out += is_verified(device) ? "  results checked\n" : "  results not checked yet (--verify)\n";
  for (const std::string& reason : device.missing)
    out += strf("  cannot be used: %s\n", printable(reason).c_str());
  return out;
}

using Json = nlohmann::ordered_json;

Json device_json(const DeviceReport& device) {
  Json heaps = Json::array(), features = Json::array();
  for (const DeviceReport::Heap& heap : device.heaps) {
    heaps.push_back({{"bytes", heap.bytes}, {"free", heap.budget}, {"on_device", heap.on_device}});
  }
  for (const DeviceReport::Feature& feature : device.features) {
    features.push_back({{"name", feature.name}, {"present", feature.present}, {"used", feature.used}});
  }
  return {{"backend", device.backend},
          {"label", device.label()},
          {"uuid", device.uuid},
          {"verified", device.index >= 0 && is_verified(device)},
          {"name", device.name},
          {"kind", device.kind},
          {"driver", device.driver},
          {"threads", device.threads},
          {"heaps", heaps},
          {"subgroup_min", device.subgroup_min},
          {"subgroup_max", device.subgroup_max},
          {"features", features},
          {"missing", device.missing}};
}

}  // namespace

std::string devices_text(const Devices& devices) {
  std::string out;
  for (const DeviceReport& device : devices.found) out += device_text(device);
  return out;
}

std::string devices_json(const Devices& devices) {
  Json list = Json::array();
  for (const DeviceReport& device : devices.found) list.push_back(device_json(device));
  const Json out = {{"devices", list}, {"problems", devices.problems}};
  return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace glim::app
