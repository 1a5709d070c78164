#include "engine/failure.h"

#include <exception>
#include <new>
#include <stdexcept>
#include <string>

namespace glim {

Failed current_failure(std::optional<SequenceId> sequence) {
  const auto memory = [&] {
    return Failed{
        sequence,
        ErrorCode::E201,
        "there is not enough memory for this step; close other programs or choose a smaller context",
        {}};
  };
  try {
    throw;
  } catch (const Error& error) {
    return {sequence, error.code(), error.what(), error.help()};
  } catch (const std::bad_alloc&) {
    return memory();
  } catch (const std::length_error&) {
    return memory();
  } catch (const std::exception& error) {
    return {sequence, ErrorCode::E201, std::string("the engine stopped: ") + error.what(), {}};
  }
}

}  // namespace glim
