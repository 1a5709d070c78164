#include "app/chat_app.h"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <limits>
#include <optional>

#include "app/chat_view.h"
#include "app/commands.h"
#include "app/external_editor.h"
#include "app/key_bindings.h"
#include "app/transcript.h"
#include "engine/base/error.h"
#include "engine/base/text.h"
#include "ui/chat_screen.h"
#include "ui/line_editor.h"
#include "ui/terminal.h"

namespace glim::app {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

/// Moments that the loop must not sleep through. Empty ones cost nothing: an idle chat wakes up for nothing.
struct Deadlines {
  std::optional<Clock::time_point> paint, meters, escape, message, draft;

  int poll_timeout(Clock::time_point now) const {
    std::optional<Clock::time_point> first;
    for (const auto& deadline : {paint, meters, escape, message, draft})
      if (deadline && (!first || *deadline < *first)) first = deadline;
    if (!first) return -1;
    const auto wait = std::chrono::ceil<milliseconds>(*first - now).count();
    return static_cast<int>(std::clamp<long long>(wait, 0, 60'000));
  }
};

bool passed(const std::optional<Clock::time_point>& deadline, Clock::time_point now) {
  return deadline && now >= *deadline;
}

ui::LineEditorOptions editor_options(const Chat& chat, const Paths& paths) {
  ui::LineEditorOptions options;
  try {
    create_private_folder(paths.state);
    options.history_file = paths.state / "history";
  } catch (const Error&) {
    // Without a place for the history the chat works all the same.
  }
  options.complete = [&chat](const ui::CompletionRequest& request) {
    std::vector<ui::Completion> out;
    for (auto& [text, description] :
         command_completions(chat, request.draft.substr(0, request.end), request.begin))
      out.push_back({text, description});
    return out;
  };
  options.count_tokens = [&chat](std::string_view text) { return chat.count_tokens(text); };
  return options;
}

ui::TerminalOptions terminal_options(const ScreenOptions& wanted) {
  ui::TerminalOptions options;
  if (!wanted.color) options.colors = ui::ColorMode::none;
  options.mouse = wanted.mouse;
  return options;
}

class ChatApp {
 public:
  ChatApp(Chat& chat, const Paths& paths, const ScreenOptions& options)
      : chat_(chat),
        glyphs_(ui::glyphs_for_locale()),
        transcript_(glyphs_),
        editor_(editor_options(chat, paths)),
        terminal_(terminal_options(options)),
        over_ssh_(std::getenv("SSH_CONNECTION") != nullptr) {}

  int run();

 private:
  void wait();
  void read_terminal(bool escape_timed_out);
  void on_event(const ui::TerminalEvent& event);
  void on_key(const ui::KeyEvent& key);
  bool on_overlay_key(const ui::KeyEvent& key);
  void on_picker_key(const ui::KeyEvent& key);
  void on_help_key(const ui::KeyEvent& key);
  void act(Action action, const ui::KeyEvent& key);
  void fold_last_thinking();
  void unfold_paste();
  void draft_may_have_changed();
  void count_draft();
  void to_editor(const ui::KeyEvent& key);
  void interrupt();
  void escape(const ui::KeyEvent& key);
  void submit(const std::string& line);
  void open_picker();
  void say(std::string message);
  void paint();
  void engine_events();
  void leave(int status) { status_ = status; }

  Chat& chat_;
  const ui::GlyphSet& glyphs_;
  ViewState state_;
  Transcript transcript_;
  ui::TranscriptView view_;
  // Readline first: it must be gone after the terminal, which restores the modes that both found.
  ui::LineEditor editor_;
  ui::Terminal terminal_;
  ui::Size size_;
  bool over_ssh_;
  bool dirty_ = true, paint_now_ = true;
  Clock::time_point last_paint_{};
  Deadlines deadlines_;
  std::string counted_draft_;
  std::optional<Clock::time_point> quit_asked_;
  std::optional<int> status_;
};

int ChatApp::run() {
  // The terminal first: it must own the signals before the engine's threads start.
  chat_.start();
  if (!glyphs_.unicode)
    chat_.notice("ASCII mode, because the locale is not UTF-8; --unicode on or LC_ALL=C.UTF-8 changes that");
  size_ = terminal_.size();
  editor_.set_columns(size_.cols);
  read_terminal(false);
  while (!status_) {
    engine_events();
    const auto now = Clock::now();
    const auto frame = milliseconds(over_ssh_ ? 66 : 33);
    if (dirty_ && (paint_now_ || now - last_paint_ >= frame)) paint();
    deadlines_.paint = dirty_ ? std::optional(last_paint_ + frame) : std::nullopt;
    const bool running = chat_.session().busy() || chat_.slot().loading() != nullptr;
    if (!running) {
      deadlines_.meters.reset();
    } else if (!deadlines_.meters) {
      deadlines_.meters = now + milliseconds(250);
    }
    deadlines_.escape =
        terminal_.pending_escape() ? std::optional(now + milliseconds(over_ssh_ ? 50 : 25)) : std::nullopt;
    wait();
  }
  terminal_.restore();
  chat_.stop();
  return *status_;
}

void ChatApp::wait() {
  std::vector<pollfd> fds = {{terminal_.input_fd(), POLLIN, 0}, {terminal_.signal_fd(), POLLIN, 0}};
  for (const int fd : chat_.wake_fds()) fds.push_back({fd, POLLIN, 0});
  const int ready = ::poll(fds.data(), fds.size(), deadlines_.poll_timeout(Clock::now()));
  if (ready < 0 && errno != EINTR) throw Error(ErrorCode::E301, "poll failed on the terminal; restart glim");
  const auto now = Clock::now();
  if (passed(deadlines_.meters, now)) {
    deadlines_.meters.reset();
    dirty_ = true;
  }
  if (passed(deadlines_.message, now)) {
    deadlines_.message.reset();
    quit_asked_.reset();
    state_.message.clear();
    dirty_ = true;
  }
  if (passed(deadlines_.draft, now)) count_draft();
  const bool input = ready > 0 && (fds[0].revents != 0 || fds[1].revents != 0);
  if (input) {
    read_terminal(false);
  } else if (passed(deadlines_.escape, now)) {
    read_terminal(true);
  }
}

void ChatApp::engine_events() {
  if (!chat_.poll()) return;
  dirty_ = true;
  if (auto unsent = chat_.take_unsent(); unsent && editor_.empty()) editor_.set_text(*unsent);
}

void ChatApp::read_terminal(bool escape_timed_out) {
  for (const ui::TerminalEvent& event : terminal_.read_events(escape_timed_out)) on_event(event);
}

void ChatApp::on_event(const ui::TerminalEvent& event) {
  using Kind = ui::TerminalEvent::Kind;
  switch (event.kind) {
    case Kind::key:
      on_key(event.key);
      break;
    case Kind::resized:
    case Kind::resumed:
      size_ = event.kind == Kind::resized ? event.size : terminal_.size();
      editor_.set_columns(size_.cols);
      break;
    case Kind::suspend:
      terminal_.suspend();
      break;
    case Kind::signal:
      if (event.signal_number == SIGINT) interrupt();
      if (event.signal_number == SIGTERM || event.signal_number == SIGHUP) leave(128 + event.signal_number);
      break;
    case Kind::closed:
      leave(128 + SIGHUP);
      break;
  }
  draft_may_have_changed();
  // What the user did shows at once; only what the engine does is gathered into frames.
  dirty_ = paint_now_ = true;
}

void ChatApp::on_key(const ui::KeyEvent& key) {
  if (key.key == ui::Key::unknown || key.key == ui::Key::focus_in || key.key == ui::Key::focus_out) return;
  if (on_overlay_key(key)) return;
  if (const auto action = action_of(key, editor_.empty())) {
    act(*action, key);
  } else if (key.is(ui::Key::up) && editor_.empty() && !chat_.queued().empty()) {
    editor_.set_text(*chat_.take_back());
  } else {
    to_editor(key);
  }
}

bool ChatApp::on_overlay_key(const ui::KeyEvent& key) {
  if (!state_.help_open && !state_.picker_open) return false;
  if (key.is(ui::Key::f10)) return false;
  if (key.is(ui::Key::escape) || key.is_control('c')) {
    state_.help_open = state_.picker_open = false;
  } else if (state_.picker_open) {
    on_picker_key(key);
  } else {
    on_help_key(key);
  }
  return true;
}

/// Letters go into the filter of an overlay; true when the filter changed.
bool edit_filter(std::string& filter, const ui::KeyEvent& key) {
  if (key.is(ui::Key::backspace)) {
    if (filter.empty()) return false;
    while (!filter.empty() && (static_cast<unsigned char>(filter.back()) & 0xc0) == 0x80) filter.pop_back();
    if (!filter.empty()) filter.pop_back();
    return true;
  }
  if (key.key != ui::Key::character || (key.modifiers & ~ui::shift) != 0) return false;
  filter += key.text;
  return true;
}

void ChatApp::on_picker_key(const ui::KeyEvent& key) {
  const ProfileChoices choices = profile_choices(chat_, state_.picker_filter);
  const int count = static_cast<int>(choices.rows.size());
  const int page = std::max(1, size_.rows / 2);
  int& selected = state_.picker_selected;
  if (key.is(ui::Key::enter)) {
    state_.picker_open = false;
    if (selected >= 0 && selected < count)
      submit("/profile " + choices.names[static_cast<std::size_t>(selected)]);
    return;
  }
  if (edit_filter(state_.picker_filter, key)) selected = 0;
  if (key.is(ui::Key::up) || key.key == ui::Key::wheel_up) --selected;
  if (key.is(ui::Key::down) || key.key == ui::Key::wheel_down) ++selected;
  if (key.is(ui::Key::page_up)) selected -= page;
  if (key.is(ui::Key::page_down)) selected += page;
  if (key.is(ui::Key::home)) selected = 0;
  if (key.is(ui::Key::end)) selected = count - 1;
  selected = std::clamp(selected, 0, std::max(0, count - 1));
}

void ChatApp::on_help_key(const ui::KeyEvent& key) {
  const int page = std::max(1, size_.rows / 2);
  if (key.is(ui::Key::f1)) state_.help_open = false;
  if (edit_filter(state_.help_filter, key)) state_.help_first = 0;
  if (key.is(ui::Key::up) || key.key == ui::Key::wheel_up) --state_.help_first;
  if (key.is(ui::Key::down) || key.key == ui::Key::wheel_down) ++state_.help_first;
  if (key.is(ui::Key::page_up)) state_.help_first -= page;
  if (key.is(ui::Key::page_down)) state_.help_first += page;
  state_.help_first = std::max(0, state_.help_first);
}

void ChatApp::act(Action action, const ui::KeyEvent& key) {
  switch (action) {
    case Action::help:
      state_.help_open = true;
      state_.help_filter.clear();
      state_.help_first = 0;
      break;
    case Action::pick_profile:
      open_picker();
      break;
    case Action::retry:
      submit("/retry");
      break;
    case Action::quit:
      leave(0);
      break;
    case Action::redraw:
      terminal_.repaint();
      break;
    case Action::suspend:
      terminal_.suspend();
      break;
    case Action::interrupt:
      interrupt();
      break;
    case Action::escape:
      escape(key);
      break;
    case Action::page_up:
      view_.scroll_pages(-1);
      break;
    case Action::page_down:
      view_.scroll_pages(1);
      break;
    case Action::row_up:
    case Action::row_down: {
      const int rows = key.key == ui::Key::wheel_up || key.key == ui::Key::wheel_down ? 3 : 1;
      const bool back = action == Action::row_up && key.key != ui::Key::wheel_down;
      view_.scroll_lines(back ? -rows : rows);
      break;
    }
    case Action::to_top:
      view_.to_top();
      break;
    case Action::to_end:
      view_.to_end();
      break;
    case Action::previous_message:
      view_.to_message(-1);
      break;
    case Action::next_message:
      view_.to_message(1);
      break;
    case Action::fold_thinking:
      fold_last_thinking();
      break;
    case Action::unfold_paste:
      unfold_paste();
      break;
  }
}

void ChatApp::fold_last_thinking() {
  const auto& turns = chat_.session().turns();
  const auto last =
      std::find_if(turns.rbegin(), turns.rend(), [](const Turn& turn) { return !turn.thinking.empty(); });
  if (last != turns.rend()) transcript_.toggle_thinking(last->id);
}

void ChatApp::unfold_paste() {
  if (editor_.expand_paste()) return;
  const auto& turns = chat_.session().turns();
  constexpr std::uint64_t kLast = std::numeric_limits<std::uint64_t>::max();
  const std::uint64_t seen = view_.following() ? kLast : view_.current_message().value_or(kLast);
  const auto wanted = std::find_if(turns.rbegin(), turns.rend(), [seen](const Turn& turn) {
    return turn.kind == TurnKind::user && turn.id <= seen;
  });
  if (wanted != turns.rend()) transcript_.toggle_long_text(wanted->id);
}

void ChatApp::draft_may_have_changed() {
  if (editor_.text() == counted_draft_) return;
  counted_draft_ = editor_.text();
  state_.draft_tokens = 0;
  deadlines_.draft.reset();
  if (!counted_draft_.empty() && counted_draft_[0] != '/')
    deadlines_.draft = Clock::now() + milliseconds(200);
}

void ChatApp::count_draft() {
  deadlines_.draft.reset();
  state_.draft_tokens = chat_.count_tokens(counted_draft_).value_or(0);
  dirty_ = true;
}

void ChatApp::to_editor(const ui::KeyEvent& key) {
  ui::LineEditor::Result result = editor_.feed(key);
  for (const std::string& line : result.sent) submit(line);
  if (result.edit_externally) {
    terminal_.leave();
    const auto text = edit_externally(editor_.text());
    terminal_.enter();
    if (text) {
      editor_.set_text(*text);
    } else {
      say("the editor could not be started; set VISUAL or EDITOR");
    }
  }
  if (result.end_of_input) leave(0);
}

void ChatApp::submit(const std::string& line) {
  view_.to_end();
  switch (chat_.submit(line)) {
    case CommandResult::done:
      break;
    case CommandResult::quit:
      leave(0);
      break;
    case CommandResult::show_help:
      state_.help_open = true;
      break;
    case CommandResult::pick_profile:
      open_picker();
      break;
  }
  if (auto unsent = chat_.take_unsent(); unsent && editor_.empty()) editor_.set_text(*unsent);
}

void ChatApp::interrupt() {
  if (chat_.stop()) return;
  if (chat_.cancel_load()) return;
  if (!editor_.empty() || editor_.searching()) {
    editor_.clear();
    return;
  }
  if (quit_asked_) {
    leave(0);
    return;
  }
  quit_asked_ = Clock::now();
  say("press Ctrl-C again or Ctrl-D to quit");
}

void ChatApp::escape(const ui::KeyEvent& key) {
  if (editor_.wants_escape()) {
    to_editor(key);
  } else {
    chat_.stop();
  }
}

void ChatApp::open_picker() {
  state_.picker_open = true;
  state_.picker_filter.clear();
  const ProfileChoices choices = profile_choices(chat_, "");
  const auto current =
      std::find_if(choices.rows.begin(), choices.rows.end(), [](const auto& row) { return row.current; });
  state_.picker_selected =
      current == choices.rows.end() ? 0 : static_cast<int>(current - choices.rows.begin());
}

void ChatApp::say(std::string message) {
  state_.message = std::move(message);
  deadlines_.message = Clock::now() + std::chrono::seconds(2);
}

void ChatApp::paint() {
  dirty_ = paint_now_ = false;
  last_paint_ = Clock::now();
  if (ui::is_transient(size_)) return;
  transcript_.update(chat_.session().turns(), chat_.session().profile());
  state_.scrolled = !view_.following();
  ui::ChatScreen screen = chat_screen(chat_, state_, glyphs_);
  screen.input = editor_.input();
  screen.transcript = &view_;
  view_.update(transcript_.messages(), ui::transcript_options(screen, size_));
  ui::Canvas canvas(size_);
  ui::draw(canvas, screen);
  terminal_.present(canvas);
}

}  // namespace

int run_chat_screen(Chat& chat, const Paths& paths, const ScreenOptions& options) {
  return ChatApp(chat, paths, options).run();
}

}  // namespace glim::app
