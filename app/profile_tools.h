#pragma once

#include "app/arguments.h"
#include "app/console.h"
#include "app/paths.h"
#include "app/profile_set.h"

namespace glim::app {

/// The files that the arguments mean: those of load_profiles(), or the one file of --profiles.
ProfileSet chosen_profiles(const Arguments& arguments, const Paths& paths);

/// "profiles list", "show" and "check". Return the exit status.
int list_profiles(const Arguments& arguments, const Paths& paths, Console& console);
int show_profile(const Arguments& arguments, const Paths& paths, Console& console);
int check_profiles(const Arguments& arguments, const Paths& paths, Console& console);

int show_paths(const Paths& paths, Console& console);

}  // namespace glim::app
