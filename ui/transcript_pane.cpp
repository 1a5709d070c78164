#include "ui/transcript_pane.h"

#include <algorithm>
#include <map>

#include "ui/transcript_entry.h"

namespace glim::ui {

/// A row: of which message, and which of its rows.
struct TranscriptView::Position {
  std::size_t message = 0;
  int row = 0;
};

struct TranscriptView::Command {
  enum Kind { lines, pages, top, end, message, place } kind;
  int amount = 0;
  Place wanted = {};
};

TranscriptView::TranscriptView() = default;
TranscriptView::~TranscriptView() = default;
TranscriptView::TranscriptView(TranscriptView&&) noexcept = default;
TranscriptView& TranscriptView::operator=(TranscriptView&&) noexcept = default;

void TranscriptView::scroll_lines(int rows) {
  commands_.push_back({Command::lines, rows});
}
void TranscriptView::scroll_pages(int pages) {
  commands_.push_back({Command::pages, pages});
}
void TranscriptView::to_top() {
  commands_.push_back({Command::top});
}
void TranscriptView::to_end() {
  commands_.push_back({Command::end});
}
void TranscriptView::to_message(int step) {
  commands_.push_back({Command::message, step});
}

void TranscriptView::to_place(const Place& place) {
  commands_.push_back({Command::place, 0, place});
}

void TranscriptView::update(std::span<const Message> messages, const TranscriptOptions& options) {
  messages_ = messages;
  options_ = options;
  window_.clear();
  window_ids_.clear();
  rows_below_ = new_rows_ = 0;
  match_entries();
  if (messages_.empty()) {
    following_ = true;
  } else {
    for (const Command& command : commands_) apply(command);
    const Position first = top();
    top_place_ = place_of(first);
    show(first);
  }
  commands_.clear();
  messages_ = {};
}

/// Keeps the entries of messages that are still there, wherever they are now.
void TranscriptView::match_entries() {
  std::size_t same = 0;
  while (same < entries_.size() && same < messages_.size() && entries_[same]->id() == messages_[same].id)
    ++same;
  if (same < entries_.size()) {
    std::map<std::uint64_t, std::unique_ptr<Entry>> others;
    for (std::size_t i = same; i < entries_.size(); ++i) others[entries_[i]->id()] = std::move(entries_[i]);
    entries_.resize(same);
    for (std::size_t i = same; i < messages_.size(); ++i)
      entries_.push_back(std::move(others[messages_[i].id]));
  }
  entries_.resize(messages_.size());
  for (std::size_t i = same; i < messages_.size(); ++i)
    if (!entries_[i]) entries_[i] = std::make_unique<Entry>(messages_[i].id);
}

TranscriptView::Entry& TranscriptView::laid_out(std::size_t index) {
  const Message& message = messages_[index];
  const auto quiet = [](const Message& m) { return m.role == Role::notice || m.role == Role::error; };
  const bool last = index + 1 == messages_.size();
  const bool gap = !last && !options_.compact && !(quiet(message) && quiet(messages_[index + 1]));
  entries_[index]->update(message, options_, gap);
  return *entries_[index];
}

void TranscriptView::apply(const Command& command) {
  const Position now = top();
  Position wanted = now;
  switch (command.kind) {
    case Command::lines:
      wanted = moved(now, command.amount);
      break;
    case Command::pages:
      wanted = moved(now, command.amount * std::max(options_.height - 1, 1));
      break;
    case Command::top:
      wanted = {0, 0};
      break;
    case Command::end:
      following_ = true;
      return;
    case Command::message: {
      const bool inside = command.amount < 0 && now.row > 0;  // first to the beginning of the one being read
      const auto step = static_cast<std::ptrdiff_t>(command.amount + (inside ? 1 : 0));
      const auto target = static_cast<std::ptrdiff_t>(now.message) + step;
      wanted.message = static_cast<std::size_t>(
          std::clamp<std::ptrdiff_t>(target, 0, static_cast<std::ptrdiff_t>(messages_.size()) - 1));
      wanted.row = 0;
      break;
    }
    case Command::place:
      wanted = find(command.wanted);
      break;
  }
  const Position end = end_top();
  const bool at_end =
      wanted.message > end.message || (wanted.message == end.message && wanted.row >= end.row);
  if (at_end)
    following_ = true;
  else
    leave_end(wanted);
}

void TranscriptView::leave_end(Position wanted) {
  if (following_) left_at_ = place_of(last());
  following_ = false;
  anchor_ = place_of(wanted);
}

void TranscriptView::show(Position first) {
  Position at = first;
  while (at.message < messages_.size() && static_cast<int>(window_.size()) < options_.height) {
    const Entry& entry = laid_out(at.message);
    if (at.row >= entry.rows()) {
      at = {at.message + 1, 0};
      continue;
    }
    window_.push_back(entry.row(at.row++));
    window_ids_.push_back(messages_[at.message].id);
  }
  if (following_) return;
  rows_below_ = std::max(rows_between(first, last()) + 1 - static_cast<int>(window_.size()), 0);
  new_rows_ = std::min(rows_between(find(left_at_), last()), rows_below_);
}

TranscriptView::Position TranscriptView::last() {
  const std::size_t index = messages_.size() - 1;
  return {index, std::max(laid_out(index).rows() - 1, 0)};
}

/// The top row with which the window ends with the last row.
TranscriptView::Position TranscriptView::end_top() {
  return moved(last(), 1 - std::max(options_.height, 1));
}

TranscriptView::Position TranscriptView::top() {
  const Position end = end_top();
  if (following_) return end;
  const Position wanted = find(anchor_);
  const bool beyond = wanted.message > end.message || (wanted.message == end.message && wanted.row > end.row);
  return beyond ? end : wanted;
}

TranscriptView::Position TranscriptView::moved(Position from, int rows) {
  while (rows < 0) {
    if (from.row >= -rows) return {from.message, from.row + rows};
    if (from.message == 0) return {0, 0};
    rows += from.row + 1;
    --from.message;
    from.row = laid_out(from.message).rows() - 1;
  }
  while (rows > 0) {
    const int left = laid_out(from.message).rows() - 1 - from.row;
    if (left >= rows) return {from.message, from.row + rows};
    if (from.message + 1 >= messages_.size()) return {from.message, from.row + std::max(left, 0)};
    rows -= std::max(left, 0) + 1;
    from = {from.message + 1, 0};
  }
  return from;
}

int TranscriptView::rows_between(Position from, Position to) {
  if (from.message > to.message) return 0;
  int rows = to.row - from.row;
  for (std::size_t i = from.message; i < to.message; ++i) rows += laid_out(i).rows();
  return std::max(rows, 0);
}

TranscriptView::Position TranscriptView::find(const Place& place) {
  for (std::size_t i = messages_.size(); i-- > 0;)
    if (messages_[i].id == place.message) return {i, laid_out(i).row_of(place)};
  return last();
}

Place TranscriptView::place_of(Position position) {
  return laid_out(position.message).place_of_row(position.row);
}

std::optional<std::uint64_t> TranscriptView::message_at(int row) const {
  if (row < 0 || row >= static_cast<int>(window_ids_.size())) return std::nullopt;
  return window_ids_[static_cast<std::size_t>(row)];
}

std::optional<std::uint64_t> TranscriptView::current_message() const {
  if (window_ids_.empty()) return std::nullopt;
  return following_ ? window_ids_.back() : window_ids_.front();
}

void draw_transcript(Canvas& canvas, const Rect& area, const TranscriptView& view) {
  int row = 0;
  for (const Line& line : view.window()) {
    if (row >= area.height) break;
    canvas.put({area.row + row++, area.col}, line.spans, area.col + area.width);
  }
}

}  // namespace glim::ui
