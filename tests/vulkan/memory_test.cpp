#include "engine/vulkan/memory.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "engine/base/error.h"
#include "engine/vulkan/transfer.h"
#include "tests/vulkan/vulkan_fixture.h"

using namespace glim;
using namespace glim::vulkan;

namespace {

constexpr std::uint64_t kMiB = 1 << 20;

/// The first device that can be used, watched like the backend of the other tests.
struct Opened {
  Instance instance;
  Device device{instance, first(instance)};
  Memory memory{device};

  static DeviceFacts first(const Instance& instance) {
    for (const VkPhysicalDevice physical : instance.devices()) {
      DeviceFacts facts(physical);
      if (missing_requirements(facts).empty()) return facts;
    }
    throw Error(ErrorCode::E301, "no device");
  }
};

bool apart(const Piece& a, const Piece& b) {
  return a.address + a.size <= b.address || b.address + b.size <= a.address;
}

}  // namespace

TEST_CASE("pieces lie apart, gaps are used again, and blocks go back with their last piece") {
  if (vulkan_for_tests() == nullptr) return;
  Opened opened;
  Memory& memory = opened.memory;
  std::vector<Piece> pieces;
  for (const std::uint64_t bytes : {std::uint64_t{1}, std::uint64_t{300}, 5 * kMiB, 40 * kMiB, 30 * kMiB})
    pieces.push_back(memory.take(bytes, Sharing::device, "test"));
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    CHECK(pieces[i].address % 256 == 0);
    for (std::size_t j = 0; j < i; ++j) CHECK(apart(pieces[i], pieces[j]));
  }
  CHECK(memory.taken() == 2 * 64 * kMiB);
  memory.give_back(pieces[1]);
  memory.give_back(pieces[2]);
  const Piece again = memory.take(5 * kMiB + 256, Sharing::device, "test");  // only in the two gaps joined
  CHECK(again.address == pieces[1].address);
  CHECK(memory.taken() == 2 * 64 * kMiB);
  for (const Piece& piece : {pieces[0], again, pieces[4], pieces[3]}) memory.give_back(piece);
  CHECK(memory.taken() == 0);
}

TEST_CASE("what does not fit is refused with its name") {
  if (vulkan_for_tests() == nullptr) return;
  Opened opened;
  const std::uint64_t most = opened.device.facts().largest_allocation;
  CHECK_THROWS_WITH_AS(opened.memory.take(most + 1, Sharing::device, "KV cache"),
                       doctest::Contains("KV cache"), Error);
  CHECK(opened.memory.taken() == 0);
}

TEST_CASE("bytes get to the device and back, also where the host does not see them") {
  if (vulkan_for_tests() == nullptr) return;
  Opened opened;
  Transfer transfer(opened.device, opened.memory);
  constexpr std::uint64_t kBytes = 40 * kMiB;  // more than the staging buffers hold
  DeviceBuffer target(opened.memory, kBytes, Sharing::device, "test");
  DeviceBuffer back(opened.memory, kBytes, Sharing::host, "test");
  std::vector<std::byte> bytes(kBytes - 64);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(i * 2654435761u >> 13);
  for (const bool seen : {true, false}) {
    CAPTURE(seen);
    Piece to = target.piece(), from = back.piece();
    if (!seen) to.host = nullptr;  // as on a discrete card
    transfer.zero(to);
    transfer.write(to, 64, bytes);
    transfer.copy(to, 0, from, 0, kBytes);
    CHECK(std::all_of(back.host(), back.host() + 64, [](std::byte b) { return b == std::byte{0}; }));
    CHECK(std::memcmp(back.host() + 64, bytes.data(), bytes.size()) == 0);
  }
}
