#include "engine/base/file_map.h"

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "engine/base/error.h"
#include "tests/support/temp_dir.h"

using namespace glim;

namespace {

void write(const std::filesystem::path& path, std::size_t size, char fill) {
  std::ofstream(path, std::ios::binary) << std::string(size, fill);
}

std::size_t sum(std::span<const std::byte> bytes) {
  std::size_t total = 0;
  for (const std::byte b : bytes) total += static_cast<std::size_t>(b);
  return total;
}

ErrorCode code_of(const std::filesystem::path& path) {
  try {
    const FileMap map(path);
  } catch (const Error& error) {
    return error.code();
  }
  FAIL(path.string() << " was mapped");
  return ErrorCode::E101;
}

}  // namespace

TEST_CASE("a map shows the bytes of the file") {
  const TempDir dir;
  write(dir / "f", 5000, 1);
  const FileMap map(dir / "f");
  CHECK(map.bytes().size() == 5000);
  CHECK(sum(map.bytes()) == 5000);
  CHECK_FALSE(map.damaged());
  CHECK(map.state() == FileState::intact);
}

TEST_CASE("memory that stands for a file begins with its head and takes none for the rest until written") {
  const std::vector<std::byte> head(5000, std::byte{1});
  FileMap map("shape:of-something", head, std::uint64_t{1} << 36);  // more than this machine has
  CHECK(map.in_memory());
  CHECK(map.path() == "shape:of-something");
  CHECK(map.bytes().size() == std::uint64_t{1} << 36);
  CHECK(sum(map.bytes().first(head.size())) == head.size());
  CHECK(map.bytes().back() == std::byte{0});
  CHECK(map.state() == FileState::intact);

  FileMap small("small", head, 10000);
  small.make_writable().back() = std::byte{7};
  CHECK(sum(small.bytes()) == head.size() + 7);
}

TEST_CASE("an empty file gives an empty map") {
  const TempDir dir;
  write(dir / "f", 0, 0);
  CHECK(FileMap(dir / "f").bytes().empty());
}

TEST_CASE("reading a file that was truncated after mapping gives zeros and marks the map as damaged") {
  const TempDir dir;
  write(dir / "f", 1 << 20, 1);
  const FileMap map(dir / "f"), other(dir / "f");
  std::filesystem::resize_file(dir / "f", 8192);
  CHECK(map.state() == FileState::shortened);
  CHECK_FALSE(map.damaged());
  CHECK(sum(map.bytes()) == 8192);
  CHECK(map.damaged());
  CHECK_FALSE(other.damaged());
}

TEST_CASE("several threads may meet the missing pages of a truncated file at once") {
  const TempDir dir;
  write(dir / "f", 1 << 20, 1);
  const FileMap map(dir / "f");
  std::filesystem::resize_file(dir / "f", 0);
  std::vector<std::size_t> sums(4, 1);
  std::vector<std::thread> threads;
  for (std::size_t& s : sums) threads.emplace_back([&s, &map] { s = sum(map.bytes()); });
  for (std::thread& t : threads) t.join();
  CHECK(std::accumulate(sums.begin(), sums.end(), std::size_t{0}) == 0);
  CHECK(map.damaged());
}

TEST_CASE(
    "a file written in place is noticed and one replaced by another of the same name is not mistaken for "
    "it") {
  const TempDir dir;
  write(dir / "f", 100, 1);
  const FileMap map(dir / "f");
  const auto later = std::filesystem::last_write_time(dir / "f") + std::chrono::seconds(5);
  std::filesystem::last_write_time(dir / "f", later);
  CHECK(map.state() == FileState::rewritten);
  write(dir / "g", 10, 2);
  std::filesystem::rename(dir / "g", dir / "f");
  CHECK(map.state() == FileState::intact);
  CHECK(sum(map.bytes()) == 100);
}

TEST_CASE("what is no readable regular file is refused without waiting") {
  const TempDir dir;
  CHECK(code_of(dir / "missing") == ErrorCode::E101);
  CHECK(code_of(dir.path()) == ErrorCode::E101);
  CHECK(code_of("/dev/zero") == ErrorCode::E101);
  REQUIRE(mkfifo((dir / "pipe").c_str(), 0600) == 0);
  CHECK(code_of(dir / "pipe") == ErrorCode::E101);
  std::filesystem::create_symlink(dir / "loop", dir / "loop");
  CHECK(code_of(dir / "loop") == ErrorCode::E101);
  std::filesystem::create_symlink(dir / "nowhere", dir / "dangling");
  CHECK(code_of(dir / "dangling") == ErrorCode::E101);
}

TEST_CASE("released bytes are read from the file again; without a file they are zeros") {
  const TempDir dir;
  constexpr std::size_t kSize = 5 * 4096;
  write(dir / "f", kSize, 7);
  const FileMap map(dir / "f");
  const std::vector<std::byte> before(map.bytes().begin(), map.bytes().end());
  map.release(map.bytes().subspan(100, kSize - 200));
  CHECK(std::equal(before.begin(), before.end(), map.bytes().begin()));

  FileMap memory("memory", {}, kSize);
  const std::span<std::byte> bytes = memory.make_writable();
  std::fill(bytes.begin(), bytes.end(), std::byte{9});
  memory.release(memory.bytes().subspan(100, 3 * 4096));
  CHECK(bytes[4095] == std::byte{9});  // its page is shared with bytes that were not released
  CHECK(bytes[4096] == std::byte{0});
  CHECK(bytes[3 * 4096 - 1] == std::byte{0});
  CHECK(bytes[3 * 4096 + 200] == std::byte{9});
}

TEST_CASE("a bus error that has nothing to do with a map still ends the process") {
  const TempDir dir;
  write(dir / "f", 100, 1);
  const FileMap map(dir / "f");
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    close(STDERR_FILENO);  // a sanitizer has a lot to say about this
    raise(SIGBUS);
    _exit(0);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  const bool survived = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  CHECK_FALSE(survived);
}
