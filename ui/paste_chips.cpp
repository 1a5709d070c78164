#include "ui/paste_chips.h"

#include <algorithm>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "ui/numbers.h"

namespace glim::ui {
namespace {

constexpr std::size_t kLongLines = 20, kLongBytes = 4096;

// Marks are U+F0000 to U+F0FFF, whose UTF-8 begins with the same two bytes; the other two hold six bits each.
constexpr std::string_view kMarkBegin = "\xf3\xb0";
constexpr std::size_t kMarkLength = 4, kMostChips = 4096;

std::size_t lines_of(std::string_view text) {
  const auto ends = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
  return ends + (text.empty() || text.back() == '\n' ? 0 : 1);
}

std::string label_of(std::string_view text, std::optional<std::int64_t> tokens) {
  const std::size_t lines = lines_of(text);
  std::string out = "[paste ";
  out += lines > 1 ? strf("%zu lines", lines) : strf("%zu bytes", text.size());
  if (tokens) out += " · " + tokens_short(*tokens) + " tok";
  return out + "]";
}

std::size_t index_at(std::string_view draft, std::size_t at) {
  const auto bits = [&](std::size_t i) {
    return static_cast<std::size_t>(static_cast<unsigned char>(draft[at + i]) & 0x3f);
  };
  return bits(2) << 6 | bits(3);
}

}  // namespace

bool PasteChips::is_long(std::string_view text) {
  return text.size() > kLongBytes || lines_of(text) > kLongLines;
}

std::optional<std::string> PasteChips::add(std::string text, std::optional<std::int64_t> tokens) {
  const std::size_t index = chips_.size();
  if (index >= kMostChips) return std::nullopt;
  std::string label = label_of(text, tokens);
  chips_.push_back({std::move(text), std::move(label)});
  return std::string(kMarkBegin) + static_cast<char>(0x80 | (index >> 6)) +
         static_cast<char>(0x80 | (index & 0x3f));
}

std::vector<std::pair<PasteChips::Range, std::size_t>> PasteChips::marks_in(std::string_view draft) const {
  std::vector<std::pair<Range, std::size_t>> out;
  for (std::size_t at = draft.find(kMarkBegin); at != draft.npos && draft.size() - at >= kMarkLength;
       at = draft.find(kMarkBegin, at + kMarkLength)) {
    const std::size_t index = index_at(draft, at);
    if (index < chips_.size()) out.push_back({{at, at + kMarkLength}, index});
  }
  return out;
}

std::string PasteChips::expanded(std::string_view draft) const {
  std::string out;
  std::size_t taken = 0;
  for (const auto& [range, index] : marks_in(draft)) {
    out += draft.substr(taken, range.begin - taken);
    out += chips_[index].text;
    taken = range.end;
  }
  return out += draft.substr(taken);
}

PasteChips::Shown PasteChips::shown(std::string_view draft, std::size_t cursor) const {
  Shown out;
  out.cursor = cursor;
  std::size_t taken = 0;
  for (const auto& [range, index] : marks_in(draft)) {
    out.text += draft.substr(taken, range.begin - taken);
    const std::string& label = chips_[index].label;
    out.labels.push_back({out.text.size(), out.text.size() + label.size()});
    out.text += label;
    if (cursor >= range.end) out.cursor = out.cursor + label.size() - kMarkLength;
    taken = range.end;
  }
  out.text += draft.substr(taken);
  return out;
}

std::optional<PasteChips::Range> PasteChips::near(std::string_view draft, std::size_t cursor) const {
  std::optional<Range> found;
  for (const auto& [range, index] : marks_in(draft))
    if (!found || range.end <= cursor) found = range;
  return found;
}

const std::string& PasteChips::text_of(std::string_view mark) const {
  GLIM_ASSERT(mark.size() == kMarkLength && index_at(mark, 0) < chips_.size());
  return chips_[index_at(mark, 0)].text;
}

std::string PasteChips::without_marks(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t mark = std::min(text.find(kMarkBegin, at), text.size());
    out += text.substr(at, mark - at);
    if (mark < text.size()) out += "\xef\xbf\xbd";
    at = std::min(mark + kMarkLength, text.size());
  }
  return out;
}

}  // namespace glim::ui
