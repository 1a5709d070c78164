#include "engine/failure.h"

#include <doctest/doctest.h>

#include <new>
#include <stdexcept>
#include <vector>

using namespace glim;

namespace {

template <typename Throwing>
Failed failure_of(const Throwing& throwing) {
  try {
    throwing();
  } catch (...) {
    return current_failure(3);
  }
  FAIL("nothing was thrown");
  return {};
}

}  // namespace

TEST_CASE("an error of ours keeps its code and words") {
  const Failed failed =
      failure_of([] { throw Error(ErrorCode::E403, "the file is damaged", "get another"); });
  CHECK(failed.sequence == 3);
  CHECK(failed.code == ErrorCode::E403);
  CHECK(failed.message == "the file is damaged");
  CHECK(failed.help == "get another");
}

TEST_CASE("a lack of memory is told as one, in whatever way it shows") {
  const Failed allocation = failure_of([] { throw std::bad_alloc(); });
  const Failed length = failure_of([] { std::vector<int>().reserve(~std::size_t{0}); });
  for (const Failed& failed : {allocation, length}) {
    CHECK(failed.code == ErrorCode::E201);
    CHECK(failed.message.find("not enough memory") != std::string::npos);
  }
}

TEST_CASE("anything else is passed on with its own words") {
  const Failed failed = failure_of([] { throw std::runtime_error("no more descriptors"); });
  CHECK(failed.code == ErrorCode::E201);
  CHECK(failed.message.find("no more descriptors") != std::string::npos);
}
