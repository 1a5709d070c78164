#pragma once

#include <nlohmann/json.hpp>

#include "app/report/figure.h"

namespace glim::app::report {

nlohmann::ordered_json json_of(const Figure& figure);

/// The figure again; one that is absent when `json` is none that json_of() has written.
Figure figure_from(const nlohmann::ordered_json& json);

}  // namespace glim::app::report
