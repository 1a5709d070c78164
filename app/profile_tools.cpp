#include "app/profile_tools.h"

#include <algorithm>

#include "app/profile_fields.h"
#include "engine/base/error.h"
#include "engine/base/text.h"
#include "ui/text_layout.h"

namespace glim::app {
namespace {

std::string plain_text(const Json& value) {
  return printable(value_text(value), 400);
}

}  // namespace

ProfileSet chosen_profiles(const Arguments& arguments, const Paths& paths) {
  if (arguments.profiles_file.empty()) return load_profiles(paths.installed, paths.config);
  ProfileSet set;
  set.add(read_profiles(arguments.profiles_file));
  return set;
}

int list_profiles(const Arguments& arguments, const Paths& paths, Console& console) {
  const ProfileSet profiles = chosen_profiles(arguments, paths);
  Json list = Json::array();
  std::string text;
  for (const ProfileEntry& entry : profiles.entries()) {
    const Profile profile = make_profile(entry.name, profiles.settings(entry.name));
    if (profile.abstract) continue;
    const bool is_default = entry.name == profiles.default_name();
    list.push_back({{"name", entry.name},
                    {"description", profile.description},
                    {"model", profile.model},
                    {"default", is_default},
                    {"place", entry.place}});
    text += ui::pad(entry.name + (is_default ? " *" : ""), 24) + " " + printable(profile.description) + "\n";
  }
  write_out(console, arguments.json ? list.dump(2) + "\n" : text);
  return 0;
}

int show_profile(const Arguments& arguments, const Paths& paths, Console& console) {
  const ProfileSet profiles = chosen_profiles(arguments, paths);
  const std::string name = arguments.name.empty() ? profiles.default_name() : arguments.name;
  const Settings settings = profiles.settings(name);
  const Profile profile = make_profile(name, settings);
  Json table = Json::object();
  std::string text;
  for (const ProfileField& field : profile_fields()) {
    const Json value = field_value(profile, field);
    const auto setting = settings.find(field.key);
    const std::string origin = setting == settings.end() ? "built-in" : setting->second.origin;
    table[std::string(field.key)] = arguments.origin ? Json{{"value", value}, {"origin", origin}} : value;
    const std::string shown = plain_text(value);
    text += ui::pad(std::string(field.key), 31) + " " +
            (arguments.origin ? ui::pad(shown, 24) + "  " + printable(origin) : shown) + "\n";
  }
  write_out(console, arguments.json ? table.dump(2) + "\n" : text);
  return 0;
}

int check_profiles(const Arguments& arguments, const Paths& paths, Console& console) {
  Arguments chosen = arguments;
  if (!arguments.file.empty()) chosen.profiles_file = arguments.file;
  const ProfileSet profiles = chosen_profiles(chosen, paths);
  for (const ProfileEntry& entry : profiles.entries()) {
    const Profile profile = make_profile(entry.name, profiles.settings(entry.name));
    if (!profile.abstract) system_prompt(profile);
  }
  if (!profiles.default_name().empty()) profiles.settings(profiles.default_name());
  write_out(console, strf("%zu profiles, no mistakes\n", profiles.entries().size()));
  return 0;
}

int show_paths(const Paths& paths, Console& console) {
  const std::pair<const char*, const std::filesystem::path*> rows[] = {
      {"config", &paths.config}, {"data", &paths.data},           {"state", &paths.state},
      {"cache", &paths.cache},   {"installed", &paths.installed},
  };
  for (const auto& [name, path] : rows)
    write_out(console, ui::pad(name, 10) + printable(path->string(), 4096) + "\n");
  return 0;
}

}  // namespace glim::app
