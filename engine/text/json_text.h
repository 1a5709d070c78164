#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

namespace glim {

/// Reads JSON from outside. Empty when it is malformed or nested deeper than anything a chat contains (64
/// levels), so that code which walks the result may recurse.
std::optional<nlohmann::ordered_json> read_json(std::string_view text);

/// One line as Python's json.dumps writes it: ", " and ": " between the parts, non-ASCII kept. That is the
/// form models have seen in training. Invalid UTF-8 becomes U+FFFD.
std::string json_line(const nlohmann::ordered_json& json);

}  // namespace glim
