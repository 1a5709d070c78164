#pragma once

#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "engine/text/jinja_runtime.h"

namespace glim::jinja {

/// JSON as template values; strings and keys carry the mark. The value of a key "role" is not marked when it
/// is one of the names every template knows: it is the program's word then, and belongs to the tokens around
/// it. Fails when the nesting limit is passed.
Value from_json_value(Runtime& runtime, const nlohmann::ordered_json& json, bool from_user);

/// Reads JSON text; fails when it is malformed.
Value parse_json(Runtime& runtime, std::string_view text, bool from_user);

}  // namespace glim::jinja
