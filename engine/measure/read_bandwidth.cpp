#include "engine/measure/read_bandwidth.h"

#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/text.h"

namespace glim {
namespace {

constexpr std::uint64_t kTotal = std::uint64_t{1} << 30;  ///< read by all passes of a measurement

/// Memory of whole pages, huge ones where the system has them.
class Pages {
 public:
  explicit Pages(std::uint64_t bytes) : bytes_(bytes) {
    void* data = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (data == MAP_FAILED)
      throw Error(ErrorCode::E201,
                  strf("the read-bandwidth test needs %.0f MB of memory; close other programs",
                       static_cast<double>(bytes) / 1e6));
    words_ = static_cast<std::uint64_t*>(data);
    ::madvise(data, bytes, MADV_HUGEPAGE);
  }
  ~Pages() { ::munmap(words_, bytes_); }
  Pages(const Pages&) = delete;
  Pages& operator=(const Pages&) = delete;

  std::uint64_t* words() const { return words_; }
  std::int64_t count() const { return static_cast<std::int64_t>(bytes_ / sizeof(std::uint64_t)); }

 private:
  std::uint64_t* words_;
  std::uint64_t bytes_;
};

/// A vector, for memory that answers faster than single words can be asked for.
using Words [[gnu::vector_size(32), gnu::aligned(8), gnu::may_alias]] = std::uint64_t;
constexpr std::int64_t kWords = 4;

/// Several sums that do not wait for each other keep more loads in flight than one.
std::uint64_t sum(const std::uint64_t* words, Range range) {
  Words a = {}, b = {}, c = {}, d = {};
  std::int64_t i = range.first;
  for (; i + 4 * kWords <= range.last; i += 4 * kWords) {
    const auto* at = reinterpret_cast<const Words*>(words + i);
    __builtin_prefetch(at + 64);  // the processor's own prefetching stops at each page
    __builtin_prefetch(at + 66);
    a += at[0], b += at[1], c += at[2], d += at[3];
  }
  a += b + c + d;
  std::uint64_t total = a[0] + a[1] + a[2] + a[3];
  for (; i < range.last; ++i) total += words[i];
  return total;
}

}  // namespace

double read_bandwidth(ThreadPool& pool, std::uint64_t bytes) {
  using Clock = std::chrono::steady_clock;
  constexpr std::int64_t kPage = 4096 / sizeof(std::uint64_t);
  const Pages pages(std::max<std::uint64_t>(bytes, 1 << 16));
  // Each thread touches first what it reads, so that it lies in its own node's memory.
  pool.run([&](int thread) {
    const Range mine = share(pages.count(), thread, pool.size(), kPage);
    for (std::int64_t i = mine.first; i < mine.last; ++i) pages.words()[i] = static_cast<std::uint64_t>(i);
  });
  const auto size = static_cast<std::uint64_t>(pages.count()) * sizeof(std::uint64_t);
  const std::uint64_t passes = std::clamp<std::uint64_t>(kTotal / size, 3, 10000);
  // Short passes are timed in groups, long ones one by one.
  const std::uint64_t group = std::max<std::uint64_t>(1, passes / 8);
  std::atomic<std::uint64_t> seen = 0;
  double best = 0;
  for (std::uint64_t done = 0; done < passes; done += group) {
    const auto began = Clock::now();
    pool.run([&](int thread) {
      const Range mine = share(pages.count(), thread, pool.size(), kPage);
      std::uint64_t total = 0;
      for (std::uint64_t i = 0; i < group; ++i) {
        total += sum(pages.words(), mine);
        // Otherwise the compiler could sum once and multiply.
        asm volatile("" ::: "memory");
      }
      seen += total;
    });
    const double seconds = std::chrono::duration<double>(Clock::now() - began).count();
    if (seconds > 0) best = std::max(best, static_cast<double>(size * group) / seconds);
  }
  return seen == 0 ? 0 : best;
}

}  // namespace glim
