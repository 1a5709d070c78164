#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "app/store/measurement.h"

namespace glim::app {

nlohmann::ordered_json json_of(const std::vector<Figure>& figures);
/// Throws nlohmann::json::exception for what json_of() has not made. Numbers that are not finite are null.
std::vector<Figure> figures_from(const nlohmann::ordered_json& json);

/// All members by their names; "time" is UTC in the form 2026-11-27T20:54:48Z.
nlohmann::ordered_json json_of(const Measurement& measurement);

/// JSON text; bytes of names that are no UTF-8 are replaced. `indent` -1: one line.
std::string dump_json(const nlohmann::ordered_json& json, int indent);

std::string utc_time(std::int64_t seconds);  ///< since 1970: 2026-11-27T20:54:48Z

}  // namespace glim::app
