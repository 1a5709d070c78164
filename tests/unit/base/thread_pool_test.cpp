#include "engine/base/thread_pool.h"

#include <doctest/doctest.h>

#include <ctime>
#include <numeric>
#include <vector>

#include "engine/base/random.h"

using namespace glim;

TEST_CASE("every thread runs once and the owner sees what the others wrote") {
  for (const int threads : {1, 2, 3, 8}) {
    ThreadPool pool(threads);
    REQUIRE(pool.size() == threads);
    std::vector<int> calls(static_cast<std::size_t>(threads));
    for (int round = 1; round <= 200; ++round) {
      pool.run([&](int thread) { ++calls[static_cast<std::size_t>(thread)]; });
      for (const int count : calls) CHECK(count == round);
    }
  }
}

TEST_CASE("behind a barrier every thread sees what the others wrote before it") {
  constexpr int kThreads = 4, kSteps = 100;
  ThreadPool pool(kThreads);
  std::vector<int> values(kThreads, 1);
  std::vector<int> sums(kThreads);
  pool.run([&](int thread) {
    for (int step = 0; step < kSteps; ++step) {
      const int sum = std::accumulate(values.begin(), values.end(), 0);
      pool.barrier();
      values[static_cast<std::size_t>(thread)] = sum % 7 + thread;
      sums[static_cast<std::size_t>(thread)] = sum;
      pool.barrier();
    }
  });
  for (const int sum : sums) CHECK(sum == sums[0]);
}

TEST_CASE("a pool that was never used ends cleanly") {
  ThreadPool pool(3);
}

TEST_CASE("shares cover everything once, in whole groups") {
  for (const std::int64_t count : {0, 1, 7, 64, 1001}) {
    for (const int parts : {1, 2, 5, 16}) {
      for (const std::int64_t grain : {1, 4}) {
        std::int64_t next = 0;
        for (int part = 0; part < parts; ++part) {
          const Range range = share(count, part, parts, grain);
          CHECK(range.first == next);
          CHECK((range.last % grain == 0 || range.last == count));
          next = range.last;
        }
        CHECK(next == count);
      }
    }
  }
}

TEST_CASE("random numbers are spread evenly and repeat with the seed") {
  Random random(1), same(1);
  double sum = 0, squares = 0;
  constexpr int kCount = 10000;
  for (int i = 0; i < kCount; ++i) {
    const double value = random.normal();
    CHECK(value == same.normal());
    sum += value;
    squares += value * value;
  }
  // Four standard deviations of the mean, and of the mean square of a normal distribution.
  CHECK(std::abs(sum / kCount) < 4 / std::sqrt(kCount));
  CHECK(std::abs(squares / kCount - 1) < 4 * std::sqrt(2.0 / kCount));
}
