#include "app/transcript.h"

#include <ctime>

#include "engine/base/text.h"
#include "ui/numbers.h"

namespace glim::app {
namespace {

std::string clock_text(std::chrono::system_clock::time_point time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm local{};
  localtime_r(&seconds, &local);
  return strf("%02d:%02d", local.tm_hour, local.tm_min);
}

ui::Role role_of(TurnKind kind) {
  switch (kind) {
    case TurnKind::user:
      return ui::Role::user;
    case TurnKind::assistant:
      return ui::Role::assistant;
    case TurnKind::notice:
      return ui::Role::notice;
    case TurnKind::error:
      return ui::Role::error;
  }
  return ui::Role::notice;
}

const char* name_of(const Turn& turn) {
  switch (turn.kind) {
    case TurnKind::user:
      return "you";
    case TurnKind::assistant:
      return turn.label.c_str();
    case TurnKind::notice:
      return "glim";
    case TurnKind::error:
      return "error";
  }
  return "";
}

/// Appends what is new of `from`; at the end also what the sanitizer still holds.
void grow(std::string& to, const std::string& from, std::size_t& taken, ui::Sanitizer& sanitizer) {
  if (from.size() > taken) to += sanitizer.push(std::string_view(from).substr(taken));
  taken = from.size();
}

}  // namespace

std::string Transcript::detail_of(const Turn& turn) const {
  if (turn.kind != TurnKind::user && turn.kind != TurnKind::assistant) return {};
  const std::string gap = " " + std::string(glyphs_->dot) + " ";
  std::string out = clock_text(turn.time);
  if (turn.stats.generated_tokens > 0) out += gap + ui::tokens_short(turn.stats.generated_tokens) + " tok";
  if (const std::string_view ending = ending_text(turn); !ending.empty())
    out += gap + std::string(glyphs_->stopped) + " " + std::string(ending);
  return out;
}

void Transcript::update_message(ui::Message& message, Taken& taken, const Turn& turn, bool hidden) const {
  grow(message.text, turn.text, taken.text, taken.text_sanitizer);
  if (!hidden) grow(message.thinking, turn.thinking, taken.thinking, taken.thinking_sanitizer);
  if (!turn.running && !taken.finished) {
    message.text += taken.text_sanitizer.finish();
    message.thinking += taken.thinking_sanitizer.finish();
    taken.finished = true;
  }
  message.detail = detail_of(turn);
  message.timing = ui::sanitize_line(timing_text(turn));
  message.streaming = turn.running;
  message.thinking_now = turn.thinking_now;
  message.thinking_seconds = turn.thinking_seconds;
  message.thinking_tokens = turn.thinking_tokens;
}

void Transcript::update(const std::vector<Turn>& turns, const Profile& profile) {
  std::vector<ui::Message> kept;
  kept.reserve(turns.size());
  auto old = messages_.begin();
  for (const Turn& turn : turns) {
    // Turns are only ever removed or added at the end, so both lists run in step.
    while (old != messages_.end() && old->id < turn.id) taken_.erase((old++)->id);
    if (old != messages_.end() && old->id == turn.id) {
      kept.push_back(std::move(*old++));
    } else {
      ui::Message message;
      message.id = turn.id;
      message.role = role_of(turn.kind);
      message.name = ui::sanitize_line(name_of(turn));
      message.markdown = turn.kind == TurnKind::assistant;
      kept.push_back(std::move(message));
    }
    ui::Message& message = kept.back();
    const bool toggled = toggled_.count(turn.id) != 0;
    update_message(message, taken_[turn.id], turn, profile.think_show == "hidden" && !toggled);
    const bool open = profile.think_show == "open";
    message.thinking_shown = open != toggled;
    message.folded = turn.kind == TurnKind::user && unfolded_.count(turn.id) == 0;
  }
  for (; old != messages_.end(); ++old) taken_.erase(old->id);
  messages_ = std::move(kept);
}

void Transcript::toggle_thinking(std::uint64_t id) {
  if (toggled_.erase(id) == 0) toggled_.insert(id);
}

void Transcript::toggle_long_text(std::uint64_t id) {
  if (unfolded_.erase(id) == 0) unfolded_.insert(id);
}

}  // namespace glim::app
