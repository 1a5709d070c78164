#include "app/compare/anchors.h"

#include <algorithm>
#include <tuple>

namespace glim::app {
namespace {

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r';
}

/// "- x", "* x", "1. x", "2) x", "# x"
bool begins_entry(std::string_view line) {
  if (line.size() > 1 && (line[0] == '-' || line[0] == '*' || line[0] == '+') && line[1] == ' ') return true;
  if (!line.empty() && line[0] == '#') return true;
  std::size_t digits = 0;
  while (digits < line.size() && line[digits] >= '0' && line[digits] <= '9') ++digits;
  return digits > 0 && digits + 1 < line.size() && (line[digits] == '.' || line[digits] == ')') &&
         line[digits + 1] == ' ';
}

bool ends_sentence(std::string_view line, std::size_t at) {
  constexpr std::string_view full_stop = "\u3002", exclamation = "\uff01", question = "\uff1f";
  for (const std::string_view mark : {full_stop, exclamation, question})
    if (line.substr(at).starts_with(mark)) return true;
  const char c = line[at];
  if (c != '.' && c != '!' && c != '?') return false;
  return at + 1 == line.size() || is_blank(line[at + 1]) || line[at + 1] == '"' || line[at + 1] == ')';
}

class Finder {
 public:
  explicit Finder(std::string_view text) : text_(text) {}

  std::vector<TextAnchor> run() {
    for (std::size_t at = 0; at < text_.size();) {
      const std::size_t end = std::min(text_.find('\n', at), text_.size());
      line(at, text_.substr(at, end - at));
      at = end + 1;
    }
    return std::move(out_);
  }

 private:
  void line(std::size_t at, std::string_view line) {
    while (!line.empty() && is_blank(line.front())) line.remove_prefix(1), ++at;
    if (line.empty()) {
      fresh_ = true;
      return;
    }
    if (line.starts_with("```")) code_ = !code_, fresh_ = true;
    if (code_ || begins_entry(line)) fresh_ = true;
    if (fresh_) {
      ++block_;
      sentence_ = -1;
      open_ = false;
      fresh_ = false;
    }
    if (code_) return begin(at);
    sentences(at, line);
  }

  void sentences(std::size_t at, std::string_view line) {
    // The number of an entry is no sentence.
    std::size_t i = 0;
    if (begins_entry(line)) {
      begin(at);
      open_ = true;
      i = line.find(' ');
    }
    for (; i < line.size(); ++i) {
      if (!open_ && !is_blank(line[i])) {
        begin(at + i);
        open_ = true;
      }
      if (ends_sentence(line, i)) {
        const bool wide = static_cast<unsigned char>(line[i]) >= 0x80;
        if (wide) i += 2;
        open_ = false;
      }
    }
  }

  void begin(std::size_t at) { out_.push_back({block_, ++sentence_, at}); }

  std::string_view text_;
  std::vector<TextAnchor> out_;
  std::int32_t block_ = -1, sentence_ = -1;
  bool fresh_ = true, open_ = false, code_ = false;
};

}  // namespace

std::vector<TextAnchor> text_anchors(std::string_view text) {
  return Finder(text).run();
}

std::size_t matching_place(const std::vector<TextAnchor>& here, std::size_t at,
                           const std::vector<TextAnchor>& there) {
  if (here.empty() || there.empty()) return 0;
  const auto after =
      std::upper_bound(here.begin(), here.end(), at,
                       [](std::size_t place, const TextAnchor& anchor) { return place < anchor.at; });
  const TextAnchor& wanted = after == here.begin() ? here.front() : *(after - 1);
  const auto beyond =
      std::upper_bound(there.begin(), there.end(), wanted, [](const TextAnchor& a, const TextAnchor& b) {
        return std::tie(a.block, a.sentence) < std::tie(b.block, b.sentence);
      });
  return beyond == there.begin() ? there.front().at : (beyond - 1)->at;
}

}  // namespace glim::app
