#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "app/compare/comparison.h"

namespace glim::app {

/// Two answers that are shown side by side, blind.
struct Ballot {
  std::int32_t prompt = 0, left = 0, right = 0;
};

/// Every pair of panes that have answered a prompt, prompt by prompt. Which pair comes first and which pane
/// stands left is shuffled for each prompt by the seed, so that neither place nor order tells anything.
std::vector<Ballot> ballots(const Comparison& comparison, std::uint64_t seed);

/// The panes in the order in which a prompt's answers are shown when all stand side by side.
std::vector<std::int32_t> shown_order(std::int32_t prompt, std::size_t panes, std::uint64_t seed);

/// Votes of a comparison. Each entry can be taken back whole. One thread.
class VoteBook {
 public:
  explicit VoteBook(std::size_t panes) : panes_(panes) {}

  void add(const Vote& vote);
  /// One best out of several: it wins against each of the others. Of `shown` (panes, at least two) `winner`
  /// is an index; -1 says that all are alike, or with `all_bad` that none is any good, which is a tie of
  /// every pair.
  void pick(std::int32_t prompt, const std::vector<std::int32_t>& shown, std::int32_t winner,
            bool all_bad = false);
  bool undo();  ///< takes the last add() or pick() back; false when there is none

  const std::vector<Vote>& votes() const { return votes_; }
  VoteResults results() const;

 private:
  std::size_t panes_;
  std::vector<Vote> votes_;
  std::vector<std::size_t> entries_;  ///< votes before each entry
};

inline constexpr std::int32_t kFewVotes = 10;  ///< a pair of panes with fewer says little

/// Strengths under the model of Bradley and Terry (1952), on the Elo scale with mean 1000: 400 points are
/// odds of ten to one. A tie, and two bad answers, are half a win for each. The maximum of the likelihood is
/// found by Hunter's minorisation (MM algorithms for generalized Bradley-Terry models, 2004); who never lost
/// or never won would be infinitely far away and stays within 1000 points of the mean. The interval is the
/// middle 95 % of 1000 resamples of the votes.
VoteResults rate(const std::vector<Vote>& votes, std::size_t panes);

/// Whether an answer gives away which model it comes from: it names the pane, its file or its quant.
bool names_itself(std::string_view answer, const ComparePane& pane);

}  // namespace glim::app
