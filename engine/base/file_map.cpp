#include "engine/base/file_map.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <mutex>
#include <string>

#include "engine/base/error.h"
#include "engine/base/text.h"

namespace glim {
namespace {

/// One mapped range, as the fault handler sees it. `begin` is written last and cleared first, so that a range
/// with a non-zero begin is complete.
struct Range {
  std::atomic<bool> taken = false;
  std::atomic<std::uintptr_t> begin = 0;
  std::atomic<std::uintptr_t> end = 0;
  std::atomic<std::atomic<bool>*> damaged = nullptr;
};

constexpr std::size_t kMaxRanges = 2048;

// A signal handler has no argument of ours and may not lock, hence process-wide arrays of lock-free atomics.
std::array<Range, kMaxRanges> ranges;
struct sigaction previous_action;
std::uintptr_t page_size;

static_assert(std::atomic<std::uintptr_t>::is_always_lock_free && std::atomic<bool>::is_always_lock_free);

bool put_zeros(std::uintptr_t begin, std::size_t length) {
  void* place = reinterpret_cast<void*>(begin);  // NOLINT(performance-no-int-to-ptr)
  return mmap(place, length, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED;
}

/// True when the address lies in one of our files and reads as zero from now on.
bool patch(std::uintptr_t address) {
  for (Range& range : ranges) {
    const std::uintptr_t begin = range.begin.load(std::memory_order_acquire);
    if (begin == 0 || address < begin) continue;
    const std::uintptr_t end = range.end.load(std::memory_order_relaxed);
    if (address >= end) continue;
    range.damaged.load(std::memory_order_relaxed)->store(true, std::memory_order_release);
    // The number of mappings of a process is limited; with the last one gone the whole file turns to zeros
    // instead.
    return put_zeros(address / page_size * page_size, page_size) || put_zeros(begin, end - begin);
  }
  return false;
}

void pass_on(int signal, siginfo_t* info, void* context) {
  if ((previous_action.sa_flags & SA_SIGINFO) != 0) {
    previous_action.sa_sigaction(signal, info, context);
  } else if (previous_action.sa_handler != SIG_DFL && previous_action.sa_handler != SIG_IGN) {
    previous_action.sa_handler(signal);
  } else if (previous_action.sa_handler == SIG_DFL || info->si_code > 0) {
    // A fault cannot be ignored. The signal is blocked while this runs and kills the process on return.
    struct sigaction fatal = {};
    fatal.sa_handler = SIG_DFL;
    sigaction(signal, &fatal, nullptr);
    raise(signal);
  }
}

void on_fault(int signal, siginfo_t* info, void* context) {
  const int saved = errno;
  // Codes up to zero are signals sent by a process; they carry no address.
  if (info->si_code <= 0 || !patch(reinterpret_cast<std::uintptr_t>(info->si_addr)))
    pass_on(signal, info, context);
  errno = saved;
}

void install_handler() {
  static std::once_flag once;
  std::call_once(once, [] {
    page_size = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
    struct sigaction action = {};
    action.sa_sigaction = on_fault;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    sigemptyset(&action.sa_mask);
    sigaction(SIGBUS, &action, &previous_action);
  });
}

/// Publishes the range to the fault handler; kMaxRanges when the table is full.
std::size_t enter_range(const void* data, std::size_t size, std::atomic<bool>& damaged) {
  for (std::size_t slot = 0; slot < kMaxRanges; ++slot) {
    Range& range = ranges[slot];
    bool free = false;
    if (!range.taken.compare_exchange_strong(free, true)) continue;
    const auto begin = reinterpret_cast<std::uintptr_t>(data);
    range.damaged.store(&damaged, std::memory_order_relaxed);
    range.end.store(begin + (size + page_size - 1) / page_size * page_size, std::memory_order_relaxed);
    range.begin.store(begin, std::memory_order_release);
    return slot;
  }
  return kMaxRanges;
}

void leave_range(std::size_t slot) {
  ranges[slot].begin.store(0, std::memory_order_release);
  ranges[slot].taken.store(false, std::memory_order_release);
}

[[noreturn]] void fail(const std::filesystem::path& path, const std::string& reason) {
  throw Error(ErrorCode::E101, strf("%s: %s", printable(path.string()).c_str(), reason.c_str()));
}

std::string system_reason(const char* action, int number) {
  return strf("cannot %s it: %s", action, std::strerror(number));
}

/// Closes on every way out.
struct Descriptor {
  int number;
  ~Descriptor() {
    if (number >= 0) close(number);
  }
};

struct stat checked_stat(const std::filesystem::path& path, const Descriptor& file) {
  struct stat info = {};
  if (fstat(file.number, &info) != 0) fail(path, system_reason("examine", errno));
  if (S_ISDIR(info.st_mode)) fail(path, "this is a directory; name a file in it");
  if (!S_ISREG(info.st_mode))
    fail(path, "this is no regular file (a device, pipe or socket); name a model file");
  return info;
}

}  // namespace

FileMap::FileMap(const std::filesystem::path& path) : path_(path) {
  // Without O_NONBLOCK a named pipe would wait for a writer.
  const Descriptor file{open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (file.number < 0) fail(path, system_reason("open", errno));
  const struct stat info = checked_stat(path, file);
  size_ = static_cast<std::size_t>(info.st_size);
  identity_ = {info.st_dev, info.st_ino, info.st_mtim.tv_sec, info.st_mtim.tv_nsec};
  if (size_ == 0) return;

  void* data = mmap(nullptr, size_, PROT_READ, MAP_SHARED, file.number, 0);
  if (data == MAP_FAILED) fail(path, system_reason("map", errno));
  data_ = static_cast<const std::byte*>(data);
  install_handler();
  slot_ = enter_range(data, size_, damaged_);
  if (slot_ == kMaxRanges) {
    munmap(data, size_);
    fail(path, strf("more than %zu files are open; close some", kMaxRanges));
  }
}

FileMap::FileMap(std::string_view name, std::span<const std::byte> head, std::uint64_t size)
    : path_(name), size_(size), in_memory_(true) {
  GLIM_ASSERT(size > 0 && head.size() <= size);
  // Read-only private memory is not counted against what the system may promise.
  void* data = mmap(nullptr, size_, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (data == MAP_FAILED) {
    throw Error(ErrorCode::E201, strf("%s: %.2f GiB of addresses are not available; choose a smaller model",
                                      printable(name).c_str(), static_cast<double>(size) / 0x1p30));
  }
  data_ = static_cast<const std::byte*>(data);
  const bool opened = mprotect(data, head.size(), PROT_READ | PROT_WRITE) == 0;
  if (opened) std::copy(head.begin(), head.end(), static_cast<std::byte*>(data));
  if (opened && mprotect(data, head.size(), PROT_READ) == 0) return;
  munmap(data, size_);
  throw Error(ErrorCode::E201, strf("%s: %.1f MiB of memory are not available; close other programs",
                                    printable(name).c_str(), static_cast<double>(head.size()) / 0x1p20));
}

std::span<std::byte> FileMap::make_writable() {
  GLIM_ASSERT(in_memory_);
  auto* data = const_cast<std::byte*>(data_);
  if (mprotect(data, size_, PROT_READ | PROT_WRITE) != 0) {
    throw Error(ErrorCode::E201,
                strf("%s: the system does not grant %.2f GiB of memory; close other programs or choose a "
                     "smaller model",
                     printable(path_.string()).c_str(), static_cast<double>(size_) / 0x1p30));
  }
  madvise(data, size_, MADV_HUGEPAGE);  // only a hint
  return {data, size_};
}

void FileMap::release(std::span<const std::byte> bytes) const {
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  const auto begin = static_cast<std::size_t>(bytes.data() - data_);
  GLIM_ASSERT(begin <= size_ && bytes.size() <= size_ - begin);
  const std::size_t first = (begin + page - 1) / page * page, last = (begin + bytes.size()) / page * page;
  if (first < last) madvise(const_cast<std::byte*>(data_) + first, last - first, MADV_DONTNEED);
}

FileMap::~FileMap() {
  if (data_ == nullptr) return;
  if (!in_memory_) leave_range(slot_);
  munmap(const_cast<std::byte*>(data_), size_);
}

FileState FileMap::state() const {
  if (in_memory_) return FileState::intact;
  if (damaged()) return FileState::shortened;
  struct stat now = {};
  if (stat(path_.c_str(), &now) != 0) return FileState::intact;  // removed: the map keeps the contents alive
  if (now.st_dev != identity_.device || now.st_ino != identity_.inode) return FileState::intact;
  if (static_cast<std::size_t>(now.st_size) < size_) return FileState::shortened;
  const bool untouched =
      now.st_mtim.tv_sec == identity_.seconds && now.st_mtim.tv_nsec == identity_.nanoseconds;
  return untouched ? FileState::intact : FileState::rewritten;
}

}  // namespace glim
