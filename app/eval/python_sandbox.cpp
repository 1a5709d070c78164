#include "app/eval/python_sandbox.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <utility>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/text.h"

namespace glim::app {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kMostOutput = 64 << 10;
constexpr int kNobody = 65534;
constexpr int kBySignal = 128;  ///< exit status for signal 0, as shells and bubblewrap count

/// The only parts of the machine that the program sees, read-only, as far as they exist.
constexpr std::array<const char*, 5> kVisible = {"/usr", "/bin", "/lib", "/lib64", "/sbin"};
constexpr std::array<const char*, 2> kPythons = {"/usr/bin/python3", "/usr/local/bin/python3"};
constexpr std::array<const char*, 2> kWrappers = {"/usr/bin/bwrap", "/usr/local/bin/bwrap"};

template <typename List>
std::string first_executable(const List& paths) {
  for (const char* path : paths)
    if (::access(path, X_OK) == 0) return path;
  return {};
}

class Fd {
 public:
  explicit Fd(int fd = -1) : fd_(fd) {}
  ~Fd() { close(); }
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    close();
    fd_ = std::exchange(other.fd_, -1);
    return *this;
  }
  int get() const { return fd_; }
  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }

 private:
  int fd_;
};

/// Two connected ends. A socket, because writing to a pipe whose reader has gone sends a signal.
struct Channel {
  Channel() {
    int ends[2] = {-1, -1};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
      throw Error(ErrorCode::E701, "python3 cannot be connected; there are too many open files");
    ours = Fd(ends[0]);
    theirs = Fd(ends[1]);
  }
  Fd ours, theirs;
};

/// A command line for exec, made before the fork: behind it nothing may allocate.
class CommandLine {
 public:
  explicit CommandLine(std::vector<std::string> words) : words_(std::move(words)) {
    for (std::string& word : words_) pointers_.push_back(word.data());
    pointers_.push_back(nullptr);
  }
  CommandLine(const CommandLine&) = delete;
  char* const* get() const { return pointers_.data(); }

 private:
  std::vector<std::string> words_;
  std::vector<char*> pointers_;
};

/// The number of processes is limited from inside: outside, all those of the user would count.
constexpr std::string_view kPrelude =
    "import resource\nresource.setrlimit(resource.RLIMIT_NPROC, (32, 32))\n";

std::vector<std::string> python_words(const std::string& python, std::string_view program) {
  return {python, "-I", "-S", "-B", "-c", std::string(kPrelude) + std::string(program)};
}

std::vector<std::string> wrapped_words(const std::string& wrapper, std::vector<std::string> inner) {
  std::vector<std::string> words = {wrapper,         "--unshare-all", "--die-with-parent",
                                    "--new-session", "--clearenv",    "--cap-drop",
                                    "ALL",           "--uid",         "65534",
                                    "--gid",         "65534",         "--tmpfs",
                                    "/tmp",          "--chdir",       "/tmp"};
  for (const char* path : kVisible) {
    if (!fs::exists(path)) continue;
    if (fs::is_symlink(path)) {
      words.insert(words.end(), {"--symlink", fs::read_symlink(path).string(), path});
    } else {
      words.insert(words.end(), {"--ro-bind", path, path});
    }
  }
  words.insert(words.end(), {"--remount-ro", "/"});
  words.insert(words.end(), inner.begin(), inner.end());
  return words;
}

/// A folder or a link to make in the new root.
struct View {
  std::string source;  ///< of a folder: what is shown there; of a link: where it points
  std::string target;  ///< relative to the new root
  bool link;
};

std::vector<View> make_views() {
  std::vector<View> out;
  for (const char* path : kVisible) {
    if (!fs::exists(path)) continue;
    const bool link = fs::is_symlink(path);
    out.push_back({link ? fs::read_symlink(path).string() : path, path + 1, link});
  }
  return out;
}

/// Everything that the child needs, ready before the fork. From there to exec only system calls follow.
struct Child {
  const CommandLine& command;
  std::vector<View> views;
  std::string user_map, group_map;
  int in, out;
  int report;  ///< takes a byte when the program cannot be started as it should be; exec closes it
  rlim_t seconds;
  bool namespaces;
};

[[noreturn]] void give_up(const Child& child) {
  const char byte = 1;
  ::_exit(::write(child.report, &byte, 1) == 1 ? 1 : 2);
}

bool write_file(const char* path, const char* text) {
  const int fd = ::open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return false;
  const bool good = ::write(fd, text, std::strlen(text)) == static_cast<ssize_t>(std::strlen(text));
  ::close(fd);
  return good;
}

bool set_limit(__rlimit_resource kind, rlim_t value) {
  const rlimit limit{value, value};
  return ::setrlimit(kind, &limit) == 0;
}

bool set_limits(rlim_t seconds) {
  return set_limit(RLIMIT_AS, kPythonMemory) && set_limit(RLIMIT_CORE, 0) && set_limit(RLIMIT_CPU, seconds) &&
         set_limit(RLIMIT_FSIZE, 4 << 20) && set_limit(RLIMIT_NOFILE, 64);
}

bool read_only(const char* path, unsigned flags) {
  mount_attr attributes{};
  attributes.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID;
  return ::mount_setattr(AT_FDCWD, path, flags, &attributes, sizeof attributes) == 0;
}

/// A new root in memory that shows only the views, and /tmp.
bool enter_root(const Child& child) {
  if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return false;
  if (::mount("tmpfs", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, "size=16m,mode=755") != 0) return false;
  if (::chdir("/tmp") != 0) return false;
  for (const View& view : child.views) {
    if (view.link) {
      if (::symlink(view.source.c_str(), view.target.c_str()) != 0) return false;
      continue;
    }
    if (::mkdir(view.target.c_str(), 0755) != 0) return false;
    if (::mount(view.source.c_str(), view.target.c_str(), nullptr, MS_BIND | MS_REC, nullptr) != 0)
      return false;
    if (!read_only(view.target.c_str(), AT_RECURSIVE)) return false;
  }
  if (::mkdir("tmp", 0755) != 0 || ::mkdir("old", 0700) != 0) return false;
  if (::syscall(SYS_pivot_root, ".", "old") != 0) return false;
  if (::umount2("/old", MNT_DETACH) != 0 || ::rmdir("/old") != 0) return false;
  if (::mount("tmpfs", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, "size=16m,mode=777") != 0) return false;
  return read_only("/", 0) && ::chdir("/tmp") == 0;
}

[[noreturn]] void become_python(const Child& child) {
  const bool connected = ::dup2(child.in, 0) >= 0 && ::dup2(child.out, 1) >= 0 && ::dup2(child.out, 2) >= 0;
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  char* const environment[] = {nullptr};
  if (connected && ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && set_limits(child.seconds))
    ::execve(child.command.get()[0], child.command.get(), environment);
  give_up(child);
}

/// Shuts itself in, starts the program as the first process of its own, and passes its end on. Its user is
/// mapped to nobody, so that the rights it needs here are gone after exec.
[[noreturn]] void run_isolated(const Child& child) {
  constexpr int kSpaces =
      CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS;
  if (::unshare(kSpaces) != 0 || !write_file("/proc/self/setgroups", "deny") ||
      !write_file("/proc/self/uid_map", child.user_map.c_str()) ||
      !write_file("/proc/self/gid_map", child.group_map.c_str()) || !enter_root(child))
    give_up(child);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // the change of user has cleared it
  const pid_t inner = ::fork();
  if (inner < 0) give_up(child);
  if (inner == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    become_python(child);
  }
  for (const int fd : {child.report, child.in, child.out}) ::close(fd);
  int status = 0;
  while (::waitpid(inner, &status, 0) < 0 && errno == EINTR) {
  }
  ::_exit(WIFSIGNALED(status) ? kBySignal + WTERMSIG(status) : WEXITSTATUS(status));
}

/// The program while it runs.
class Running {
 public:
  Running(pid_t pid, Fd to, Fd from, std::string_view input)
      : pid_(pid),
        process_(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))),
        to_(std::move(to)),
        from_(std::move(from)),
        input_(input) {
    for (const int fd : {to_.get(), from_.get()}) ::fcntl(fd, F_SETFL, O_NONBLOCK);
  }

  /// Feeds and drains it to its end. False: the time was over and it has been killed.
  bool finish(double seconds, std::string& output, int& status) {
    const auto deadline = Clock::now() + std::chrono::milliseconds(static_cast<long long>(1000 * seconds));
    bool in_time = true, ended = false;
    while (in_time && !ended) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
      pollfd fds[] = {{process_.get(), POLLIN, 0},
                      {from_.get(), POLLIN, 0},
                      {input_.empty() ? -1 : to_.get(), POLLOUT, 0}};
      if (left > 0) ::poll(fds, 3, static_cast<int>(left));
      in_time = left > 0;
      ended = fds[0].revents != 0;
      if (fds[2].revents != 0) feed();
      if (fds[1].revents != 0) drain(output);
    }
    if (!in_time) ::kill(pid_, SIGKILL);
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    while (in_time && from_.get() >= 0 && drain(output)) {
    }
    return in_time;
  }

 private:
  void feed() {
    const ssize_t count = ::send(to_.get(), input_.data(), input_.size(), MSG_NOSIGNAL);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
    input_.remove_prefix(count > 0 ? static_cast<std::size_t>(count) : input_.size());
    if (input_.empty()) to_.close();
  }

  /// False: there is nothing more now.
  bool drain(std::string& output) {
    char buffer[4096];
    const ssize_t count = ::read(from_.get(), buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) return true;
    if (count < 0 && errno == EAGAIN) return false;
    if (count <= 0) {
      from_.close();
      return false;
    }
    const std::size_t room = kMostOutput - std::min(kMostOutput, output.size());
    output.append(buffer, std::min(room, static_cast<std::size_t>(count)));
    return true;
  }

  pid_t pid_;
  Fd process_, to_, from_;
  std::string_view input_;
};

bool reported(const Fd& report) {
  char byte = 0;
  return ::recv(report.get(), &byte, 1, MSG_DONTWAIT) == 1;
}

PythonOutcome run_command(std::vector<std::string> words, const PythonJob& job, bool namespaces) {
  const CommandLine command(std::move(words));
  Channel in, out, report;
  const Child child{command,
                    namespaces ? make_views() : std::vector<View>(),
                    strf("%d %u 1", kNobody, ::getuid()),
                    strf("%d %u 1", kNobody, ::getgid()),
                    in.theirs.get(),
                    out.theirs.get(),
                    report.theirs.get(),
                    static_cast<rlim_t>(std::ceil(job.seconds)),
                    namespaces};
  const pid_t pid = ::fork();
  if (pid < 0) return {PythonOutcome::Kind::unavailable, 0, "no further process can be started"};
  if (pid == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    // Else the program would wait for the end of an input that it holds open itself.
    for (const Channel* channel : {&in, &out, &report}) ::close(channel->ours.get());
    if (child.namespaces) run_isolated(child);
    become_python(child);
  }
  for (Channel* channel : {&in, &out, &report}) channel->theirs.close();
  if (job.input.empty()) in.ours.close();
  PythonOutcome outcome;
  int status = 0;
  const bool in_time = Running(pid, std::move(in.ours), std::move(out.ours), job.input)
                           .finish(job.seconds, outcome.output, status);
  if (reported(report.ours)) return {PythonOutcome::Kind::unavailable, 0, "namespaces are not allowed here"};
  const int signal = WIFSIGNALED(status)               ? WTERMSIG(status)
                     : WEXITSTATUS(status) > kBySignal ? WEXITSTATUS(status) - kBySignal
                                                       : 0;
  outcome.status = signal != 0 ? signal : WEXITSTATUS(status);
  outcome.kind = signal != 0 ? PythonOutcome::Kind::killed : PythonOutcome::Kind::finished;
  if (!in_time || signal == SIGXCPU) outcome.kind = PythonOutcome::Kind::timed_out;
  return outcome;
}

/// Whether this wrapper gets as far as running a program; where namespaces are restricted it does not.
bool wrapper_works(const std::string& wrapper, const std::string& python) {
  const PythonOutcome outcome =
      run_command(wrapped_words(wrapper, python_words(python, "print('in')")), {}, false);
  return outcome.kind == PythonOutcome::Kind::finished && outcome.output == "in\n";
}

}  // namespace

PythonOutcome run_python(const PythonJob& job) {
  const std::string python = first_executable(kPythons);
  if (python.empty()) return {PythonOutcome::Kind::unavailable, 0, "python3 was not found in /usr/bin"};
  std::vector<std::string> words = python_words(python, job.program);
  if (job.isolation == Isolation::limits) return run_command(std::move(words), job, false);
  const std::string wrapper = job.wrapper ? first_executable(kWrappers) : std::string();
  if (!wrapper.empty() && wrapper_works(wrapper, python))
    return run_command(wrapped_words(wrapper, std::move(words)), job, false);
  return run_command(std::move(words), job, true);
}

}  // namespace glim::app
