#include "app/devices.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

using namespace glim;

namespace {

DeviceReport card() {
  return {
      .backend = "vulkan",
      .name = "Card\x1b[31m",
      .kind = "discrete GPU",
      .index = 1,
      .uuid = "00ff",
      .driver = "driver 1.2, Vulkan 1.3.0",
      .heaps = {{std::uint64_t{16} << 30, std::uint64_t{15} << 30, true}, {std::uint64_t{8} << 30, 0, false}},
      .subgroup_min = 32,
      .subgroup_max = 64,
      .features = {{"memory budget", true, true},
                   {"16-bit floats", true, false},
                   {"cooperative matrices", false, false}},
      .missing = {"the device or its driver lacks the feature shaderInt8"}};
}

}  // namespace

TEST_CASE("devices are told to people with what is used of them and why one cannot be") {
  const std::string text = app::devices_text({{card()}, {}});
  CHECK(text.find('\x1b') == std::string::npos);
  for (const char* part : {"vulkan1: Card", "(discrete GPU)", "device memory 16.0 GiB, 15.0 GiB free\n",
                           "host memory 8.0 GiB\n", "subgroups of 32 to 64 threads", "memory budget: used",
                           "16-bit floats: there, not used", "cooperative matrices: no",
                           "cannot be used: the device or its driver lacks the feature shaderInt8"}) {
    CAPTURE(text);
    CHECK(text.find(part) != std::string::npos);
  }
}

TEST_CASE("the list for scripts has the same under stable names") {
  const auto json = nlohmann::json::parse(app::devices_json({{card()}, {"no driver"}}));
  const auto& device = json["devices"][0];
  CHECK(device["backend"] == "vulkan");
  CHECK(device["label"] == "vulkan1");
  CHECK(device["uuid"] == "00ff");
  CHECK(device["verified"] == false);
  CHECK(device["heaps"][0]["free"] == std::uint64_t{15} << 30);
  CHECK(device["subgroup_max"] == 64);
  CHECK(device["features"][1]["used"] == false);
  CHECK(device["missing"].size() == 1);
  CHECK(json["problems"][0] == "no driver");
}

TEST_CASE("the processor is always there") {
  const Devices found = devices();
  REQUIRE(!found.found.empty());
  const DeviceReport& processor = found.found.front();
  CHECK(processor.backend == "cpu");
  CHECK(processor.threads > 0);
  CHECK(processor.heaps.front().bytes > 0);
  CHECK((found.found.size() > 1) != !found.problems.empty());
}
