#include "engine/base/error.h"

#include <cstdio>
#include <cstdlib>
#include <utility>

namespace glim {
namespace {

struct Row {
  const char* name;
  int status;
};

constexpr Row kRows[] = {
#define ERROR_CODE(id, status) {#id, status},
#include "engine/base/error_codes.def"
#undef ERROR_CODE
};

}  // namespace

const char* error_name(ErrorCode code) {
  return kRows[static_cast<int>(code)].name;
}
int exit_status(ErrorCode code) {
  return kRows[static_cast<int>(code)].status;
}

Error::Error(ErrorCode code, const std::string& sentence, std::string help)
    : std::runtime_error(sentence), code_(code), help_(std::move(help)) {}

void assertion_failed(const char* expression, const char* file, int line) {
  std::fprintf(stderr, "glim: internal error: %s is false at %s:%d\n", expression, file, line);
  std::abort();
}

}  // namespace glim
