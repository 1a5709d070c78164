#pragma once

#include <istream>
#include <ostream>
#include <string_view>

namespace glim::app {

/// The standard streams of the program, or what a test puts in their place.
struct Console {
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
  bool in_is_terminal = false;
  bool out_is_terminal = false;
  bool err_is_terminal = false;
};

/// Thrown when the reader of standard output has gone; the program ends with status 141 and says nothing.
struct OutputClosed {};

/// Writes at once. Throws OutputClosed, or E701 when standard output cannot be written for another reason.
void write_out(Console& console, std::string_view text);

/// "glim: ..." on standard error.
void say(Console& console, std::string_view message);

}  // namespace glim::app
