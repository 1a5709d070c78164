#pragma once

#include <stdexcept>
#include <string>

namespace glim {

enum class ErrorCode {
#define ERROR_CODE(id, status) id,
#include "engine/base/error_codes.def"
#undef ERROR_CODE
};

const char* error_name(ErrorCode code);  ///< "E104"
int exit_status(ErrorCode code);         ///< the process exit status that belongs to the class

/// What a user can fix: one sentence that names the thing, the place and the remedy. `help` is an optional
/// second line. Caught in two places: the program's main function and the engine's worker (which posts it as
/// an event).
class Error : public std::runtime_error {
 public:
  Error(ErrorCode code, const std::string& sentence, std::string help = {});
  ErrorCode code() const { return code_; }
  const std::string& help() const { return help_; }

 private:
  ErrorCode code_;
  std::string help_;
};

/// Prints the expression and the message, then aborts. For mistakes of ours, never for bad input.
[[noreturn]] void assertion_failed(const char* expression, const char* file, int line);

}  // namespace glim

#define GLIM_ASSERT(expression) \
  ((expression) ? static_cast<void>(0) : ::glim::assertion_failed(#expression, __FILE__, __LINE__))
