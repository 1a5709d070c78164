#pragma once

#include <map>
#include <optional>
#include <utility>

#include "app/bench/bench_plan.h"
#include "app/job.h"

namespace glim::app {

/// "bench": how fast models read prompts and make tokens, as a table or file on standard output; rows are
/// printed as they come. Every finished run is kept in the store. A signal ends it with 128 + its number,
/// what is finished stays. With --against 8 when something became slower. Throws what loading throws.
int bench(const Job& job);

/// Read bandwidths of this machine, each measured once.
class ReadLimits {
 public:
  /// Bytes per second for as many bytes as a model reads, with so many threads; 0 when memory is short.
  double of(std::uint64_t bytes, std::int32_t threads);

 private:
  std::map<std::pair<std::uint64_t, std::int32_t>, double> known_;
};

}  // namespace glim::app
