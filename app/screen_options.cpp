#include "app/screen_options.h"

#include <clocale>
#include <cstdlib>
#include <string_view>

namespace glim::app {

bool wants_screen(const Arguments& arguments, const Console& console) {
  const char* type = std::getenv("TERM");
  const bool dumb = type != nullptr && std::string_view(type) == "dumb";
  return !arguments.plain && console.in_is_terminal && console.out_is_terminal && !dumb;
}

ScreenOptions screen_options(const Arguments& arguments) {
  // Readline asks the environment for the locale again.
  if (arguments.unicode == "on" && ::setenv("LC_ALL", "C.UTF-8", 1) == 0) std::setlocale(LC_CTYPE, "C.UTF-8");
  return {.color = arguments.color != "never", .mouse = arguments.mouse != "off"};
}

}  // namespace glim::app
