#pragma once

#include "app/arguments.h"
#include "app/console.h"
#include "app/paths.h"

namespace glim::app {

/// "results list", "show", "compare", "export", "rm": what the store holds, on standard output. Throw E501
/// for ids that are none, E701 and E702 for the store. Return the exit status.
int list_results(const Arguments& arguments, const Paths& paths, Console& console);
int show_result(const Arguments& arguments, const Paths& paths, Console& console);
int compare_results(const Arguments& arguments, const Paths& paths, Console& console);
int export_results(const Arguments& arguments, const Paths& paths, Console& console);
int remove_results(const Arguments& arguments, const Paths& paths, Console& console);

}  // namespace glim::app
