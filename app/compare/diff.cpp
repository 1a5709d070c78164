#include "app/compare/diff.h"

#include <algorithm>
#include <unordered_map>

namespace glim::app {
namespace {

using Ids = std::vector<std::int32_t>;

/// Edits after which two texts have too little in common for details, and the memory of the search would
/// grow.
constexpr std::ptrdiff_t kMostEdits = 2000;

struct Ends {
  std::size_t before = 0, after = 0;
};

Ends common_ends(const Ids& a, const Ids& b) {
  Ends ends;
  const std::size_t shorter = std::min(a.size(), b.size());
  while (ends.before < shorter && a[ends.before] == b[ends.before]) ++ends.before;
  while (ends.after < shorter - ends.before && a[a.size() - 1 - ends.after] == b[b.size() - 1 - ends.after])
    ++ends.after;
  return ends;
}

/// Collects single steps into runs.
class Runs {
 public:
  void add(bool same, std::size_t old_count, std::size_t new_count) {
    if (old_count + new_count == 0) return;
    if (runs_.empty() || runs_.back().same != same) runs_.push_back({same, old_, 0, new_, 0});
    runs_.back().old_count += old_count;
    runs_.back().new_count += new_count;
    old_ += old_count;
    new_ += new_count;
  }
  std::vector<DiffRun> take() { return std::move(runs_); }

 private:
  std::vector<DiffRun> runs_;
  std::size_t old_ = 0, new_ = 0;
};

/// The furthest points per diagonal after every number of edits. Empty when there are too many.
class Search {
 public:
  Search(const Ids& a, const Ids& b, const Ends& ends)
      : a_(a.data() + ends.before),
        b_(b.data() + ends.before),
        a_size_(static_cast<std::ptrdiff_t>(a.size() - ends.before - ends.after)),
        b_size_(static_cast<std::ptrdiff_t>(b.size() - ends.before - ends.after)) {}

  bool run() {
    const std::ptrdiff_t most = std::min(a_size_ + b_size_, kMostEdits);
    for (std::ptrdiff_t d = 0; d <= most; ++d) {
      front_.emplace_back(static_cast<std::size_t>(2 * d + 1));
      for (std::ptrdiff_t k = -d; k <= d; k += 2) {
        std::ptrdiff_t x = start(d, k);
        while (x < a_size_ && x - k < b_size_ && a_[x] == b_[x - k]) ++x;
        at(d, k) = x;
        if (x >= a_size_ && x - k >= b_size_) return true;
      }
    }
    return false;
  }

  /// Steps from the beginning: 0 both, 1 only old, 2 only new.
  std::vector<char> steps() {
    std::vector<char> out;
    std::ptrdiff_t x = a_size_, y = b_size_;
    for (auto d = static_cast<std::ptrdiff_t>(front_.size()) - 1; d >= 0; --d) {
      const std::ptrdiff_t k = x - y;
      const std::ptrdiff_t first = d == 0 ? 0 : start(d, k);
      while (x > first) {
        out.push_back(0);
        --x, --y;
      }
      if (d == 0) break;
      const bool down = comes_down(d, k);
      out.push_back(down ? 2 : 1);
      down ? --y : --x;
    }
    std::reverse(out.begin(), out.end());
    return out;
  }

 private:
  std::ptrdiff_t& at(std::ptrdiff_t d, std::ptrdiff_t k) {
    return front_[static_cast<std::size_t>(d)][static_cast<std::size_t>(k + d)];
  }
  /// Whether diagonal k is reached by taking one of the new side.
  bool comes_down(std::ptrdiff_t d, std::ptrdiff_t k) {
    return k == -d || (k != d && at(d - 1, k - 1) < at(d - 1, k + 1));
  }
  std::ptrdiff_t start(std::ptrdiff_t d, std::ptrdiff_t k) {
    if (d == 0) return 0;
    return comes_down(d, k) ? at(d - 1, k + 1) : at(d - 1, k - 1) + 1;
  }

  const std::int32_t* a_;
  const std::int32_t* b_;
  std::ptrdiff_t a_size_, b_size_;
  std::vector<std::vector<std::ptrdiff_t>> front_;
};

std::string_view cut(std::string_view text, const std::vector<WordSpan>& words, std::size_t first,
                     std::size_t count) {
  if (count == 0) return {};
  const WordSpan& last = words[first + count - 1];
  return text.substr(words[first].first, last.first + last.size - words[first].first);
}

}  // namespace

std::vector<DiffRun> diff_ids(const Ids& old_ids, const Ids& new_ids) {
  const Ends ends = common_ends(old_ids, new_ids);
  const std::size_t old_middle = old_ids.size() - ends.before - ends.after;
  const std::size_t new_middle = new_ids.size() - ends.before - ends.after;
  Runs runs;
  runs.add(true, ends.before, ends.before);
  Search search(old_ids, new_ids, ends);
  if (old_middle == 0 || new_middle == 0 || !search.run()) {
    runs.add(false, old_middle, new_middle);
  } else {
    for (const char step : search.steps()) runs.add(step == 0, step == 2 ? 0 : 1, step == 1 ? 0 : 1);
  }
  runs.add(true, ends.after, ends.after);
  return runs.take();
}

std::vector<WordSpan> words_of(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n\v\f";
  std::vector<WordSpan> out;
  for (std::size_t at = text.find_first_not_of(blanks); at != text.npos;) {
    const std::size_t end = std::min(text.find_first_of(blanks, at), text.size());
    out.push_back({at, end - at});
    at = text.find_first_not_of(blanks, end);
  }
  return out;
}

WordDiff diff_words(std::string_view old_text, std::string_view new_text) {
  WordDiff out{words_of(old_text), words_of(new_text), {}};
  std::unordered_map<std::string_view, std::int32_t> known;
  const auto ids = [&](std::string_view text, const std::vector<WordSpan>& words) {
    Ids all;
    for (const WordSpan& word : words)
      all.push_back(known.emplace(text.substr(word.first, word.size), static_cast<std::int32_t>(known.size()))
                        .first->second);
    return all;
  };
  const Ids old_ids = ids(old_text, out.old_words), new_ids = ids(new_text, out.new_words);
  out.runs = diff_ids(old_ids, new_ids);
  return out;
}

std::vector<DiffRun> diff_tokens(const std::vector<AnswerToken>& old_tokens,
                                 const std::vector<AnswerToken>& new_tokens) {
  const auto ids = [](const std::vector<AnswerToken>& tokens) {
    Ids out;
    for (const AnswerToken& token : tokens) out.push_back(token.id);
    return out;
  };
  return diff_ids(ids(old_tokens), ids(new_tokens));
}

std::string marked_diff(std::string_view old_text, std::string_view new_text) {
  const WordDiff diff = diff_words(old_text, new_text);
  std::string out;
  std::size_t written = 0;  // of new_text
  for (const DiffRun& run : diff.runs) {
    const std::string_view now = cut(new_text, diff.new_words, run.new_first, run.new_count);
    if (run.new_count > 0) {
      // Blanks and line ends before the run are those of the new text.
      const std::size_t first = diff.new_words[run.new_first].first;
      out.append(new_text.substr(written, first - written));
      written = first + now.size();
    } else if (!out.empty()) {
      out += ' ';
    }
    if (run.same) {
      out += now;
    } else {
      out.append("[").append(cut(old_text, diff.old_words, run.old_first, run.old_count)).append("→");
      out.append(now).append("]");
    }
  }
  return out;
}

}  // namespace glim::app
