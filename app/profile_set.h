#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/profile_toml.h"

namespace glim::app {

/// All profiles that can be chosen, from the files in their order: a later file's profile replaces an earlier
/// one of the same name, a later [defaults] overrides key by key, the last "default" wins.
class ProfileSet {
 public:
  void add(ProfileFile file);

  const std::vector<ProfileEntry>& entries() const { return entries_; }
  const ProfileEntry* find(std::string_view name) const;
  const std::string& default_name() const { return default_name_; }  ///< empty when no file names one

  /// [defaults], then what is inherited from left to right, then the profile's own keys. An empty name gives
  /// the defaults alone. Throws E602: no such profile, a cycle, or more than 8 levels.
  Settings settings(std::string_view name) const;

 private:
  void inherit(const ProfileEntry& entry, std::vector<std::string>& chain, Settings& out) const;
  const ProfileEntry& required(std::string_view name, const std::string& place) const;

  std::vector<ProfileEntry> entries_;
  Settings defaults_;
  std::string default_name_;
};

/// The program's own profiles.toml, then the user's profiles.toml and profiles.d/*.toml in the order of their
/// names. Files that do not exist are skipped. Throws E601-E603.
ProfileSet load_profiles(const std::filesystem::path& installed, const std::filesystem::path& user);

}  // namespace glim::app
