#include "app/store/measurement_json.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <ctime>

namespace glim::app {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<const char*, 3> kBetter = {"higher", "lower", "neither"};

Figure figure_from(const Json& json) {
  Figure out;
  const auto number = [&](const char* key) {
    return json.at(key).is_null() ? std::nan("") : json.at(key).get<double>();
  };
  out.name = json.at("name").get<std::string>();
  out.value = number("value");
  out.unit = json.at("unit").get<std::string>();
  out.spread = number("spread");
  const auto word = std::find(kBetter.begin(), kBetter.end(), json.at("better").get<std::string>());
  out.better =
      word == kBetter.end() ? Figure::Better::neither : static_cast<Figure::Better>(word - kBetter.begin());
  return out;
}

}  // namespace

bool beyond_spread(const Figure& a, const Figure& b) {
  return std::abs(a.value - b.value) > a.spread + b.spread;
}

Json json_of(const std::vector<Figure>& figures) {
  Json out = Json::array();
  for (const Figure& figure : figures)
    out.push_back({{"name", figure.name},
                   {"value", figure.value},
                   {"unit", figure.unit},
                   {"spread", figure.spread},
                   {"better", kBetter[static_cast<std::size_t>(figure.better)]}});
  return out;
}

std::vector<Figure> figures_from(const Json& json) {
  std::vector<Figure> out;
  for (const Json& figure : json) out.push_back(figure_from(figure));
  return out;
}

Json json_of(const Measurement& m) {
  return {{"id", m.id},           {"kind", m.kind},           {"time", utc_time(m.time)},
          {"model", m.model},     {"file_hash", m.file_hash}, {"quant", m.quant},
          {"build", m.build},     {"device", m.device},       {"kernel", m.kernel},
          {"threads", m.threads}, {"settings", m.settings},   {"figures", json_of(m.figures)},
          {"result", m.result}};
}

std::string dump_json(const Json& json, int indent) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

std::string utc_time(std::int64_t seconds) {
  const std::time_t time = seconds;
  std::tm parts = {};
  char text[32];
  if (::gmtime_r(&time, &parts) == nullptr) return {};
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

}  // namespace glim::app
