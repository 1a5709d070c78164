#include "engine/base/memory_info.h"

#include <filesystem>
#include <fstream>
#include <string>

#include <doctest/doctest.h>

#include "tests/support/temp_dir.h"

using namespace glim;

namespace {

/// A tree that looks like the file systems of a machine with 8 MiB, of which 6 MiB are available.
class FakeMachine {
 public:
  FakeMachine() { write("proc/meminfo", "MemTotal:  8192 kB\nMemFree: 1024 kB\nMemAvailable:  6144 kB\n"); }

  void write(const std::string& path, const std::string& text) {
    std::filesystem::create_directories((dir_ / path).parent_path());
    std::ofstream(dir_ / path) << text;
  }

  /// A group of version 2 with a limit in KiB, of which `used` are used and `cached` of those are files.
  void group(const std::string& path, const std::string& limit, int used, int cached) {
    const std::string folder = "sys/fs/cgroup/" + path;
    write(folder + "memory.max", limit);
    write(folder + "memory.current", std::to_string(used * 1024));
    write(folder + "memory.stat", "anon 5\nactive_file " + std::to_string(cached * 512) + "\ninactive_file " +
                                      std::to_string(cached * 512) + "\n");
  }

  MemoryInfo info() const { return memory_info(dir_.path()); }
  std::uint64_t available() const { return info().available / 1024; }

 private:
  TempDir dir_;
};

std::string kib(int number) {
  return std::to_string(number * 1024) + "\n";
}

}  // namespace

TEST_CASE("without control groups the kernel's own figures count") {
  const FakeMachine machine;
  CHECK(machine.info().total == 8192 * 1024);
  CHECK(machine.available() == 6144);
  const TempDir empty;
  CHECK(memory_info(empty.path()).available == 0);
}

TEST_CASE("the tightest group on the way up counts, cached files as free") {
  FakeMachine machine;
  machine.write("proc/self/cgroup", "0::/user/chat\n");
  machine.group("user/chat/", "max\n", 100, 0);
  CHECK(machine.available() == 6144);
  machine.group("user/", kib(4096), 3072, 2048);
  CHECK(machine.available() == 3072);
  CHECK(machine.info().total == 4096 * 1024);
  machine.group("user/chat/", kib(2048), 1024, 0);
  CHECK(machine.available() == 1024);
  machine.write("sys/fs/cgroup/user/chat/memory.high", kib(1536));
  CHECK(machine.available() == 512);
  machine.group("user/chat/", kib(512), 1024, 0);  // over its limit already
  CHECK(machine.available() == 0);
}

TEST_CASE("inside a container the group's own folder is the root, whatever the path says") {
  FakeMachine machine;
  machine.write("proc/self/cgroup", "0::/docker/0123/deeper\n");
  machine.group("", kib(2048), 48, 0);
  CHECK(machine.available() == 2000);
}

TEST_CASE("groups of version 1 count too, and a limit above everything does not") {
  FakeMachine machine;
  machine.write("proc/self/cgroup", "12:cpu,cpuacct:/x\n5:memory:/a/b\n1:name=systemd:/x\n");
  const std::string folder = "sys/fs/cgroup/memory/a/b/";
  machine.write(folder + "memory.limit_in_bytes", "9223372036854771712\n");
  machine.write(folder + "memory.usage_in_bytes", kib(1024));
  CHECK(machine.available() == 6144);
  machine.write(folder + "memory.limit_in_bytes", kib(3000));
  machine.write(folder + "memory.stat", "cache 9\ntotal_inactive_file 24576\ntotal_active_file 0\n");
  CHECK(machine.available() == 2000);
}

TEST_CASE("this machine has memory and this process some of it") {
  const MemoryInfo info = memory_info();
  CHECK(info.resident > 0);
  CHECK(info.available > 0);
  CHECK(info.total >= info.available);
}
