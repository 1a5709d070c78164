#pragma once

#include "app/arguments.h"
#include "app/console.h"

namespace glim::app {

/// What a full screen may use of the terminal.
struct ScreenOptions {
  bool color = true;
  bool mouse = true;  ///< off: selecting text needs no Shift
};

/// Whether there is a terminal that a full screen can be shown on, and no wish for plain text.
bool wants_screen(const Arguments& arguments, const Console& console);

/// Those of the command line. Also does what --unicode says, which has to be before the screen is opened.
ScreenOptions screen_options(const Arguments& arguments);

}  // namespace glim::app
