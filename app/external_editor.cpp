#include "app/external_editor.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace glim::app {
namespace {

namespace fs = std::filesystem;

std::string editor_command() {
  for (const char* name : {"VISUAL", "EDITOR"})
    if (const char* value = std::getenv(name); value != nullptr && *value != '\0') return value;
  return "vi";
}

bool run_editor(const std::string& path) {
  const std::string command = editor_command() + " \"$1\"";
  const pid_t child = ::fork();
  if (child < 0) return false;
  if (child == 0) {
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::execl("/bin/sh", "sh", "-c", command.c_str(), "sh", path.c_str(), static_cast<char*>(nullptr));
    ::_exit(127);
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0)
    if (errno != EINTR) return false;
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace

std::optional<std::string> edit_externally(const std::string& text) {
  std::string path = (fs::temp_directory_path() / "glim-draft-XXXXXX").string();
  const int fd = ::mkstemp(path.data());
  if (fd < 0) return std::nullopt;
  ::close(fd);
  std::ofstream(path, std::ios::binary) << text;
  std::optional<std::string> result;
  if (run_editor(path)) {
    std::ifstream stream(path, std::ios::binary);
    std::ostringstream edited;
    edited << stream.rdbuf();
    result = edited.str();
    while (!result->empty() && result->back() == '\n') result->pop_back();
  }
  std::error_code ignored;
  fs::remove(path, ignored);
  return result;
}

}  // namespace glim::app
