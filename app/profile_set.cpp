#include "app/profile_set.h"

#include <algorithm>
#include <system_error>

#include "engine/base/error.h"
#include "engine/base/folder.h"
#include "engine/base/text.h"

namespace glim::app {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxDepth = 8;

void override_with(Settings& base, const Settings& over) {
  for (const auto& [key, setting] : over) base[key] = setting;
}

std::string chain_text(const std::vector<std::string>& chain, const std::string& last) {
  std::string out;
  for (auto it = std::find(chain.begin(), chain.end(), last); it != chain.end(); ++it) out += *it + " -> ";
  return out + last;
}

}  // namespace

void ProfileSet::add(ProfileFile file) {
  override_with(defaults_, file.defaults);
  if (file.default_name) default_name_ = *file.default_name;
  for (ProfileEntry& entry : file.profiles) {
    const auto same = std::find_if(entries_.begin(), entries_.end(),
                                   [&](const ProfileEntry& other) { return other.name == entry.name; });
    if (same != entries_.end()) {
      *same = std::move(entry);
    } else {
      entries_.push_back(std::move(entry));
    }
  }
}

const ProfileEntry* ProfileSet::find(std::string_view name) const {
  for (const ProfileEntry& entry : entries_)
    if (entry.name == name) return &entry;
  return nullptr;
}

const ProfileEntry& ProfileSet::required(std::string_view name, const std::string& place) const {
  if (const ProfileEntry* entry = find(name)) return *entry;
  std::vector<std::string_view> names;
  for (const ProfileEntry& entry : entries_) names.push_back(entry.name);
  const std::string_view near = nearest(name, names);
  const std::string help = near.empty() ? "\"glim profiles list\" shows the profiles that exist"
                                        : strf("did you mean \"%s\"?", std::string(near).c_str());
  throw Error(ErrorCode::E602,
              strf("%sprofile \"%s\" does not exist", place.empty() ? "" : (place + ": ").c_str(),
                   printable(name).c_str()),
              help);
}

void ProfileSet::inherit(const ProfileEntry& entry, std::vector<std::string>& chain, Settings& out) const {
  if (std::find(chain.begin(), chain.end(), entry.name) != chain.end())
    throw Error(ErrorCode::E602, strf("%s: inheritance cycle %s; remove one of these \"inherits\"",
                                      entry.place.c_str(), chain_text(chain, entry.name).c_str()));
  if (chain.size() >= kMaxDepth)
    throw Error(ErrorCode::E602, strf("%s: profile \"%s\" is the %zuth level of inheritance, %zu are allowed",
                                      entry.place.c_str(), entry.name.c_str(), chain.size() + 1, kMaxDepth));
  chain.push_back(entry.name);
  for (const std::string& parent : entry.inherits) {
    Settings inherited;
    inherit(required(parent, entry.place), chain, inherited);
    override_with(out, inherited);
  }
  chain.pop_back();
  for (const std::string& key : entry.unset) out.erase(key);
  override_with(out, entry.settings);
  // What a profile says about itself is not handed down.
  if (!chain.empty())
    for (const char* own : {"abstract", "description", "notes", "tags", "model.alias"}) out.erase(own);
}

Settings ProfileSet::settings(std::string_view name) const {
  Settings out = defaults_;
  if (name.empty()) return out;
  const ProfileEntry& entry = required(name, "");
  std::vector<std::string> chain;
  Settings own;
  inherit(entry, chain, own);
  for (const std::string& key : entry.unset)
    if (own.count(key) == 0) out.erase(key);
  override_with(out, own);
  return out;
}

ProfileSet load_profiles(const fs::path& installed, const fs::path& user) {
  ProfileSet set;
  std::vector<fs::path> files = {installed / "profiles.toml", user / "profiles.toml"};
  const std::vector<fs::path> extra = folder_entries(user / "profiles.d", ".toml");
  files.insert(files.end(), extra.begin(), extra.end());
  std::error_code error;
  for (const fs::path& file : files)
    if (fs::exists(file, error)) set.add(read_profiles(file));
  return set;
}

}  // namespace glim::app
