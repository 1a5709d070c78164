#include "app/debug_plan.h"

#include <doctest/doctest.h>

using namespace glim;
using namespace glim::app;

namespace {

/// Layers 1 and 3 do the same, layer 2 something else.
StepSchedule four_layers() {
  StepSchedule out{"card\x1b[2J", 4, {{"embed", "embed.q8_0", -1, {1, 1, 1}, false}}};
  for (std::int32_t layer = 1; layer <= 3; ++layer) {
    out.dispatches.push_back(
        {"output", layer == 2 ? "multiply.q6_k" : "multiply.q4_k", layer, {8, 1, 1}, true});
    out.dispatches.push_back({"route", "route", layer, {1, 1, 1}, false});
  }
  out.dispatches.push_back({"head", "multiply.q6_k", -1, {9, 1, 1}, true});
  return out;
}

}  // namespace

TEST_CASE("the schedule tells layers that do the same once") {
  const std::string text = schedule_text(four_layers());
  CHECK(text.find("layers 1, 3, each: 2 dispatches, 1 barriers\n") != text.npos);
  CHECK(text.find("layer 2: 2 dispatches, 1 barriers\n") != text.npos);
  CHECK(text.find("8 dispatches and 4 barriers in all\n") != text.npos);
  CHECK(text.find('\x1b') == text.npos);
}

TEST_CASE("as JSON it has every part with its layers and steps") {
  const Json json = Json::parse(schedule_json(four_layers()));
  CHECK(json["dispatches"] == 8);
  CHECK(json["barriers"] == 4);
  REQUIRE(json["parts"].size() == 4);
  CHECK(json["parts"][0]["layers"].empty());
  CHECK(json["parts"][1]["layers"] == Json::array({1, 3}));
  CHECK(json["parts"][1]["steps"][0]["shader"] == "multiply.q4_k");
  CHECK(json["parts"][1]["steps"][0]["barrier"] == true);
  CHECK(json["parts"][3]["steps"][0]["groups"] == Json::array({9, 1, 1}));
}

TEST_CASE("times are those of one layer on average, and stages come with their share") {
  StepSchedule schedule = four_layers();
  for (ScheduledDispatch& d : schedule.dispatches) d.seconds = d.layer == 3 ? 30e-6 : 10e-6;
  const std::string text = schedule_text(schedule);
  CHECK(text.find("0.120 ms when") != text.npos);
  const Json json = Json::parse(schedule_json(schedule));
  CHECK(json["parts"][1]["steps"][0]["microseconds"].get<double>() == doctest::Approx(20));
  CHECK(json["parts"][2]["steps"][0]["microseconds"].get<double>() == doctest::Approx(10));
  CHECK(json["stages"][0]["stage"] == "output");
  CHECK(json["stages"][0]["microseconds"].get<double>() == doctest::Approx(50));
  CHECK(json["stages"][0]["share"].get<double>() == doctest::Approx(50.0 / 120));
  CHECK(!Json::parse(schedule_json(four_layers())).contains("stages"));
}
