#include "engine/device_choice.h"

#include <doctest/doctest.h>

#include <vector>

#include "engine/backends.h"
#include "engine/base/error.h"

using namespace glim;

namespace {

constexpr std::uint64_t kGiB = std::uint64_t{1} << 30;

DeviceReport device(const char* name, const char* kind, std::int32_t index, std::uint64_t bytes) {
  DeviceReport out;
  out.backend = index < 0 ? "cpu" : "vulkan";
  out.name = name;
  out.kind = kind;
  out.index = index;
  out.uuid = index < 0 ? "" : std::string(32, static_cast<char>('a' + index));
  out.heaps = {{bytes, 0, true}, {512 * kGiB, 0, false}};
  return out;
}

std::vector<DeviceReport> machine() {
  return {device("AMD Ryzen", "processor", -1, 64 * kGiB), device("llvmpipe", "software", 0, 64 * kGiB),
          device("AMD Radeon Graphics", "integrated GPU", 1, 32 * kGiB),
          device("NVIDIA GeForce RTX 4060", "discrete GPU", 2, 8 * kGiB),
          device("NVIDIA GeForce RTX 3090", "discrete GPU", 3, 24 * kGiB)};
}

bool all(const DeviceReport&) {
  return true;
}
bool none(const DeviceReport&) {
  return false;
}

std::string chosen(const char* wanted, const std::vector<DeviceReport>& devices = machine(),
                   bool (*verified)(const DeviceReport&) = all) {
  return choose_device(wanted, devices, {}, verified).label();
}

std::string refusal(const char* wanted, const std::vector<DeviceReport>& devices = machine(),
                    const char* problem = "") {
  try {
    choose_device(wanted, devices, problem, all);
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::E301);
    return error.what();
  }
  return "nothing";
}

bool has(const std::string& text, const char* part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("auto is the largest discrete card whose results are right, never software") {
  CHECK(chosen("auto") == "vulkan3");
  std::vector<DeviceReport> devices = machine();
  devices[4].missing = {"it lacks shaderInt8"};
  CHECK(chosen("auto", devices) == "vulkan2");
  devices.resize(3);
  CHECK(chosen("auto", devices) == "vulkan1");
  devices.resize(2);
  CHECK(chosen("auto", devices) == "cpu");
  CHECK(choose_device("auto", devices, {}, all).note.empty());
}

TEST_CASE("auto says why a card that is there is not taken") {
  const DeviceChoice unchecked = choose_device("auto", machine(), {}, none);
  CHECK(unchecked.label() == "cpu");
  CHECK(has(unchecked.note, "RTX 3090 is there"));
  CHECK(has(unchecked.note, "glim devices --verify"));
  std::vector<DeviceReport> devices = machine();
  devices.resize(3);
  devices[2].missing = {"it lacks shaderInt8"};
  CHECK(has(choose_device("auto", devices, {}, all).note,
            "Radeon Graphics cannot be used: it lacks shaderInt8"));
}

TEST_CASE("devices are named by kind, number, part of the name in any case, and UUID") {
  CHECK(chosen("cpu") == "cpu");
  CHECK(chosen("reference") == "reference");
  CHECK(chosen("vulkan", machine(), none) == "vulkan3");
  CHECK(chosen("vulkan0") == "vulkan0");
  CHECK(chosen("VULKAN1") == "vulkan1");
  CHECK(chosen("rtx 40") == "vulkan2");
  CHECK(chosen("Radeon") == "vulkan1");
  CHECK(chosen(std::string(32, 'd').c_str()) == "vulkan3");
  CHECK(chosen("ryzen") == "cpu");
  std::vector<DeviceReport> software = machine();
  software.resize(2);
  CHECK(chosen("vulkan", software) == "vulkan0");
}

TEST_CASE("names that mean nothing, several devices or one that cannot compute are refused") {
  CHECK(has(refusal("rtx"), "\"rtx\" matches 2 devices: vulkan2 (NVIDIA GeForce RTX 4060), vulkan3"));
  CHECK(has(refusal("arc"),
            "no device matches \"arc\"; there are auto, vulkan, reference and cpu (AMD Ryzen)"));
  CHECK(has(refusal("vulkan7"), "no device matches"));
  CHECK(has(refusal(""), "empty"));
  CHECK_FALSE(has(refusal("a\x1b[2Jb"), "\x1b"));
  std::vector<DeviceReport> devices = machine();
  devices[2].missing = {"it lacks shaderInt8"};
  CHECK(has(refusal("vulkan1", devices), "it lacks shaderInt8; update its driver"));
  devices.resize(1);
  CHECK(has(refusal("vulkan", devices), "no Vulkan device of this machine"));
  CHECK(refusal("vulkan", devices, "this build has none") == "this build has none; or use --backend cpu");
}

TEST_CASE("free memory is the device's own, all of it where nobody counts") {
  DeviceReport card = device("card", "discrete GPU", 0, 8 * kGiB);
  CHECK(device_memory(card) == 8 * kGiB);
  card.heaps[0].budget = 5 * kGiB;
  CHECK(device_memory(card) == 5 * kGiB);
}

TEST_CASE("the processor is found by its names without asking a driver") {
  CHECK(device_choice("cpu").label() == "cpu");
  CHECK(device_choice("reference").label() == "reference");
  CHECK_THROWS_AS(device_choice("no such device"), Error);
}
