#include "app/report/figure_json.h"

namespace glim::app::report {
namespace {

using Json = nlohmann::ordered_json;

template <typename Enum, typename Name>
std::optional<Enum> named(const std::string& text, Name name, Enum last) {
  for (int i = 0; i <= static_cast<int>(last); ++i)
    if (name(static_cast<Enum>(i)) == text) return static_cast<Enum>(i);
  return {};
}

}  // namespace

Json json_of(const Figure& figure) {
  if (!figure.present()) return Json{{"kind", "absent"}, {"why", figure.why}};
  Json out = {
      {"kind", figure_kind_name(figure.kind)}, {"value", figure.value}, {"unit", unit_name(figure.unit)}};
  if (figure.spread) out["spread"] = *figure.spread;
  if (figure.range) out["range"] = {figure.range->first, figure.range->second};
  if (figure.at_least) out["at_least"] = true;
  if (!figure.why.empty()) out["why"] = figure.why;
  return out;
}

Figure figure_from(const Json& json) {
  try {
    Figure out;
    out.why = json.value("why", "");
    const auto kind = named(json.at("kind").get<std::string>(), figure_kind_name, FigureKind::estimated);
    if (!kind || *kind == FigureKind::absent) return out;
    const auto unit = named(json.at("unit").get<std::string>(), unit_name, Unit::ratio);
    if (!unit) return out;
    out.value = json.at("value").get<double>();
    out.unit = *unit;
    if (json.contains("spread")) out.spread = json["spread"].get<double>();
    if (json.contains("range"))
      out.range = {json["range"].at(0).get<double>(), json["range"].at(1).get<double>()};
    out.at_least = json.value("at_least", false);
    out.kind = *kind;
    return out;
  } catch (const nlohmann::json::exception&) {
    return absent("what was stored cannot be read");
  }
}

}  // namespace glim::app::report
