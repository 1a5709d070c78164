#include "engine/text/jinja.h"

#include <fstream>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "engine/base/error.h"

namespace {

using Json = nlohmann::ordered_json;
using glim::Segment;

Json read_json(const std::string& name) {
  std::ifstream in(GLIM_SOURCE_DIR "/tests/golden/" + name);
  REQUIRE(in);
  return Json::parse(in);
}

std::tm golden_time() {
  std::tm time{};
  time.tm_year = 126, time.tm_mon = 0, time.tm_mday = 24;
  time.tm_hour = 12, time.tm_min = 34, time.tm_sec = 56;
  time.tm_wday = 6, time.tm_yday = 23;
  return time;
}

std::vector<Segment> render_marked(const std::string& source, const Json& variables = Json::object()) {
  return glim::jinja::Template(source).render(variables, {}, golden_time());
}

std::string render(const std::string& source, const Json& variables = Json::object()) {
  return joined(render_marked(source, variables));
}

std::string error_of(const std::string& source, const Json& variables = Json::object()) {
  try {
    return "rendered: " + render(source, variables);
  } catch (const glim::Error& error) {
    CHECK(error.code() == glim::ErrorCode::E402);
    return error.what();
  }
}

[[maybe_unused]] std::string repeated(const std::string& text, int count) {
  std::string out;
  for (int i = 0; i < count; ++i) out += text;
  return out;
}

}  // namespace

TEST_CASE("every golden case renders as jinja2 renders it") {
  const Json golden = read_json("jinja_golden.json");
  const Json& variables = golden["vars"];
  std::size_t count = 0;
  for (const Json& test : golden["cases"]) {
    const std::string source = test["template"].get<std::string>();
    CAPTURE(source);
    ++count;
    if (test.contains("expected")) {
      std::string got;
      try {
        got = render(source, variables);
      } catch (const glim::Error& error) {
        got = std::string("error: ") + error.what();
      }
      CHECK(got == test["expected"].get<std::string>());
    } else {
      const std::string message = error_of(source, variables);
      CHECK(message.find("line ") != std::string::npos);
      CHECK(message.find("rendered: ") != 0);
    }
  }
  CHECK(count >= 160);
}
