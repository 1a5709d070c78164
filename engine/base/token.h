#pragma once

#include <cstdint>

namespace glim {

using TokenId = std::int32_t;

}  // namespace glim
