#pragma once

#include "app/chat.h"
#include "app/paths.h"
#include "app/screen_options.h"

namespace glim::app {

/// Starts the chat and talks in full screen until the user leaves. Needs a terminal on standard input and
/// output. Returns the exit status: 0, or 128 plus the number of the signal that ended it. Throws E301 when
/// the terminal cannot be used.
int run_chat_screen(Chat& chat, const Paths& paths, const ScreenOptions& options = {});

}  // namespace glim::app
