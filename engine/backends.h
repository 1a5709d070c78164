#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "engine/tensor/backend.h"

namespace glim {

/// The name that "auto" stands for on this machine, or `name` itself. Throws E301 for a name that is none.
std::string_view backend_name(std::string_view name);

/// `threads` 0 is one per physical core. Throws E301.
std::unique_ptr<Backend> make_backend(std::string_view name, std::int32_t threads);

/// What `threads` 0 stands for.
std::int32_t default_threads();

/// "auto, cpu, reference"
std::string backend_names();

}  // namespace glim
