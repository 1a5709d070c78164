#include <doctest/doctest.h>

#include <cstring>

#include "engine/base/error.h"
#include "engine/model/kv_cache.h"
#include "engine/reference/reference_backend.h"

using namespace glim;

namespace {

ModelConfig config() {
  ModelConfig out;
  out.layers = 2;
  out.latent_rank = 24;
  out.rope_width = 8;
  return out;
}

struct Fixture {
  explicit Fixture(std::int32_t blocks) : cache(config(), *backend, QuantType::f32, blocks) {}
  std::unique_ptr<Backend> backend = make_reference_backend();
  KvCache cache;
};

std::vector<TokenId> tokens(std::int32_t count, TokenId first = 0) {
  std::vector<TokenId> out;
  for (std::int32_t i = 0; i < count; ++i) out.push_back(first + i);
  return out;
}

/// Marks the row of a position in the last layer.
float* cached(KvCache& cache, const Timeline& timeline, std::int32_t position) {
  const std::int32_t block = timeline.blocks()[static_cast<std::size_t>(position / kBlockTokens)];
  return cache.layer(1).floats(std::int64_t{block} * kBlockTokens + position % kBlockTokens);
}

}  // namespace

TEST_CASE("a block returns to the pool with its last reference") {
  Fixture f(2);
  const std::int32_t block = f.cache.acquire();
  f.cache.share(block);
  CHECK(f.cache.shared(block));
  f.cache.release(block);
  CHECK_FALSE(f.cache.shared(block));
  CHECK(f.cache.free_blocks() == 1);
  f.cache.release(block);
  CHECK(f.cache.free_blocks() == 2);
}

TEST_CASE("an exhausted pool gives no block") {
  Fixture f(2);
  CHECK(f.cache.acquire() >= 0);
  CHECK(f.cache.acquire() >= 0);
  CHECK(f.cache.acquire() == -1);
}

TEST_CASE("a timeline takes a block for every 64 tokens and gives them back") {
  Fixture f(4);
  {
    Timeline timeline(f.cache);
    REQUIRE(timeline.extend(tokens(64)));
    CHECK(timeline.blocks().size() == 1);
    REQUIRE(timeline.extend(tokens(1)));
    CHECK(timeline.blocks().size() == 2);
    CHECK(f.cache.free_blocks() == 2);
    timeline.truncate(64);
    CHECK(f.cache.free_blocks() == 3);
    timeline.truncate(63);
    CHECK(timeline.length() == 63);
    CHECK(f.cache.free_blocks() == 3);
  }
  CHECK(f.cache.free_blocks() == 4);
}

TEST_CASE("extending beyond the pool changes nothing") {
  Fixture f(2);
  Timeline timeline(f.cache);
  REQUIRE(timeline.extend(tokens(70)));
  CHECK_FALSE(timeline.extend(tokens(100)));
  CHECK(timeline.length() == 70);
  CHECK(timeline.blocks().size() == 2);
  CHECK(timeline.extend(tokens(58)));
  CHECK_FALSE(timeline.extend(tokens(1)));
}

TEST_CASE("the common prefix ends at the first difference or at the shorter end") {
  Fixture f(2);
  Timeline timeline(f.cache);
  REQUIRE(timeline.extend(tokens(10)));
  CHECK(timeline.common_prefix(tokens(20)) == 10);
  CHECK(timeline.common_prefix(tokens(4)) == 4);
  CHECK(timeline.common_prefix(tokens(10, 1)) == 0);
  CHECK(timeline.common_prefix({}) == 0);
}

TEST_CASE("a fork shares blocks until one side writes into the shared one") {
  Fixture f(4);
  Timeline first(f.cache), second(f.cache);
  REQUIRE(first.extend(tokens(70)));
  cached(f.cache, first, 69)[3] = 5;
  second.fork_from(first);
  CHECK(f.cache.free_blocks() == 2);
  CHECK(second.tokens() == first.tokens());

  REQUIRE(second.extend(tokens(1, 900)));
  CHECK(f.cache.free_blocks() == 1);
  CHECK(second.blocks()[0] == first.blocks()[0]);
  CHECK(second.blocks()[1] != first.blocks()[1]);
  CHECK(cached(f.cache, second, 69)[3] == 5);
  cached(f.cache, second, 70)[0] = 7;
  CHECK(cached(f.cache, first, 69)[3] == 5);

  // The block is no longer shared, so the other side writes in place.
  REQUIRE(first.extend(tokens(1, 800)));
  CHECK(f.cache.free_blocks() == 1);
  CHECK(cached(f.cache, first, 70)[0] == 0);
}

TEST_CASE("truncating into a shared block and writing on copies it too") {
  Fixture f(4);
  Timeline first(f.cache), second(f.cache);
  REQUIRE(first.extend(tokens(128)));
  second.fork_from(first);
  second.truncate(100);
  CHECK(f.cache.free_blocks() == 2);
  REQUIRE(second.extend(tokens(2)));
  CHECK(second.blocks()[1] != first.blocks()[1]);
  CHECK(f.cache.free_blocks() == 1);
}

TEST_CASE("a fork that has no room for its own copy cannot grow") {
  Fixture f(1);
  Timeline first(f.cache), second(f.cache);
  REQUIRE(first.extend(tokens(10)));
  second.fork_from(first);
  CHECK_FALSE(second.extend(tokens(1)));
  CHECK(second.length() == 10);
  first.truncate(0);
  CHECK(second.extend(tokens(1)));
}

TEST_CASE("forking over an earlier content releases it, and forking from itself changes nothing") {
  Fixture f(4);
  Timeline first(f.cache), second(f.cache);
  REQUIRE(first.extend(tokens(64)));
  REQUIRE(second.extend(tokens(128)));
  second.fork_from(first);
  CHECK(f.cache.free_blocks() == 3);
  second.fork_from(second);
  CHECK(second.length() == 64);
  CHECK(f.cache.free_blocks() == 3);
}

TEST_CASE("a type that cannot hold the rows is refused by name") {
  const std::unique_ptr<Backend> backend = make_reference_backend();
  ModelConfig odd = config();
  odd.latent_rank = 25;
  CHECK(kv_bytes_per_token(config(), QuantType::q8_0) == 2 * 34);
  CHECK(kv_bytes_per_token(odd, QuantType::f16) == 2 * 2 * 33);
  for (const auto& [shape, type] : {std::pair{odd, QuantType::q8_0}, std::pair{config(), QuantType::q4_k}}) {
    try {
      KvCache cache(shape, *backend, type, 1);
      FAIL("not refused");
    } catch (const Error& error) {
      CHECK(error.code() == ErrorCode::E603);
      CHECK(std::strstr(error.what(), quant(type).name.data()) != nullptr);
    }
  }
}
