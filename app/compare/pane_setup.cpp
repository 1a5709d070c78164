#include "app/compare/pane_setup.h"

#include <algorithm>
#include <filesystem>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/quant/cache_types.h"

namespace glim::app {
namespace {

constexpr const char* kExample =
    "for example: glim compare spark:q8_0 spark:q4_k_m --prompt \"Count 1 to 5\"";
constexpr std::string_view kOrigin = "compare";

void check_count(std::size_t panes) {
  if (panes >= kFewestPanes && panes <= kMostPanes) return;
  throw Error(ErrorCode::E501,
              strf("compare: %zu named; name %zu to %zu models or profiles", panes, kFewestPanes, kMostPanes),
              kExample);
}

void check_kv(const PaneWishes& wishes) {
  if (wishes.kv_types.empty()) return;
  if (wishes.words.size() != 1)
    throw Error(
        ErrorCode::E501,
        strf("--kv compares KV types of one model, but %zu are named; name one, or use --kv-type for all",
             wishes.words.size()));
  const std::vector<std::string> known = split_words(kCacheTypeNames, ' ');
  for (const std::string& type : wishes.kv_types) {
    if (std::find(known.begin(), known.end(), type) != known.end()) continue;
    const std::string_view near = nearest(type, known);
    throw Error(ErrorCode::E501, "--kv: \"" + printable(type, 40) + "\" is no KV type",
                near.empty() ? "known are " + std::string(kCacheTypeNames)
                             : "did you mean " + std::string(near) + "?");
  }
}

std::string label_of(const std::string& word, const Profile& profile) {
  if (!profile.name.empty() || !profile.alias.empty()) return profile.label();
  if (is_model_keyword(word)) return word;
  const std::string stem = std::filesystem::path(word).stem().string();
  return stem.empty() ? word : stem;
}

PaneSpec spec_of(const std::string& word, const std::string& kv_type, const PaneWishes& wishes,
                 const ProfileSet& profiles) {
  const bool is_profile = !is_model_keyword(word) && profiles.find(word) != nullptr;
  PaneSpec spec;
  spec.asked = word;
  spec.settings = profiles.settings(is_profile ? word : wishes.profile);
  if (!is_profile) {
    spec.settings["model.path"] = {word, std::string(kOrigin)};
    spec.settings.erase("model.alias");
  }
  for (const auto& [key, setting] : wishes.overrides) spec.settings[key] = setting;
  if (!kv_type.empty()) spec.settings["kv.type_k"] = {kv_type, "--kv"};
  const bool greedy = !wishes.own_sampling && wishes.overrides.count("sampling.temp") == 0;
  if (greedy) spec.settings["sampling.temp"] = {0, std::string(kOrigin)};
  // Random seeds would make every pane write something of its own.
  if (wishes.overrides.count("sampling.seed") == 0 && !wishes.own_sampling)
    spec.settings["sampling.seed"] = {42, std::string(kOrigin)};
  spec.profile = make_profile(is_profile ? word : std::string(), spec.settings);
  spec.label = label_of(word, spec.profile);
  if (!kv_type.empty()) spec.label += " kv:" + kv_type;
  return spec;
}

void make_unique(std::vector<PaneSpec>& specs) {
  for (std::size_t i = 0; i < specs.size(); ++i) {
    const auto taken = [&](const std::string& label) {
      return std::any_of(specs.begin(), specs.begin() + static_cast<std::ptrdiff_t>(i),
                         [&](const PaneSpec& other) { return other.label == label; });
    };
    const std::string label = specs[i].label;
    for (int number = 2; taken(specs[i].label); ++number)
      specs[i].label = label + "#" + std::to_string(number);
  }
}

}  // namespace

std::vector<PaneSpec> pane_specs(const PaneWishes& wishes, const ProfileSet& profiles) {
  check_kv(wishes);
  check_count(wishes.kv_types.empty() ? wishes.words.size() : wishes.kv_types.size());
  std::vector<PaneSpec> specs;
  for (const std::string& word : wishes.words) {
    if (wishes.kv_types.empty()) specs.push_back(spec_of(word, {}, wishes, profiles));
    for (const std::string& type : wishes.kv_types) specs.push_back(spec_of(word, type, wishes, profiles));
  }
  make_unique(specs);
  return specs;
}

}  // namespace glim::app
