#pragma once

#include <string>

#include "app/profile.h"
#include "engine/engine.h"

namespace glim::app {

/// What a profile says about rendering: the thinking switch and the template's variables, no messages yet.
ChatRequest request_settings(const Profile& profile);

ChatMessage message(std::string role, std::string content);

/// The prompt with everything that the profile asks of the answer.
Request request_for(const Profile& profile, Prompt prompt);

}  // namespace glim::app
