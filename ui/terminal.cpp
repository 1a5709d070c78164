#include "ui/terminal.h"

#include <fcntl.h>
#include <langinfo.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cwchar>
#include <map>
#include <optional>
#include <utility>

// ncurses defines macros with common names: last of the foreign headers.
#include <ncurses.h>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/base/utf8.h"
#include "ui/layout.h"
#include "ui/terminal_signals.h"

namespace glim::ui {
namespace {

struct FileCloser {
  void operator()(FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<FILE, FileCloser>;

File open_terminal(const char* mode, int fallback) {
  int fd = open("/dev/tty", O_RDWR | O_CLOEXEC);
  if (fd < 0 && isatty(fallback)) fd = fcntl(fallback, F_DUPFD_CLOEXEC, 3);
  return File(fd < 0 ? nullptr : fdopen(fd, mode));
}

struct AttributeBit {
  Attribute ours;
  attr_t curses;
};

const AttributeBit kAttributes[] = {
    {bold, A_BOLD}, {italic, A_ITALIC}, {underline, A_UNDERLINE}, {reverse, A_REVERSE}, {dim, A_DIM},
};

/// What one cell shows as curses wants it: a base, its marks and the end.
using WideCell = std::array<wchar_t, CCHARW_MAX + 1>;

/// False: the library gives the base another width than the layout did, so that it would shift the row.
bool encode(const Canvas::Cell& cell, WideCell& out) {
  out = {};
  std::size_t n = 0;
  for (std::string_view text = cell.text; !text.empty() && n < CCHARW_MAX;) {
    const Utf8Char c = utf8_next(text);
    const int width = wcwidth(static_cast<wchar_t>(c.code));
    if (n == 0 && width != cell.width) return false;
    if (n == 0 || width == 0) out[n++] = static_cast<wchar_t>(c.code);
    text.remove_prefix(c.length);
  }
  return n > 0;
}

std::string base64(std::string_view bytes) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    unsigned group = 0;
    for (std::size_t k = 0; k < 3; ++k)
      group = group << 8 | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0u);
    for (std::size_t k = 0; k < 4; ++k)
      out += i + k <= bytes.size() ? kDigits[group >> (18 - 6 * k) & 63] : '=';
  }
  return out;
}

}  // namespace

struct Terminal::State {
  TerminalOptions options;
  File in, out;
  SCREEN* screen = nullptr;
  std::optional<TerminalSignals> signals;
  KeyDecoder decoder;
  std::vector<KeyEvent> typed_ahead;  ///< keys from before the start, for the first read_events()
  ColorMode colors = ColorMode::none;
  std::map<std::pair<short, short>, short> pairs;
  std::optional<Canvas> shown;  ///< what the last present() drew
  bool full_screen = false;
  bool utf8 = false;
  bool own_stop = false;
  int cursor_shown = -1;
  bool own_screen = true;  ///< the terminal has another screen for programs, and shows the old one afterwards
  bool asked_synchronized = false, synchronized = false;

  ~State() {
    if (screen == nullptr) return;
    if (full_screen || !isendwin()) endwin();
    delscreen(screen);
  }

  int fd() const { return fileno(out.get()); }

  void write_all(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t n = write(fd(), bytes.data(), bytes.size());
      if (n < 0 && errno != EINTR) return;
      if (n > 0) bytes.remove_prefix(static_cast<std::size_t>(n));
    }
  }

  void start();
  void start_colors();
  void take_typed_ahead();
  void ask_synchronized();
  void write_frame();
  short pair_for(const Appearance& appearance);
  void put_cell(int row, int col, const Canvas::Cell& cell);
  void put_row(const Canvas& canvas, int row);
};

void Terminal::State::start() {
  in = open_terminal("r", STDIN_FILENO);
  out = open_terminal("w", STDOUT_FILENO);
  if (!in || !out) throw Error(ErrorCode::E301, "no terminal to draw on; use --plain");
  const char* wanted = options.type.empty() ? std::getenv("TERM") : options.type.c_str();
  termios normal = {};
  if (tcgetattr(fd(), &normal) != 0)
    throw Error(ErrorCode::E301, "the terminal does not answer; use --plain");
  for (const char* type : {wanted, "xterm-256color"})
    if (screen == nullptr && type != nullptr) screen = newterm(type, out.get(), in.get());
  if (screen == nullptr)
    throw Error(ErrorCode::E301,
                strf("terminal type '%s' is unknown; use --plain", printable(wanted ? wanted : "").c_str()));
  set_term(screen);
  raw();
  noecho();
  nonl();
  leaveok(stdscr, FALSE);
  utf8 = utf8_locale();
  const char* other_screen = tigetstr("smcup");
  own_screen = other_screen != nullptr && other_screen != reinterpret_cast<char*>(-1);
  start_colors();
  signals.emplace(fd(), normal);
  take_typed_ahead();
}

void Terminal::State::take_typed_ahead() {
  // What was typed before raw() has been through the line discipline, which turned Enter into a line feed.
  int waiting = 0;
  if (ioctl(fileno(in.get()), FIONREAD, &waiting) != 0 || waiting <= 0) return;
  std::string typed(std::min<std::size_t>(static_cast<std::size_t>(waiting), 4096), '\0');
  const ssize_t n = read(fileno(in.get()), typed.data(), typed.size());
  typed.resize(n < 0 ? 0 : static_cast<std::size_t>(n));
  std::replace(typed.begin(), typed.end(), '\n', '\r');
  typed_ahead = decoder.push(typed);
}

void Terminal::State::ask_synchronized() {
  // Consoles and old terminals may print the question; what has another screen knows how to ignore it.
  if (!std::exchange(asked_synchronized, true) && own_screen) write_all(kAskSynchronized);
}

void Terminal::State::write_frame() {
  if (synchronized) write_all(kFrameBegin);
  refresh();
  if (synchronized) write_all(kFrameEnd);
}

void Terminal::State::start_colors() {
  if (options.colors == ColorMode::none || !has_colors()) return;
  start_color();
  use_default_colors();
  if (COLORS >= 8) colors = COLORS >= 256 ? options.colors : ColorMode::ansi16;
}

short Terminal::State::pair_for(const Appearance& look) {
  // A terminal with eight colours shows the bright ones as the others.
  const auto reduced = [](std::int16_t colour) {
    return static_cast<short>(colour < 0 ? -1 : colour < COLORS ? colour : colour % 8);
  };
  const std::pair key = {reduced(look.foreground), reduced(look.background)};
  if (key.first < 0 && key.second < 0) return 0;
  const auto found = pairs.find(key);
  if (found != pairs.end()) return found->second;
  const auto pair = static_cast<short>(pairs.size() + 1);
  if (pair >= COLOR_PAIRS || init_pair(pair, key.first, key.second) == ERR) return 0;
  return pairs[key] = pair;
}

void Terminal::State::put_cell(int row, int col, const Canvas::Cell& cell) {
  const Appearance& look = options.theme.of(cell.ink.style, colors);
  attr_t attributes = A_NORMAL;
  for (const AttributeBit& bit : kAttributes)
    if (((look.attributes | cell.ink.emphasis) & bit.ours) != 0) attributes |= bit.curses;
  const short pair = colors == ColorMode::none ? short{0} : pair_for(look);
  cchar_t shape = {};
  const auto draw = [&](int at, const wchar_t* text) {
    setcchar(&shape, text, attributes, pair, nullptr);
    mvadd_wch(row, at, &shape);
  };
  WideCell text;
  const bool ascii = cell.text.size() == 1;
  if ((utf8 || ascii) && encode(cell, text)) return draw(col, text.data());
  const std::string_view sign = utf8 ? kUnicodeGlyphs.missing : ascii_for(cell.text).substr(0, 1);
  text = {static_cast<wchar_t>(utf8_next(sign).code)};
  draw(col, text.data());
  if (cell.width == 2) draw(col + 1, L" ");
}

void Terminal::State::put_row(const Canvas& canvas, int row) {
  const int cols = std::min(canvas.cols(), COLS);
  for (int col = 0; col < cols; ++col) {
    const Canvas::Cell& cell = canvas.at(row, col);
    if (cell.width > 0 && col + cell.width <= cols) put_cell(row, col, cell);
  }
}

Terminal::Terminal(const TerminalOptions& options) : state_(std::make_unique<State>()) {
  state_->options = options;
  state_->start();
  enter();
}

Terminal::~Terminal() {
  restore();
}

int Terminal::input_fd() const {
  return fileno(state_->in.get());
}
int Terminal::signal_fd() const {
  return state_->signals ? state_->signals->fd() : -1;
}
bool Terminal::pending_escape() const {
  return state_->decoder.waiting();
}
ColorMode Terminal::colors() const {
  return state_->colors;
}

Size Terminal::size() const {
  winsize window = {};
  if (ioctl(state_->fd(), TIOCGWINSZ, &window) == 0 && window.ws_row > 0 && window.ws_col > 0)
    return {window.ws_row, window.ws_col};
  return {LINES, COLS};
}

std::vector<TerminalEvent> Terminal::read_events(bool escape_timed_out) {
  using Kind = TerminalEvent::Kind;
  std::vector<TerminalEvent> out;
  const auto add = [&](Kind kind, int signal_number = 0) {
    out.push_back({kind, {}, size(), signal_number});
  };
  if (!state_->signals) return out;
  for (const int number : state_->signals->take()) {
    if (number == SIGWINCH) {
      repaint();
      add(Kind::resized);
    } else if (number == SIGTSTP) {
      add(Kind::suspend);
    } else if (number == SIGCONT) {
      // After a stop that did not go through suspend() the shell has left its own modes behind.
      if (!std::exchange(state_->own_stop, false)) leave(), enter();
      repaint();
      add(Kind::resumed);
    } else {
      add(Kind::signal, number);
    }
  }
  std::vector<KeyEvent> keys = std::exchange(state_->typed_ahead, {});
  bool closed = false;
  pollfd input = {input_fd(), POLLIN, 0};
  while (poll(&input, 1, 0) > 0 && !closed) {
    char buffer[4096];
    const ssize_t n = read(input_fd(), buffer, sizeof buffer);
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    closed = n <= 0;
    if (closed) break;
    for (KeyEvent& key : state_->decoder.push({buffer, static_cast<std::size_t>(n)}))
      keys.push_back(std::move(key));
    escape_timed_out = false;
  }
  if (escape_timed_out)
    for (KeyEvent& key : state_->decoder.give_up()) keys.push_back(std::move(key));
  for (KeyEvent& key : keys) {
    if (key.key == Key::can_synchronize) {
      state_->synchronized = true;
      continue;
    }
    add(Kind::key);
    out.back().key = std::move(key);
  }
  if (closed) add(Kind::closed);
  return out;
}

void Terminal::present(const Canvas& canvas) {
  State& s = *state_;
  if (!s.full_screen || is_transient(canvas.size())) return;
  if (LINES != canvas.rows() || COLS != canvas.cols()) {
    resizeterm(canvas.rows(), canvas.cols());
    repaint();
  }
  const bool same_size = s.shown && s.shown->size() == canvas.size();
  for (int row = 0; row < std::min(canvas.rows(), LINES); ++row) {
    bool same = same_size;
    for (int col = 0; same && col < canvas.cols(); ++col) same = s.shown->at(row, col) == canvas.at(row, col);
    if (!same) s.put_row(canvas, row);
  }
  const int cursor_shown = canvas.cursor() ? 1 : 0;
  if (s.cursor_shown != cursor_shown) curs_set(s.cursor_shown = cursor_shown);
  if (canvas.cursor()) move(canvas.cursor()->row, canvas.cursor()->col);
  s.write_frame();
  s.ask_synchronized();
  s.shown = canvas;
}

void Terminal::repaint() {
  if (!state_->full_screen) return;
  clearok(curscr, TRUE);
  state_->shown.reset();
}

void Terminal::suspend() {
  leave();
  state_->own_stop = true;
  state_->signals->stop_process_group();
  enter();
}

void Terminal::leave() {
  State& s = *state_;
  if (!s.full_screen) return;
  s.full_screen = false;
  s.write_all(kModesOff);
  curs_set(1);
  if (!s.own_screen) {
    erase();
    refresh();
  }
  endwin();
  s.signals->set_full_screen(false);
}

void Terminal::enter() {
  State& s = *state_;
  if (s.full_screen || !s.screen) return;
  s.full_screen = true;
  s.signals->set_full_screen(true);
  s.cursor_shown = -1;
  repaint();
  refresh();
  s.write_all(kModesOn);
  if (s.options.mouse) s.write_all(kMouseOn);
  s.signals->install();  // ncurses may have put its own back
}

void Terminal::restore() noexcept {
  State& s = *state_;
  if (s.screen == nullptr) return;
  leave();
  s.signals.reset();
  delscreen(std::exchange(s.screen, nullptr));
}

void Terminal::copy(std::string_view text) {
  if (state_->full_screen) state_->write_all("\x1b]52;c;" + base64(text) + "\x07");
}

void Terminal::bell() {
  if (state_->full_screen) beep();
}

bool utf8_locale() {
  return glyphs_for_locale().unicode;
}

}  // namespace glim::ui
