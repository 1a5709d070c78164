#include "app/requests.h"

namespace glim::app {

ChatRequest request_settings(const Profile& profile) {
  ChatRequest request;
  if (profile.think != "auto") request.thinking = profile.think == "on";
  if (!profile.template_vars.empty()) request.kwargs = profile.template_vars.dump();
  return request;
}

ChatMessage message(std::string role, std::string content) {
  ChatMessage out;
  out.role = std::move(role);
  out.content = std::move(content);
  return out;
}

Request request_for(const Profile& profile, Prompt prompt) {
  Request request;
  request.tokens = std::move(prompt.tokens);
  request.sampling = profile.sampling;
  request.max_tokens = profile.max_tokens;
  request.stop = profile.stop;
  request.think_budget = profile.think_budget;
  request.start = prompt.start;
  return request;
}

}  // namespace glim::app
