#include "ui/text_marks.h"

#include <algorithm>
#include <limits>

namespace glim::ui {
namespace {

constexpr std::size_t kNever = std::numeric_limits<std::size_t>::max();

std::size_t place_of(const TextMarks::Tint& tint) {
  return tint.begin;
}
std::size_t place_of(const TextMarks::Note& note) {
  return note.at;
}

template <class Mark>
std::size_t first_difference(const std::vector<Mark>& a, const std::vector<Mark>& b) {
  std::size_t i = 0;
  while (i < a.size() && i < b.size() && a[i] == b[i]) ++i;
  return std::min(i < a.size() ? place_of(a[i]) : kNever, i < b.size() ? place_of(b[i]) : kNever);
}

bool is_inside_character(char byte) {
  return (static_cast<unsigned char>(byte) & 0xc0) == 0x80;
}

/// Cuts the spans of a row where marks begin and end.
class Marker {
 public:
  Marker(const TextMarks& marks, std::size_t begin, std::size_t end) : marks_(marks), end_(end) {
    const auto tint = std::lower_bound(marks.tints.begin(), marks.tints.end(), begin,
                                       [](const TextMarks::Tint& t, std::size_t at) { return t.end <= at; });
    const auto note = std::lower_bound(marks.notes.begin(), marks.notes.end(), begin,
                                       [](const TextMarks::Note& n, std::size_t at) { return n.at < at; });
    tint_ = static_cast<std::size_t>(tint - marks.tints.begin());
    note_ = static_cast<std::size_t>(note - marks.notes.begin());
  }

  void take(Span span) {
    if (span.added) {
      out_.push_back(std::move(span));
      return;
    }
    for (std::size_t at = 0; at < span.text.size();) {
      const std::size_t place = span.source + at;
      add_notes(place);
      std::size_t length = std::min(until(place) - place, span.text.size() - at);
      while (at + length < span.text.size() && is_inside_character(span.text[at + length])) ++length;
      out_.push_back({span.text.substr(at, length), tinted(span.ink, place), place});
      at += length;
    }
  }

  Spans finish() {
    add_notes(end_);
    return std::move(out_);
  }

 private:
  void add_notes(std::size_t place) {
    for (; note_ < marks_.notes.size() && marks_.notes[note_].at <= place; ++note_)
      out_.push_back({marks_.notes[note_].text, marks_.notes[note_].ink, place, true});
  }

  /// Where the next mark begins or the present one ends.
  std::size_t until(std::size_t place) {
    while (tint_ < marks_.tints.size() && marks_.tints[tint_].end <= place) ++tint_;
    std::size_t out = note_ < marks_.notes.size() ? marks_.notes[note_].at : kNever;
    if (tint_ < marks_.tints.size()) {
      const TextMarks::Tint& tint = marks_.tints[tint_];
      out = std::min(out, tint.begin > place ? tint.begin : tint.end);
    }
    return out;
  }

  Ink tinted(Ink ink, std::size_t place) const {
    const bool inside = tint_ < marks_.tints.size() && marks_.tints[tint_].begin <= place;
    return inside ? Ink(marks_.tints[tint_].style, ink.emphasis) : ink;
  }

  const TextMarks& marks_;
  std::size_t end_;
  std::size_t tint_ = 0, note_ = 0;
  Spans out_;
};

}  // namespace

std::size_t same_until(const TextMarks& a, const TextMarks& b) {
  return std::min(first_difference(a.tints, b.tints), first_difference(a.notes, b.notes));
}

Spans with_marks(Spans row, const TextMarks& marks, std::size_t begin, std::size_t end) {
  Marker marker(marks, begin, end);
  for (Span& span : row) marker.take(std::move(span));
  return marker.finish();
}

}  // namespace glim::ui
