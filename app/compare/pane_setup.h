#pragma once

#include <string>
#include <vector>

#include "app/model_name.h"
#include "app/profile_set.h"

namespace glim::app {

inline constexpr std::size_t kFewestPanes = 2, kMostPanes = 4;

/// What the user wants to see side by side.
struct PaneWishes {
  std::vector<std::string> words;     ///< model names or profiles; a word that is both is a profile
  std::vector<std::string> kv_types;  ///< of one model, a pane for each; empty: as the profile says
  std::string profile = {};           ///< what models are run with beside their own; empty: the defaults
  Settings overrides;                 ///< of the command line, over every pane's own
  bool own_sampling = false;  ///< each pane samples as its profile says; else all are greedy unless the
                              ///< overrides name a temperature
};

/// One pane before anything is read.
struct PaneSpec {
  std::string asked;  ///< the word
  std::string label;  ///< unique
  Settings settings;  ///< its own and the overrides
  Profile profile;    ///< of `settings`, over the built-in defaults
};

/// Throws E501 for a number of panes that cannot be shown or a KV type that is none, E602 and E603 for
/// profiles.
std::vector<PaneSpec> pane_specs(const PaneWishes& wishes, const ProfileSet& profiles);

}  // namespace glim::app
