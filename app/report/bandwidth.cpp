#include "app/report/bandwidth.h"

#include <algorithm>
#include <cstdint>
#include <thread>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/base/thread_pool.h"
#include "engine/measure/read_bandwidth.h"

namespace glim::app::report {
namespace {

constexpr std::uint64_t kBytes = std::uint64_t{256} << 20;  ///< beyond all caches
constexpr double kOutOfCaches = 100e6;

}  // namespace

double memory_bandwidth(int threads) {
  if (threads <= 0) threads = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  try {
    ThreadPool pool(threads);
    return read_bandwidth(pool, kBytes);
  } catch (const Error&) {  // too little memory or no threads: then there is no estimate
    return 0;
  }
}

void estimate_speeds(Report& report, int threads) {
  const auto needs = [](const Row& row) {
    return !row[Metric::generation_rate].present() && row[Metric::token_bytes].present() &&
           row.failure.empty();
  };
  if (std::none_of(report.rows.begin(), report.rows.end(), needs)) return;
  double bandwidth = 0;
  std::string whose;
  for (const Row& row : report.rows) {
    const Figure &bytes = row[Metric::token_bytes], &reached = row[Metric::bandwidth];
    if (!bytes.present() || bytes.value < kOutOfCaches || !reached.measured()) continue;
    if (reached.value <= bandwidth) continue;
    bandwidth = reached.value;
    whose = "which " + row.identity.name + " reached";
  }
  if (bandwidth == 0) {
    bandwidth = memory_bandwidth(threads);
    whose = "which this memory has at best";
  }
  if (bandwidth <= 0) return;
  for (Row& row : report.rows)
    if (needs(row))
      row[Metric::generation_rate] =
          estimated(Unit::tokens_per_second, bandwidth / row[Metric::token_bytes].value,
                    strf("if all of it were in memory: %.1f GB/s, %s, over the bytes that one token reads",
                         bandwidth / 1e9, whose.c_str()));
}

}  // namespace glim::app::report
