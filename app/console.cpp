#include "app/console.h"

#include <cerrno>
#include <string>

#include "engine/base/error.h"
#include "ui/sanitize.h"

namespace glim::app {

void write_out(Console& console, std::string_view text) {
  errno = 0;
  console.out.write(text.data(), static_cast<std::streamsize>(text.size())).flush();
  if (console.out) return;
  if (errno == EPIPE) throw OutputClosed{};
  throw Error(ErrorCode::E701, "standard output: cannot write; check that the disk is not full");
}

void say(Console& console, std::string_view message) {
  console.err << "glim: " << ui::sanitize(message) << std::endl;
}

}  // namespace glim::app
