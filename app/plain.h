#pragma once

#include "app/chat.h"
#include "app/console.h"
#include "app/signals.h"

namespace glim::app {

/// Talks in lines of text: one line of input is one turn or command. With a terminal on standard output the
/// form is "User: " and "Assistant: " with a row of numbers; without one only the answers are written there.
/// Messages go to standard error. Returns the exit status: 0, that of a model that could not be loaded, or
/// 128 plus a signal's number.
int run_plain_chat(Chat& chat, Console& console, Signals& signals);

}  // namespace glim::app
