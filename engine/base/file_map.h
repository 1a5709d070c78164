#pragma once

#include <atomic>
#include <cstddef>
#include <filesystem>
#include <span>

namespace glim {

/// A file mapped read-only. Reading stays safe when the file shrinks while it is mapped: the first access to a page
/// that has gone raises no signal to the program but turns the page into zeros and sets damaged().
/// Construction and destruction from any thread; reading from any thread.
class FileMap {
 public:
  explicit FileMap(const std::filesystem::path& path);  ///< throws E101 with the reason
  ~FileMap();
  FileMap(const FileMap&) = delete;
  FileMap& operator=(const FileMap&) = delete;

  std::span<const std::byte> bytes() const { return {data_, size_}; }
  const std::filesystem::path& path() const { return path_; }
  bool damaged() const { return damaged_.load(std::memory_order_acquire); }

 private:
  std::filesystem::path path_;
  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
  std::atomic<bool> damaged_ = false;
  std::size_t slot_ = 0;  ///< place in the table that the fault handler searches
};

}  // namespace glim
