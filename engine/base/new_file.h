#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>

namespace glim {

/// A file that stands under its name only when it is complete. Until give_name() it has no name at all or,
/// where the file system knows no such files, the name with ".part" behind it; without give_name() the
/// destructor removes it, and a file without a name also vanishes when the process dies. A file that has the
/// name already is replaced at once. One thread. Everything throws E701 naming the file and what the system
/// says.
class NewFile {
 public:
  explicit NewFile(std::filesystem::path path);
  ~NewFile();
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;

  /// Sets `bytes` of the disk aside, so that a disk that is too small is found out before the work. File
  /// systems that cannot do that say nothing.
  void reserve(std::uint64_t bytes);
  void write(std::span<const std::byte> bytes);  ///< appends
  void give_name();                              ///< after the last write

  const std::filesystem::path& path() const { return path_; }

 private:
  void open_named();
  void remove_name();
  std::filesystem::path spare_name(int number) const;
  [[noreturn]] void refuse(const char* what, int number) const;

  std::filesystem::path path_;
  std::filesystem::path name_;  ///< that the file has at present; empty: none
  int fd_ = -1;
  bool complete_ = false;
};

}  // namespace glim
