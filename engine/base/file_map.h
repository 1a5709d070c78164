#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>

namespace glim {

/// What has happened to a mapped file on disk. Replacing it by another file of the same name leaves the map
/// intact.
enum class FileState { intact, rewritten, shortened };

/// A file mapped read-only, or memory that stands for one. Reading stays safe when the file shrinks while it
/// is mapped: the first access to a page that has gone raises no signal to the program but turns the page
/// into zeros and sets damaged(). Construction and destruction from any thread; reading from any thread. The
/// first map installs a handler for SIGBUS; a handler installed before is called for faults elsewhere, one
/// installed later must do the same.
class FileMap {
 public:
  explicit FileMap(const std::filesystem::path& path);  ///< throws E101 with the reason
  /// `size` bytes of memory under a name that is no path: `head`, then zeros, which take no memory until
  /// make_writable(). Throws E201 when there is no room for the addresses.
  FileMap(std::string_view name, std::span<const std::byte> head, std::uint64_t size);
  ~FileMap();
  FileMap(const FileMap&) = delete;
  FileMap& operator=(const FileMap&) = delete;

  std::span<const std::byte> bytes() const { return {data_, size_}; }
  const std::filesystem::path& path() const { return path_; }
  bool in_memory() const { return in_memory_; }
  /// The bytes of a map that is no file, from now on to be written too. Throws E201 when the system refuses
  /// to promise as much memory.
  std::span<std::byte> make_writable();
  /// Gives the memory of bytes back that nobody will need, but for pages that they share with others. They
  /// are read from the file again if somebody does; without a file they are zeros.
  void release(std::span<const std::byte> bytes) const;
  bool damaged() const { return damaged_.load(std::memory_order_acquire); }
  FileState state() const;  ///< asks the file system; `shortened` also when damaged()

 private:
  struct Identity {
    std::uint64_t device = 0, inode = 0;
    std::int64_t seconds = 0, nanoseconds = 0;  ///< of the last modification
  };

  std::filesystem::path path_;
  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
  bool in_memory_ = false;
  Identity identity_;
  std::atomic<bool> damaged_ = false;
  std::size_t slot_ = 0;  ///< place in the table that the fault handler searches
};

}  // namespace glim
