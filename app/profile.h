#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "engine/sample/sampler_options.h"

namespace glim::app {

using Json = nlohmann::json;

/// Context lengths that are no number of tokens.
inline constexpr std::int32_t kDefaultContext = -1;  ///< what the model was trained for, at most 8192
inline constexpr std::int32_t kTrainedContext = 0;
inline constexpr std::int32_t kUsualContext = 8192;  ///< the most that kDefaultContext stands for

/// Everything that can be chosen about a chat, as plain values. A row of the table in profile_fields.cpp says
/// for each member which key it has in files and on the command line, what is allowed and what a change
/// costs.
struct Profile {
  std::string name;  ///< empty when no profile of a file was chosen
  std::string description, notes;
  std::vector<std::string> tags;
  bool abstract = false;

  std::string model = "spark";  ///< a model name as in model_name.h
  std::string alias;
  std::string backend = "auto";
  std::string device = "auto";  ///< "auto", or what choose_device() takes
  std::int32_t threads = 0;  ///< 0 is one per physical core
  std::int32_t gpu_layers = -1;     ///< -1 is all
  std::int32_t cpu_moe_layers = 0;  ///< -1 is as few as fit
  bool mmap = false;
  std::string activations = "16bit";  ///< or "8bit"

  std::int32_t ctx = kDefaultContext;
  std::int32_t ubatch = 256;  ///< rows of one step
  std::string kv_type = "f16";
  std::string kv_placement = "device";  ///< or "host"

  SamplerOptions sampling;
  std::int32_t max_tokens = -1;
  std::vector<std::string> stop;

  std::string system, system_file;
  std::string chat_template = "auto";  ///< "auto", a built-in format's name, or the path of a template file
  Json template_vars = Json::object();
  std::string think = "auto";
  std::int32_t think_budget = -1;
  std::string think_show = "folded";

  /// What people call it: the alias, the profile's name, or the model's name without folder and ending.
  std::string label() const;
};

/// One chosen value and where it was written ("profiles.toml:13", "command line", "/set").
struct Setting {
  Json value;
  std::string origin;
};
using Settings = std::map<std::string, Setting, std::less<>>;

/// What a change of a key costs a running engine.
enum class Reload : std::uint8_t { none, live, cache, weights };

/// The built-in values, with `sampling` for the sampler (a file's recommendations), overridden by `settings`.
/// Throws E602 and E603.
Profile make_profile(std::string_view name, const Settings& settings, const SamplerOptions& sampling = {});

/// The most expensive class among the keys whose values differ.
Reload reload_between(const Profile& running, const Profile& wanted);

/// The system prompt, read from the file when one is named. Throws E601 (unreadable), E603 (text and file
/// both given).
std::string system_prompt(const Profile& profile);

}  // namespace glim::app
