#include "app/chat_app.h"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <functional>
#include <limits>
#include <optional>

#include "app/chat_view.h"
#include "app/commands.h"
#include "app/compare/compare_app.h"
#include "app/external_editor.h"
#include "app/key_bindings.h"
#include "app/screen_loop.h"
#include "app/transcript.h"
#include "engine/base/error.h"
#include "engine/base/text.h"
#include "ui/chat_screen.h"
#include "ui/line_editor.h"
#include "ui/terminal.h"

namespace glim::app {
namespace {

using Clock = ScreenLoop::Clock;
using std::chrono::milliseconds;

bool passed(const ScreenLoop::Deadline& deadline, Clock::time_point now) {
  return deadline && now >= *deadline;
}

std::function<std::vector<ui::Completion>(const ui::CompletionRequest&)> completion(const Chat& chat) {
  return [&chat](const ui::CompletionRequest& request) {
    std::vector<ui::Completion> out;
    for (auto& [text, description] :
         command_completions(chat, request.draft.substr(0, request.end), request.begin))
      out.push_back({text, description});
    return out;
  };
}

ui::LineEditorOptions editor_options(const Chat& chat, const Paths& paths) {
  ui::LineEditorOptions options;
  try {
    create_private_folder(paths.state);
    options.history_file = paths.state / "history";
  } catch (const Error&) {
    // Without a place for the history the chat works all the same.
  }
  options.complete = completion(chat);
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
        loop_(terminal_),
        paths_(paths) {}

  int run();

 private:
  void wait();
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
  void open_compare_picker();
  void compare_with(const std::string& name);
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
  ScreenLoop loop_;
  const Paths& paths_;
  ui::Size size_;
  ScreenLoop::Deadline message_until_, draft_due_;
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
  for (const ui::TerminalEvent& event : terminal_.read_events(false)) on_event(event);
  while (!status_) {
    engine_events();
    if (loop_.frame_due()) paint();
    wait();
  }
  terminal_.restore();
  chat_.stop();
  return *status_;
}

void ChatApp::wait() {
  const bool running = chat_.session().busy() || chat_.slot().loading() != nullptr;
  const bool draft_first = draft_due_ && (!message_until_ || *draft_due_ < *message_until_);
  for (const ui::TerminalEvent& event :
       loop_.wait(chat_.wake_fds(), running, draft_first ? draft_due_ : message_until_))
    on_event(event);
  const auto now = Clock::now();
  if (passed(message_until_, now)) {
    message_until_.reset();
    quit_asked_.reset();
    state_.message.clear();
    loop_.changed();
  }
  if (passed(draft_due_, now)) count_draft();
}

void ChatApp::engine_events() {
  if (!chat_.poll()) return;
  loop_.changed();
  if (auto unsent = chat_.take_unsent(); unsent && editor_.empty()) editor_.set_text(*unsent);
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
  loop_.touched();
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
  const ProfileChoices choices = picker_choices(chat_, state_);
  const int count = static_cast<int>(choices.rows.size());
  const int page = std::max(1, size_.rows / 2);
  int& selected = state_.picker_selected;
  if (key.is(ui::Key::enter)) {
    state_.picker_open = false;
    if (selected < 0 || selected >= count) return;
    const std::string& name = choices.names[static_cast<std::size_t>(selected)];
    if (state_.picker_compares)
      compare_with(name);
    else
      submit("/profile " + name);
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
    case Action::compare:
      open_compare_picker();
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
  draft_due_.reset();
  if (!counted_draft_.empty() && counted_draft_[0] != '/') draft_due_ = Clock::now() + milliseconds(200);
}

void ChatApp::count_draft() {
  draft_due_.reset();
  state_.draft_tokens = chat_.count_tokens(counted_draft_).value_or(0);
  loop_.changed();
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

void ChatApp::open_compare_picker() {
  if (chat_.slot().engine() == nullptr || chat_.session().busy() || chat_.slot().loading() != nullptr)
    return say("comparing has to wait until the model is loaded and has answered");
  state_.picker_open = state_.picker_compares = true;
  state_.picker_filter.clear();
  state_.picker_selected = 0;
}

/// The model that runs is the first pane. It makes room while the panes are compared, and is loaded again
/// when the user comes back; the conversation and the draft stay.
void ChatApp::compare_with(const std::string& name) {
  try {
    CompareScreenSetup setup{chat_.engines(),
                             paths_,
                             chat_.places(),
                             chat_.profiles(),
                             chat_.wishes_with(name),
                             {},
                             {},
                             {},
                             {},
                             true};
    pane_specs(setup.wishes, setup.profiles);
    chat_.rest();
    const std::optional<int> status = run_compare_screen(std::move(setup), {terminal_, editor_});
    editor_.set_completion(completion(chat_));
    size_ = terminal_.size();
    editor_.set_columns(size_.cols);
    if (status) return leave(*status);
    chat_.wake();
  } catch (const Error& error) {
    chat_.report(error);
    if (chat_.slot().engine() == nullptr) chat_.wake();
  }
}

void ChatApp::open_picker() {
  state_.picker_open = true;
  state_.picker_compares = false;
  state_.picker_filter.clear();
  const ProfileChoices choices = profile_choices(chat_, "");
  const auto current =
      std::find_if(choices.rows.begin(), choices.rows.end(), [](const auto& row) { return row.current; });
  state_.picker_selected =
      current == choices.rows.end() ? 0 : static_cast<int>(current - choices.rows.begin());
}

void ChatApp::say(std::string message) {
  state_.message = std::move(message);
  message_until_ = Clock::now() + std::chrono::seconds(2);
}

void ChatApp::paint() {
  loop_.painted();
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
