#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "engine/text/chat.h"

namespace glim {

/// The conversation as an array in OpenAI's form. Contents are strings, never null; arguments of calls are
/// objects.
nlohmann::ordered_json messages_json(const ChatRequest& request);
/// The offered tools, or null.
nlohmann::ordered_json tools_json(const ChatRequest& request);
/// The further variables; an empty object when there are none.
nlohmann::ordered_json kwargs_json(const ChatRequest& request);

}  // namespace glim
