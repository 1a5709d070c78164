#include "ui/line_editor.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

// Readline's headers need stdio's FILE first.
#include <readline/history.h>
#include <readline/readline.h>

#include "engine/base/error.h"
#include "ui/key_bytes.h"

namespace glim::ui {
namespace {

/// Readline calls plain functions and keeps its state in globals, so there is one editor that they can mean.
LineEditor* active = nullptr;

constexpr char kWordBreaks[] = " \t\n";

/// A paste has the line ends of where it came from; readline's lines are C strings.
std::string cleaned(std::string_view text) {
  std::string clean;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\r')
      clean += '\n', i += i + 1 < text.size() && text[i + 1] == '\n';
    else if (text[i] != '\0')
      clean += text[i];
  }
  return PasteChips::without_marks(clean);
}

void insert_text(std::string_view text) {
  rl_insert_text(cleaned(text).c_str());
}

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\n") == std::string_view::npos;
}

std::string_view buffer() {
  return {rl_line_buffer, static_cast<std::size_t>(rl_end)};
}

/// Moves to the same column (in characters) of the row that begins at `row`.
void move_to_row(std::size_t row, std::size_t column) {
  const std::string_view text = buffer();
  std::size_t at = row;
  for (; column > 0 && at < text.size() && text[at] != '\n'; --column) {
    ++at;
    while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80) ++at;
  }
  rl_point = static_cast<int>(at);
}

std::size_t row_begin(std::size_t at) {
  const std::size_t newline = at == 0 ? std::string_view::npos : buffer().rfind('\n', at - 1);
  return newline == std::string_view::npos ? 0 : newline + 1;
}

std::size_t column_of(std::size_t at) {
  const std::string_view row = buffer().substr(row_begin(at), at - row_begin(at));
  return static_cast<std::size_t>(std::count_if(
      row.begin(), row.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

char* copy(std::string_view text) {
  auto* out = static_cast<char*>(std::malloc(text.size() + 1));  // readline frees it
  if (out == nullptr) return nullptr;
  std::memcpy(out, text.data(), text.size());
  out[text.size()] = '\0';
  return out;
}

std::string common_beginning(const std::vector<Completion>& candidates) {
  std::string common = candidates.front().text;
  for (const Completion& candidate : candidates) {
    const auto end =
        std::mismatch(common.begin(), common.end(), candidate.text.begin(), candidate.text.end()).first;
    common.erase(end, common.end());
  }
  while (!common.empty() && (static_cast<unsigned char>(common.back()) & 0xc0) == 0x80) common.pop_back();
  return common;
}

}  // namespace

/// The functions that readline calls.
struct ReadlineHooks {
  static int next_byte(FILE*) {
    if (active == nullptr || active->queue_at_ >= active->queue_.size()) return EOF;
    return static_cast<unsigned char>(active->queue_[active->queue_at_++]);
  }

  static int input_available() {
    return active != nullptr && active->queue_at_ < active->queue_.size() ? 1 : 0;
  }

  static void redisplay() {
    if (active != nullptr) active->capture();
  }

  static void line(char* text) {
    if (active == nullptr) return;
    if (text == nullptr)
      active->result_.end_of_input = true;
    else
      active->finish_line(text);
    std::free(text);
  }

  static int send(int, int key) {
    const std::string_view draft = buffer();
    if (rl_point == rl_end && draft.ends_with('\\')) {
      rl_begin_undo_group();
      rl_delete_text(rl_end - 1, rl_end);
      rl_point = rl_end;
      rl_insert_text("\n");
      rl_end_undo_group();
      return 0;
    }
    return is_blank(draft) ? 0 : rl_newline(1, key);
  }

  static int newline(int, int) { return rl_insert_text("\n"), 0; }

  static int previous(int count, int key) {
    const auto at = static_cast<std::size_t>(rl_point);
    const std::size_t row = row_begin(at);
    if (row == 0) return rl_get_previous_history(count, key);
    move_to_row(row_begin(row - 1), column_of(at));
    return 0;
  }

  static int next(int count, int key) {
    const auto at = static_cast<std::size_t>(rl_point);
    const std::size_t newline_at = buffer().find('\n', at);
    if (newline_at == std::string_view::npos) return rl_get_next_history(count, key);
    move_to_row(newline_at + 1, column_of(at));
    return 0;
  }

  static int edit(int, int) {
    if (active != nullptr) active->result_.edit_externally = true;
    return 0;
  }

  static char** complete(const char* text, int start, int end) {
    rl_attempted_completion_over = 1;
    if (active == nullptr) return nullptr;
    const std::vector<Completion> found =
        active->candidates_for(static_cast<std::size_t>(start), static_cast<std::size_t>(end));
    if (found.empty()) return nullptr;
    auto** out = static_cast<char**>(std::calloc(found.size() + 2, sizeof(char*)));  // readline frees it
    if (out == nullptr) return nullptr;
    std::string common = common_beginning(found);
    if (!common.starts_with(text)) common = text;
    out[0] = copy(common);
    if (found.size() > 1)
      for (std::size_t i = 0; i < found.size(); ++i) out[i + 1] = copy(found[i].text);
    if (common.ends_with('/') || common.ends_with(' ')) rl_completion_suppress_append = 1;
    return out;
  }

  static void list(char** matches, int count, int) {
    if (active == nullptr) return;
    active->completions_.clear();
    for (int i = 1; i <= count; ++i) active->completions_.push_back({matches[i], {}});
  }

  static void bind();
  static void take_over();
  static void give_up();
};

namespace {

struct Function {
  const char* name;
  rl_command_func_t* call;
  rl_command_func_t* instead_of;  ///< bound wherever this would be, unless the user bound something else
  const char* keys[4];
};

}  // namespace

void ReadlineHooks::bind() {
  const Function functions[] = {
      {"glim-send", send, rl_newline, {"\r"}},
      {"glim-newline", newline, rl_newline, {"\n"}},
      {"glim-previous", previous, rl_get_previous_history, {"\x1b[A", "\x1bOA"}},
      {"glim-next", next, rl_get_next_history, {"\x1b[B", "\x1bOB"}},
      {"glim-edit", edit, nullptr, {"\x18\x05"}},
  };
  static bool named = false;  // readline keeps names for the life of the process
  if (!named)
    for (const Function& f : functions) rl_add_defun(f.name, f.call, -1);
  const bool first = !named;
  named = true;
  rl_initialize();  // reads the inputrc, which may use the names
  if (!first) return;
  for (const char* map_name : {"emacs", "vi-insert", "vi-command"}) {
    Keymap map = rl_get_keymap_by_name(map_name);
    for (const Function& f : functions)
      for (const char* key : f.keys) {
        if (key == nullptr) continue;
        int type = 0;
        rl_command_func_t* bound = rl_function_of_keyseq(key, map, &type);
        if (bound == nullptr || bound == f.instead_of) rl_bind_keyseq_in_map(key, f.call, map);
      }
  }
  rl_variable_bind("bell-style", "none");
  rl_variable_bind("show-all-if-ambiguous", "on");
}

void ReadlineHooks::take_over() {
  static FILE* const nowhere = std::fopen("/dev/null", "r+");
  GLIM_ASSERT(nowhere != nullptr);
  rl_instream = rl_outstream = nowhere;
  rl_terminal_name = "dumb";
  rl_readline_name = "glim";
  rl_catch_signals = rl_catch_sigwinch = rl_change_environment = 0;
  rl_prep_term_function = nullptr;
  rl_deprep_term_function = nullptr;
  rl_getc_function = next_byte;
  rl_input_available_hook = input_available;
  rl_redisplay_function = redisplay;
  rl_attempted_completion_function = complete;
  rl_completion_display_matches_hook = list;
  rl_completer_word_break_characters = const_cast<char*>(kWordBreaks);
  rl_sort_completion_matches = 0;
}

void ReadlineHooks::give_up() {
  rl_instream = stdin;
  rl_outstream = stdout;
  rl_terminal_name = nullptr;
  rl_catch_signals = rl_catch_sigwinch = 1;
  rl_prep_term_function = rl_prep_terminal;
  rl_deprep_term_function = rl_deprep_terminal;
  rl_getc_function = rl_getc;
  rl_input_available_hook = nullptr;
  rl_redisplay_function = rl_redisplay;
  rl_attempted_completion_function = nullptr;
  rl_completion_display_matches_hook = nullptr;
}

LineEditor::LineEditor(LineEditorOptions options) : options_(std::move(options)) {
  GLIM_ASSERT(active == nullptr);
  active = this;
  ReadlineHooks::take_over();
  ReadlineHooks::bind();
  using_history();
  stifle_history(std::max(options_.history_size, 1));
  // A character that nobody types at the beginning of a message marks the entries, which may have several
  // rows.
  history_comment_char = '\x01';
  history_write_timestamps = 1;
  if (!options_.history_file.empty()) {
    const int file = open(options_.history_file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (file >= 0) close(file);
    read_history(options_.history_file.c_str());
    using_history();
  }
  rl_callback_handler_install(prompt_.c_str(), ReadlineHooks::line);
}

LineEditor::~LineEditor() {
  rl_callback_handler_remove();
  clear_history();
  ReadlineHooks::give_up();
  active = nullptr;
}

LineEditor::Result LineEditor::feed(const KeyEvent& key) {
  result_ = {};
  completions_.clear();
  if (key.key == Key::paste) {
    paste(key.text);
  } else if (key.key == Key::enter && (key.modifiers & (alt | shift)) != 0) {
    insert("\n");
  } else if (key.key == Key::escape) {
    if (searching())
      run("\n");  // ends a search without doing anything else
    else if (rl_editing_mode == 0)
      run("\x1b");
  } else {
    run(key_bytes(key));
  }
  list_live_completions();
  return std::move(result_);
}

void LineEditor::run(std::string_view bytes) {
  queue_.assign(bytes);
  queue_at_ = 0;
  while (queue_at_ < queue_.size()) rl_callback_read_char();
  capture();
}

void LineEditor::capture() {
  text_.assign(buffer());
  cursor_ = static_cast<std::size_t>(std::clamp(rl_point, 0, rl_end));
  shown_prompt_ = rl_display_prompt != nullptr ? rl_display_prompt : prompt_;
}

void LineEditor::finish_line(const char* line) {
  result_.sent.push_back(chips_.expanded(line));
  add_history(result_.sent.back());
}

void LineEditor::add_history(const std::string& draft) {
  if (draft.empty() || draft[0] == ' ') return;
  const HIST_ENTRY* last = history_length > 0 ? history_get(history_base + history_length - 1) : nullptr;
  if (last != nullptr && draft == last->line) return;
  ::add_history(draft.c_str());
  if (!options_.history_file.empty()) append_history(1, options_.history_file.c_str());
}

std::vector<Completion> LineEditor::candidates_for(std::size_t begin, std::size_t end) {
  const std::string_view draft = buffer();
  if (!options_.complete || begin > end || end > draft.size()) return {};
  std::vector<Completion> found;
  try {
    found = options_.complete({draft, begin, end});
  } catch (const std::exception&) {
    return {};  // may not pass through readline's frames
  }
  const std::string_view word = draft.substr(begin, end - begin);
  std::erase_if(found, [&](const Completion& c) { return !c.text.starts_with(word); });
  return found;
}

void LineEditor::list_live_completions() {
  const bool at_end = cursor_ == text_.size();
  if (!options_.complete || options_.list_while_typing.empty() || searching()) return;
  if (!at_end || !text_.starts_with(options_.list_while_typing) || text_.find('\n') != std::string::npos) {
    return;
  }
  const std::size_t blank = text_.find_last_of(kWordBreaks);
  const std::size_t begin = blank == std::string::npos ? 0 : blank + 1;
  completions_ = candidates_for(begin, text_.size());
  const bool nothing_to_add = completions_.size() == 1 && completions_[0].text == text_.substr(begin);
  if (nothing_to_add) completions_.clear();
}

bool LineEditor::searching() const {
  return RL_ISSTATE(RL_STATE_ISEARCH | RL_STATE_NSEARCH) != 0;
}

bool LineEditor::wants_escape() const {
  return searching() || rl_editing_mode == 0;
}

InputData LineEditor::input() const {
  InputData out;
  out.prompt = shown_prompt_;
  PasteChips::Shown shown = chips_.shown(text_, cursor_);
  out.text = std::move(shown.text);
  out.cursor = shown.cursor;
  out.labels = std::move(shown.labels);
  if (rl_editing_mode == 0) out.mode = rl_get_keymap() == vi_movement_keymap ? "[n]" : "[i]";
  out.completions = completions_;
  return out;
}

void LineEditor::set_text(std::string_view text) {
  rl_begin_undo_group();
  rl_delete_text(0, rl_end);
  rl_point = 0;
  insert_text(text);
  rl_end_undo_group();
  capture();
}

void LineEditor::insert(std::string_view text) {
  if (searching()) run("\n");
  rl_begin_undo_group();
  insert_text(text);
  rl_end_undo_group();
  capture();
}

void LineEditor::paste(const std::string& text) {
  std::optional<std::string> mark;
  if (PasteChips::is_long(text) && glyphs_for_locale().unicode) {
    std::string clean = cleaned(text);
    const auto tokens = options_.count_tokens ? options_.count_tokens(clean) : std::nullopt;
    mark = chips_.add(std::move(clean), tokens);
  }
  if (!mark) return insert(text);
  if (searching()) run("\n");
  rl_insert_text(mark->c_str());
  capture();
}

bool LineEditor::expand_paste() {
  if (searching()) return false;
  const auto range = chips_.near(text_, cursor_);
  if (!range) return false;
  const std::string mark = text_.substr(range->begin, range->end - range->begin);
  rl_begin_undo_group();
  rl_delete_text(static_cast<int>(range->begin), static_cast<int>(range->end));
  rl_point = static_cast<int>(range->begin);
  rl_insert_text(chips_.text_of(mark).c_str());
  rl_end_undo_group();
  capture();
  return true;
}

void LineEditor::clear() {
  if (searching()) run("\n");
  completions_.clear();
  set_text("");
}

void LineEditor::set_prompt(std::string_view prompt) {
  prompt_ = prompt;
  rl_set_prompt(prompt_.c_str());
  capture();
}

void LineEditor::set_columns(int columns) {
  rl_set_screen_size(24, std::max(columns, 10));
}

namespace {

// What read_line() decides about by itself. Its handlers only take note; see typed_byte().
constexpr std::array kNoted = {SIGINT, SIGTERM, SIGHUP, SIGTSTP};
volatile std::sig_atomic_t noted = 0;
sigset_t while_waiting;

void after_signal(int number) {
  if (number == SIGINT && rl_end > 0) {
    std::fputs("^C\n", rl_outstream);
    rl_replace_line("", 1);
    rl_on_new_line();
    rl_redisplay();
    return;
  }
  // The usual course, with the terminal as it was; it comes back only from a stop.
  rl_deprep_terminal();
  struct sigaction usual = {}, ours = {};
  usual.sa_handler = SIG_DFL;
  sigaction(number, &usual, &ours);
  sigset_t blocked;
  std::raise(number);
  pthread_sigmask(SIG_SETMASK, &while_waiting, &blocked);
  pthread_sigmask(SIG_SETMASK, &blocked, nullptr);
  sigaction(number, &ours, nullptr);
  rl_prep_terminal(1);
  rl_on_new_line();
  rl_forced_update_display();
}

/// Signals come through only while it waits, so that none is noticed a key too late.
int typed_byte(FILE* in) {
  for (;;) {
    rl_check_signals();  // a new size
    if (const int number = noted; number != 0) {
      noted = 0;
      after_signal(number);
    }
    pollfd terminal = {fileno(in), POLLIN, 0};
    if (ppoll(&terminal, 1, nullptr, &while_waiting) < 0) {
      if (errno != EINTR) return EOF;
      continue;
    }
    unsigned char byte = 0;
    const ssize_t n = read(terminal.fd, &byte, 1);
    if (n == 1) return byte;
    if (n == 0 || errno != EINTR) return EOF;
  }
}

}  // namespace

std::optional<std::string> read_line(const std::string& prompt) {
  GLIM_ASSERT(active == nullptr);
  rl_readline_name = "glim";
  rl_outstream = isatty(STDOUT_FILENO) != 0 ? stdout : stderr;
  rl_getc_function = typed_byte;
  rl_catch_signals = 0;
  struct sigaction action = {};
  action.sa_handler = [](int number) { noted = number; };
  sigset_t held;
  sigemptyset(&held);
  for (const int number : kNoted) sigaddset(&held, number);
  pthread_sigmask(SIG_BLOCK, &held, &while_waiting);
  std::array<struct sigaction, kNoted.size()> before = {};
  for (std::size_t i = 0; i < kNoted.size(); ++i) sigaction(kNoted[i], &action, &before[i]);
  char* line = readline(prompt.c_str());
  for (std::size_t i = 0; i < kNoted.size(); ++i) sigaction(kNoted[i], &before[i], nullptr);
  pthread_sigmask(SIG_SETMASK, &while_waiting, nullptr);
  if (line == nullptr) return std::nullopt;
  std::string out = line;
  std::free(line);
  if (!is_blank(out) && out[0] != ' ') add_history(out.c_str());
  return out;
}

}  // namespace glim::ui
