#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "app/compare/comparison.h"
#include "app/compare/pane_setup.h"

namespace glim::app {

/// A comparison that was written as JSON, as far as it takes to make it again and to tell what has changed.
struct Replay {
  struct Earlier {
    bool done = false;
    std::vector<TokenId> tokens;
    double kld = -1;  ///< mean; below 0: not known
  };
  std::vector<PaneSpec> panes;
  std::vector<std::string> file_hashes;  ///< by pane
  std::vector<double> rates;             ///< tokens per second by pane; 0 unknown
  CompareSettings settings;              ///< asked, drift and reference
  std::string set_name;
  std::vector<ComparePrompt> prompts;
  std::vector<std::vector<Earlier>> answers;  ///< by prompt and pane
};

/// What read_replay() reads: an object that reports and "compare -o json" carry as "replay".
nlohmann::ordered_json replay_json(const Comparison& comparison);

/// Throws E501 for a file that holds no comparison, E602 and E603 for settings that are none. "@last" is the
/// one that keep_for_replay() wrote into the folder `data`.
Replay read_replay(const std::string& name, const std::filesystem::path& data);

/// Keeps a comparison in the folder `data`, where it takes the place of the one before; not one without
/// prompts. Throws E701.
void keep_for_replay(const Comparison& comparison, const std::filesystem::path& data);

/// One sentence for each thing that is not as it was: files, answers with the token where they leave the
/// earlier ones, divergences. Empty when the comparison came out the same.
std::vector<std::string> changes_since(const Replay& replay, const Comparison& now);

/// The changes and, for every pane, its rate then and now; rates always differ and are no change.
std::string replay_text(const Replay& replay, const Comparison& now);

}  // namespace glim::app
