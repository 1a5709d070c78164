#include "engine/base/new_file.h"

#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>

#include "engine/base/error.h"
#include "engine/base/text.h"

namespace glim {
namespace {

constexpr int kSpareNames = 100;

std::string folder_of(const std::filesystem::path& path) {
  const std::string folder = path.parent_path().string();
  return folder.empty() ? "." : folder;
}

std::string remedy(const std::filesystem::path& path, int number) {
  if (number == ENOSPC || number == EDQUOT) {
    struct statvfs disk = {};
    std::string place = "; free some space or choose another place";
    if (::statvfs(folder_of(path).c_str(), &disk) != 0) return place;
    const double free = static_cast<double>(disk.f_bavail) * static_cast<double>(disk.f_frsize);
    return strf(", %.2f GB are free", free / 1e9) + place;
  }
  if (number == EFBIG) return "; write it in smaller parts";
  return "; choose a folder that exists and that you may write to";
}

}  // namespace

void NewFile::refuse(const char* what, int number) const {
  throw Error(ErrorCode::E701, strf("%s: %s: %s%s", printable(path_.string()).c_str(), what,
                                    std::strerror(number), remedy(path_, number).c_str()));
}

NewFile::NewFile(std::filesystem::path path) : path_(std::move(path)) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path_, ignored)) refuse("cannot be created", EISDIR);
  fd_ = ::open(folder_of(path_).c_str(), O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666);
  // Where such files are unknown the answer is one of these; a real reason comes again below.
  if (fd_ < 0) open_named();
}

NewFile::~NewFile() {
  if (fd_ >= 0) ::close(fd_);
  if (!complete_) remove_name();
}

std::filesystem::path NewFile::spare_name(int number) const {
  return path_.string() + strf(".%ld.%d.part", static_cast<long>(::getpid()), number);
}

void NewFile::open_named() {
  for (int i = 0; i < kSpareNames && fd_ < 0; ++i) {
    const std::filesystem::path name = spare_name(i);
    fd_ = ::open(name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd_ >= 0) name_ = name;
    if (fd_ < 0 && errno != EEXIST) break;
  }
  if (fd_ < 0) refuse("cannot be created", errno);
}

void NewFile::remove_name() {
  if (!name_.empty()) ::unlink(name_.c_str());
  name_.clear();
}

void NewFile::reserve(std::uint64_t bytes) {
  if (bytes == 0) return;
  if (::fallocate(fd_, 0, 0, static_cast<off_t>(bytes)) == 0) return;
  if (errno == ENOSPC || errno == EDQUOT || errno == EFBIG)
    refuse(strf("%.2f GB cannot be stored", static_cast<double>(bytes) / 1e9).c_str(), errno);
}

void NewFile::write(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) refuse("cannot be written", errno);
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
}

void NewFile::give_name() {
  // The disk reports what it could not keep at the latest here.
  if (::fdatasync(fd_) != 0 && errno != EINVAL) refuse("cannot be written", errno);
  if (name_.empty()) {
    const std::string self = strf("/proc/self/fd/%d", fd_);
    const auto link = [&](const std::filesystem::path& name) {
      return ::linkat(AT_FDCWD, self.c_str(), AT_FDCWD, name.c_str(), AT_SYMLINK_FOLLOW) == 0;
    };
    if (link(path_)) {
      complete_ = true;
      return;
    }
    // A link never replaces a file, a renaming does.
    for (int i = 0; i < kSpareNames && name_.empty() && errno == EEXIST; ++i)
      if (link(spare_name(i))) name_ = spare_name(i);
    if (name_.empty()) refuse("cannot be given its name", errno);
  }
  if (std::rename(name_.c_str(), path_.c_str()) != 0) refuse("cannot be given its name", errno);
  complete_ = true;
}

}  // namespace glim
