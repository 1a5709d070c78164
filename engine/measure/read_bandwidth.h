#pragma once

#include <cstdint>

#include "engine/base/thread_pool.h"

namespace glim {

/// Bytes per second at which the threads of `pool` together read `bytes` of memory, the best of several
/// passes after one that touches it. Sizes below the processor's caches measure those. Takes about as long as
/// reading 1 GB. Throws E201 when there is not enough memory.
double read_bandwidth(ThreadPool& pool, std::uint64_t bytes);

}  // namespace glim
