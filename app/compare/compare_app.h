#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "app/compare/comparison.h"
#include "app/compare/pane_setup.h"
#include "app/engine_source.h"
#include "app/paths.h"
#include "app/profile_set.h"
#include "app/screen_options.h"
#include "ui/line_editor.h"
#include "ui/terminal.h"

namespace glim::app {

/// What is compared and with what.
struct CompareScreenSetup {
  EngineSource& source;
  const Paths& paths;
  ModelPlaces places;
  ProfileSet profiles;
  PaneWishes wishes;  ///< two to four panes
  CompareSettings settings;
  std::vector<ComparePrompt> prompts;
  std::string set_name;
  std::filesystem::path report;  ///< is written at the end; empty: none
  bool from_chat = false;        ///< there is a chat to go back to
  bool blind = false;            ///< begins with a blind vote
};

/// The terminal and the line editor, of which a process has one each.
struct ScreenDevices {
  ui::Terminal& terminal;
  ui::LineEditor& editor;
};

/// Compares in full screen until the user leaves. The exit status, or nothing when the user went back to the
/// chat. The editor's completion is changed. Throws E501, E602 or E603 for panes that cannot be.
std::optional<int> run_compare_screen(CompareScreenSetup setup, const ScreenDevices& devices);

/// The same with a terminal and an editor of its own. Needs a terminal on standard input and output.
int run_compare(CompareScreenSetup setup, const ScreenOptions& options);

/// Names that a pane can be made of: profiles, and the built-in model in its types. With a description each.
std::vector<std::pair<std::string, std::string>> pane_choices(const ProfileSet& profiles);

}  // namespace glim::app
