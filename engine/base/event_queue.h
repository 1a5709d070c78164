#pragma once

#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

#include "engine/base/error.h"

namespace glim {

/// Values from any thread to one reader that sleeps in poll(2): fd() is readable while the queue holds
/// something. The constructor throws E201 when the system has no descriptor left.
template <typename T>
class EventQueue {
 public:
  EventQueue() : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (fd_ < 0) throw Error(ErrorCode::E201, "too many open files for another engine; close other programs");
  }
  ~EventQueue() { ::close(fd_); }
  EventQueue(const EventQueue&) = delete;
  EventQueue& operator=(const EventQueue&) = delete;

  int fd() const { return fd_; }

  void push(T value) {
    const std::lock_guard lock(mutex_);
    values_.push_back(std::move(value));
    const std::uint64_t one = 1;
    if (values_.size() == 1) static_cast<void>(::write(fd_, &one, sizeof one) == sizeof one);
  }

  std::optional<T> poll() {
    const std::lock_guard lock(mutex_);
    if (values_.empty()) return std::nullopt;
    T value = std::move(values_.front());
    values_.pop_front();
    std::uint64_t count = 0;
    if (values_.empty()) static_cast<void>(::read(fd_, &count, sizeof count) == sizeof count);
    return value;
  }

 private:
  std::mutex mutex_;
  std::deque<T> values_;
  int fd_;
};

}  // namespace glim
