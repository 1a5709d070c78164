#pragma once

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

namespace glim {

/// A fixed set of threads that run the same function side by side, for work that is cut into equal shares
/// beforehand. Waiting threads spin for about 50 microseconds and then sleep in the kernel, so an idle pool
/// uses no processor. run() and the destructor are called by one thread, the owner, which does the share of
/// thread 0.
class ThreadPool {
 public:
  explicit ThreadPool(
      int threads);  ///< at least 1, the owner included; throws E301 when they cannot be started
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int size() const { return static_cast<int>(workers_.size()) + 1; }

  /// Calls work(thread) once for every thread in [0, size()) and returns when all calls have returned.
  /// `work` must not throw. Writes of each side are visible to the other.
  template <typename Work>
  void run(const Work& work) {
    start({&work, [](const void* object, int thread) { (*static_cast<const Work*>(object))(thread); }});
  }

  /// To be called by every thread of a run() equally often: returns once all have called it.
  void barrier();

 private:
  struct Job {
    const void* object = nullptr;
    void (*call)(const void* object, int thread) = nullptr;
  };

  void start(Job job);
  void work(int thread);
  void stop();

  Job job_;
  // Each counter is written by some threads while others spin on it, so they sit on cache lines of their own.
  alignas(64) std::atomic<std::uint32_t> round_ = 0;   ///< runs started; the last value of a pool that stops
  alignas(64) std::atomic<std::uint32_t> phase_ = 0;   ///< barriers passed
  alignas(64) std::atomic<std::int32_t> arrived_ = 0;  ///< threads waiting at the present barrier
  alignas(64) std::atomic<bool> stopping_ = false;
  std::vector<std::thread> workers_;
};

/// Half-open range of indices.
struct Range {
  std::int64_t first = 0, last = 0;
  std::int64_t size() const { return last - first; }
};

/// Share `part` of `parts` of `count` things, dealt out in whole groups of `grain` (the last one may be
/// smaller).
Range share(std::int64_t count, int part, int parts, std::int64_t grain = 1);

}  // namespace glim
