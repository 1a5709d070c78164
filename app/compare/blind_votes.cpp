#include "app/compare/blind_votes.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <string>

#include "app/compare/compare_text.h"
#include "engine/base/text.h"
#include "ui/sanitize.h"

namespace glim::app {
namespace {

constexpr std::uint64_t kShuffle = 0x9e3779b97f4a7c15;

/// The questions of one blind vote.
class BlindVote {
 public:
  BlindVote(CompareRunner& runner, Console& console, Signals& signals)
      : runner_(runner), console_(console), signals_(signals) {}

  int run() {
    const auto count = static_cast<std::int32_t>(state().prompts.size());
    std::int32_t prompt = 0;
    bool shown = false;
    while (prompt < count) {
      if (!answered(prompt)) {
        ++prompt;
        continue;
      }
      if (!shown) show(prompt);
      shown = true;
      const std::optional<std::string> line = next_line();
      if (!line || *line == "q") break;
      if (*line == "u") {
        write_out(console_, undo(prompt) ? "" : "there is no vote to take back\n");
        shown = false;
      } else if (take(prompt, *line)) {
        ++prompt;
        shown = false;
      }
    }
    reveal();
    return status_;
  }

 private:
  const Comparison& state() const { return runner_.state(); }

  bool answered(std::int32_t prompt) const {
    const auto& answers = state().prompts[static_cast<std::size_t>(prompt)].answers;
    return std::all_of(answers.begin(), answers.end(),
                       [](const CompareAnswer& answer) { return answer.state == AnswerState::done; });
  }

  std::vector<std::int32_t> order(std::int32_t prompt) const {
    return shown_order(prompt, state().panes.size(),
                       kShuffle ^ static_cast<std::uint64_t>(state().started_at));
  }

  void show(std::int32_t prompt) {
    const ComparePrompt& at = state().prompts[static_cast<std::size_t>(prompt)];
    std::string out =
        strf("== prompt %d of %zu: ", prompt + 1, state().prompts.size()) + ui::sanitize(at.text) + "\n";
    int place = 0;
    for (const std::int32_t pane : order(prompt)) {
      const std::string& text = at.answers[static_cast<std::size_t>(pane)].text;
      out += strf("\n-- [%d]\n", ++place) + (text.empty() ? "(nothing)" : ui::sanitize(text)) + "\n";
    }
    write_out(console_, out + strf("\nbest: 1 to %d, t tie, x all bad, s skip, u undo, q end\n", place));
  }

  /// Nothing at the end of the input and after a signal.
  std::optional<std::string> next_line() {
    if (console_.in_is_terminal) {
      pollfd fds[] = {{STDIN_FILENO, POLLIN, 0}, {signals_.fd(), POLLIN, 0}};
      ::poll(fds, 2, -1);
    }
    if (const auto number = signals_.take()) {
      status_ = 128 + *number;
      return std::nullopt;
    }
    std::string line;
    if (!std::getline(console_.in, line)) return std::nullopt;
    line.erase(std::remove_if(line.begin(), line.end(), [](char c) { return c == ' ' || c == '\r'; }),
               line.end());
    return line;
  }

  /// Whether the line was a vote, or said that there is none.
  bool take(std::int32_t prompt, const std::string& line) {
    if (line == "s") return true;
    const std::vector<std::int32_t> shown = order(prompt);
    const bool digit = line.size() == 1 && line[0] >= '1' && line[0] < '1' + static_cast<int>(shown.size());
    if (!digit && line != "t" && line != "x") {
      write_out(console_, strf("\"%s\" is no vote; write a number from 1 to %zu, t, x, s, u or q\n",
                               printable(line, 20).c_str(), shown.size()));
      return false;
    }
    runner_.pick(prompt, shown, digit ? line[0] - '1' : -1, line == "x");
    voted_.push_back(prompt);
    return true;
  }

  /// Goes back to the prompt of the last vote.
  bool undo(std::int32_t& prompt) {
    if (voted_.empty() || !runner_.undo_vote()) return false;
    prompt = voted_.back();
    voted_.pop_back();
    return true;
  }

  void reveal() {
    std::string out = "\n== who was who\n";
    for (const std::int32_t prompt : voted_) {
      out += strf("prompt %d:", prompt + 1);
      int place = 0;
      for (const std::int32_t pane : order(prompt))
        out += strf("  [%d] %s", ++place,
                    printable(state().panes[static_cast<std::size_t>(pane)].label, 60).c_str());
      out += "\n";
    }
    const VoteResults& votes = state().votes;
    for (std::size_t i = 0; i < votes.ratings.size(); ++i) {
      const PaneRating& one = votes.ratings[i];
      out += strf("%c %s: %d won, %d lost, %d tied, rating %.0f (%.0f to %.0f)\n", pane_letter(i),
                  printable(state().panes[i].label, 60).c_str(), one.wins, one.losses, one.ties, one.rating,
                  one.low, one.high);
    }
    if (votes.votes.empty()) out += "nobody voted\n";
    if (!votes.votes.empty() && votes.too_few)
      out += strf("too few votes for a rating: a pair has %d of %d\n", votes.fewest, kFewVotes);
    write_out(console_, out + "\n");
  }

  CompareRunner& runner_;
  Console& console_;
  Signals& signals_;
  std::vector<std::int32_t> voted_;  ///< prompts, in the order of the votes
  int status_ = 0;
};

}  // namespace

int vote_blind(CompareRunner& runner, Console& console, Signals& signals) {
  return BlindVote(runner, console, signals).run();
}

}  // namespace glim::app
