#pragma once

#include "app/compare/runner.h"
#include "app/console.h"
#include "app/signals.h"

namespace glim::app {

/// A blind vote without a screen: shows the answers to every prompt under numbers, in an order of their own,
/// without names, speeds and thoughts, and reads one line for each from standard input: a number, "t" for a
/// tie, "x" when none is any good, "s" for no vote, "u" to take the last one back, "q" to end. Then says who
/// was who and how they stand. Prompts that not all panes have answered are left out. The comparison is
/// over. Returns 128 + the number of a signal that ended it, else 0.
int vote_blind(CompareRunner& runner, Console& console, Signals& signals);

}  // namespace glim::app
