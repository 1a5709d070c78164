#include "app/plain.h"

#include <poll.h>

#include <chrono>
#include <csignal>
#include <string>

#include "app/commands.h"
#include "engine/base/error.h"
#include "engine/base/text.h"
#include "ui/line_editor.h"
#include "ui/numbers.h"
#include "ui/sanitize.h"

namespace glim::app {
namespace {

double seconds_since(std::chrono::steady_clock::time_point then) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - then).count();
}

class PlainChat {
 public:
  PlainChat(Chat& chat, Console& console, Signals& signals)
      : chat_(chat), console_(console), signals_(signals) {}

  int run();

 private:
  std::optional<std::string> read();
  void submit(const std::string& line);
  void wait_until_idle();
  void wait_for_events();
  void show();
  void show_answer(const Turn& turn);
  void show_loading();
  std::string safe(std::string_view text) {
    return console_.out_is_terminal ? sanitizer_.push(text) : std::string(text);
  }
  bool speaks() const { return console_.out_is_terminal; }

  Chat& chat_;
  Console& console_;
  Signals& signals_;
  ui::Sanitizer sanitizer_;
  std::uint64_t shown_id_ = 0;   ///< turns up to this one are complete on the screen
  std::uint64_t open_id_ = 0;    ///< the answer that is being written
  std::size_t shown_bytes_ = 0;  ///< of its text
  int shown_quarter_ = 0;        ///< of a load
  bool loading_line_ = false;
  std::chrono::steady_clock::time_point loading_since_;
  std::optional<int> status_;
};

int PlainChat::run() {
  wait_until_idle();
  if (chat_.slot().engine() == nullptr && !console_.in_is_terminal)
    return chat_.failure() ? exit_status(chat_.failure()->code) : 1;
  while (!status_) {
    const auto line = read();
    if (!line) break;
    submit(*line);
    wait_until_idle();
  }
  return status_.value_or(0);
}

std::optional<std::string> PlainChat::read() {
  signals_.let_through();
  std::optional<std::string> line;
  if (console_.in_is_terminal) {
    line = ui::read_line("User: ");
  } else if (std::string text; std::getline(console_.in, text)) {
    if (speaks()) write_out(console_, "User: " + ui::sanitize(text) + "\n");
    line = std::move(text);
  }
  signals_.hold();
  return line;
}

void PlainChat::submit(const std::string& line) {
  switch (chat_.submit(line)) {
    case CommandResult::done:
      break;
    case CommandResult::quit:
      status_ = 0;
      break;
    case CommandResult::show_help:
      chat_.notice(commands_text());
      break;
    case CommandResult::pick_profile: {
      std::string list = "profiles; /profile NAME loads one:";
      for (const ProfileEntry& entry : chat_.profiles().entries())
        if (entry.settings.count("abstract") == 0) list += "\n  " + entry.name;
      chat_.notice(list);
      break;
    }
  }
  chat_.take_unsent();
}

void PlainChat::wait_until_idle() {
  for (;;) {
    show_loading();
    chat_.poll();
    show_loading();
    show();
    if (status_ ||
        (!chat_.session().busy() && chat_.slot().loading() == nullptr && !chat_.slot().rebuilding()))
      return;
    wait_for_events();
  }
}

void PlainChat::wait_for_events() {
  signals_.wait(chat_.wake_fds());
  const auto number = signals_.take();
  if (!number) return;
  // Ctrl-C at a terminal ends the answer, everything else ends the program.
  const bool stopped = chat_.stop() || chat_.cancel_load();
  if (*number == SIGINT && console_.in_is_terminal && stopped) return;
  while (chat_.session().busy()) {
    pollfd wake = {chat_.wake_fds().front(), POLLIN, 0};
    ::poll(&wake, 1, 1000);
    if (!chat_.poll()) break;
  }
  show();
  status_ = 128 + *number;
}

void PlainChat::show_loading() {
  const LoadProgress* loading = chat_.slot().loading();
  if (loading == nullptr) {
    if (loading_line_ && !chat_.failure())
      console_.err << " done in " << ui::duration_in_words(seconds_since(loading_since_));
    if (loading_line_) console_.err << std::endl;
    loading_line_ = false;
    shown_quarter_ = 0;
    return;
  }
  if (!speaks() && !console_.err_is_terminal) return;
  if (!loading_line_)
    console_.err << "glim: loading " << ui::sanitize_line(loading->model) << " "
                 << ui::bytes_long(static_cast<std::int64_t>(loading->plan.weight_bytes)) << ":"
                 << std::flush;
  loading_line_ = true;
  loading_since_ = loading->began;
  if (loading->stages.empty() || loading->stages.back().stage != LoadStage::weights) return;
  const LoadProgress::Stage& weights = loading->stages.back();
  const int quarter =
      weights.total == 0
          ? 0
          : static_cast<int>(4.0 * static_cast<double>(weights.done) / static_cast<double>(weights.total));
  for (; shown_quarter_ < std::min(quarter, 3); ++shown_quarter_)
    console_.err << " " << 25 * (shown_quarter_ + 1) << "%" << std::flush;
}

void PlainChat::show() {
  for (const Turn& turn : chat_.session().turns()) {
    if (turn.id <= shown_id_) continue;
    if (turn.kind == TurnKind::assistant) {
      show_answer(turn);
      if (turn.running) return;
    } else if (turn.kind != TurnKind::user) {
      if (loading_line_) console_.err << std::endl;
      loading_line_ = false;
      say(console_, (turn.kind == TurnKind::error ? "error " : "") + turn.text);
    }
    shown_id_ = turn.id;
  }
}

void PlainChat::show_answer(const Turn& turn) {
  if (open_id_ != turn.id) {
    open_id_ = turn.id;
    shown_bytes_ = 0;
    sanitizer_ = ui::Sanitizer();
    if (speaks()) write_out(console_, "Assistant: ");
  }
  if (shown_bytes_ == 0 && !turn.thinking.empty() && !turn.thinking_now && speaks() &&
      (!turn.text.empty() || !turn.running))
    write_out(console_, strf("(thought %s, %d tokens)\n",
                             ui::duration_in_words(turn.thinking_seconds).c_str(), turn.thinking_tokens));
  if (turn.text.size() > shown_bytes_)
    write_out(console_, safe(std::string_view(turn.text).substr(shown_bytes_)));
  shown_bytes_ = turn.text.size();
  if (turn.running) return;
  write_out(console_, (console_.out_is_terminal ? sanitizer_.finish() : "") + "\n");
  if (!speaks()) return;
  const Stats stats = chat_.slot().engine()->stats();
  std::string numbers = strf(
      "[%d tokens, %s t/s, prefill %s t/s, first token %s, context %s of %d]\n", turn.stats.generated_tokens,
      ui::rate(turn.stats.decode_rate()).c_str(), ui::rate(turn.stats.prefill_rate()).c_str(),
      ui::duration_in_words(turn.stats.first_token_seconds).c_str(),
      ui::percent(stats.ctx > 0 ? static_cast<double>(stats.ctx_used) / stats.ctx : 0).c_str(), stats.ctx);
  if (const std::string_view ending = ending_text(turn); !ending.empty())
    numbers.insert(1, std::string(ending) + ", ");
  write_out(console_, numbers);
}

}  // namespace

int run_plain_chat(Chat& chat, Console& console, Signals& signals) {
  return PlainChat(chat, console, signals).run();
}

}  // namespace glim::app
