#include "app/profile.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "app/model_name.h"
#include "app/profile_fields.h"
#include "engine/base/error.h"
#include "engine/base/text.h"

namespace glim::app {

std::string Profile::label() const {
  if (!alias.empty()) return alias;
  if (!name.empty()) return name;
  if (is_model_keyword(model)) return model;
  const std::string stem = std::filesystem::path(model).stem().string();
  return stem.empty() ? model : stem;
}

Profile make_profile(std::string_view name, const Settings& settings, const SamplerOptions& sampling) {
  Profile profile;
  profile.name = name;
  profile.sampling = sampling;
  for (const auto& [key, setting] : settings) {
    const ProfileField* field = find_field(key);
    if (field == nullptr) throw Error(ErrorCode::E602, setting.origin + ": unknown key " + printable(key));
    set_field(profile, *field, setting.value);
  }
  return profile;
}

Reload reload_between(const Profile& running, const Profile& wanted) {
  Reload worst = Reload::none;
  for (const ProfileField& field : profile_fields())
    if (field_value(running, field) != field_value(wanted, field)) worst = std::max(worst, field.reload);
  return worst;
}

std::string system_prompt(const Profile& profile) {
  if (profile.system_file.empty()) return profile.system;
  if (!profile.system.empty())
    throw Error(ErrorCode::E603, "chat.system and chat.system_file are both given; remove one of them");
  const std::string path = expand_path(profile.system_file);
  std::ifstream stream(path, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  if (!stream)
    throw Error(ErrorCode::E601, printable(path) + ": cannot read the system prompt; check chat.system_file");
  return text.str();
}

}  // namespace glim::app
