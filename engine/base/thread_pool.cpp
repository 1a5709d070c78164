#include "engine/base/thread_pool.h"

#include <sched.h>

#include <algorithm>
#include <chrono>
#include <system_error>

#include "engine/base/error.h"
#include "engine/base/text.h"

namespace glim {
namespace {

constexpr std::chrono::microseconds kSpin{50};
constexpr int kAlone = 256;         ///< looks before the first yield, a few microseconds
constexpr int kBetweenYields = 16;  ///< and between two

void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#else
  std::atomic_signal_fence(std::memory_order_seq_cst);
#endif
}

bool spin_until_changed(const std::atomic<std::uint32_t>& value, std::uint32_t old, int rounds) {
  for (int i = 0; i < rounds; ++i) {
    if (value.load(std::memory_order_acquire) != old) return true;
    relax();
  }
  return false;
}

/// Returns once `value` is no longer `old`. Where more threads are ready than there are cores, the thread
/// that is waited for may stand behind this one on the same core, so before long the wait lets it pass.
void wait_for_change(const std::atomic<std::uint32_t>& value, std::uint32_t old) {
  if (spin_until_changed(value, old, kAlone)) return;
  const auto deadline = std::chrono::steady_clock::now() + kSpin;
  do {
    sched_yield();
    if (spin_until_changed(value, old, kBetweenYields)) return;
  } while (std::chrono::steady_clock::now() < deadline);
  value.wait(old, std::memory_order_acquire);
}

void advance(std::atomic<std::uint32_t>& value) {
  value.fetch_add(1, std::memory_order_seq_cst);
  value.notify_all();
}

}  // namespace

ThreadPool::ThreadPool(int threads) {
  GLIM_ASSERT(threads >= 1);
  workers_.reserve(static_cast<std::size_t>(threads - 1));
  try {
    for (int thread = 1; thread < threads; ++thread) workers_.emplace_back([this, thread] { work(thread); });
  } catch (const std::system_error& error) {
    stop();
    throw Error(ErrorCode::E301,
                strf("cannot start %d threads: %s; choose fewer threads", threads, error.what()));
  }
}

ThreadPool::~ThreadPool() {
  stop();
}

void ThreadPool::stop() {
  stopping_.store(true, std::memory_order_relaxed);
  advance(round_);
  for (std::thread& worker : workers_) worker.join();
}

void ThreadPool::start(Job job) {
  if (workers_.empty()) return job.call(job.object, 0);
  job_ = job;
  advance(round_);
  job.call(job.object, 0);
  barrier();
}

void ThreadPool::barrier() {
  const auto count = static_cast<std::int32_t>(workers_.size()) + 1;
  if (count == 1) return;
  const std::uint32_t phase = phase_.load(std::memory_order_relaxed);
  if (arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 == count) {
    arrived_.store(0, std::memory_order_relaxed);
    advance(phase_);
  } else {
    wait_for_change(phase_, phase);
  }
}

void ThreadPool::work(int thread) {
  for (std::uint32_t round = 0;; ++round) {
    wait_for_change(round_, round);
    if (stopping_.load(std::memory_order_relaxed)) return;
    job_.call(job_.object, thread);
    barrier();
  }
}

Range share(std::int64_t count, int part, int parts, std::int64_t grain) {
  const std::int64_t groups = (count + grain - 1) / grain;
  const auto edge = [&](int i) { return std::min(count, groups * i / parts * grain); };
  return {edge(part), edge(part + 1)};
}

}  // namespace glim
