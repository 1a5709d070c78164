#include "app/compare/votes.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <filesystem>
#include <numeric>
#include <utility>

#include "engine/base/error.h"
#include "engine/base/random.h"

namespace glim::app {
namespace {

constexpr double kMean = 1000, kScale = 400, kFarthest = 1000;
constexpr int kResamples = 1000, kMostRounds = 500;
constexpr std::uint64_t kResampleSeed = 20251;

/// Half wins and meetings of every pair, [pane][pane].
struct Score {
  explicit Score(std::size_t panes) : wins(panes, std::vector<double>(panes)), met(wins) {}

  void add(const Vote& vote) {
    const auto left = static_cast<std::size_t>(vote.left), right = static_cast<std::size_t>(vote.right);
    const double half = vote.choice == VoteChoice::left ? 1 : vote.choice == VoteChoice::right ? 0 : 0.5;
    wins[left][right] += half;
    wins[right][left] += 1 - half;
    met[left][right] += 1;
    met[right][left] += 1;
  }

  std::vector<std::vector<double>> wins, met;
};

/// Elo of strengths; 1000 is their geometric mean.
std::vector<double> elo(const std::vector<double>& strengths) {
  double mean = 0;
  for (const double strength : strengths)
    mean += std::log10(strength) / static_cast<double>(strengths.size());
  std::vector<double> out;
  for (const double strength : strengths) out.push_back(kMean + kScale * (std::log10(strength) - mean));
  return out;
}

void keep_near(std::vector<double>& strengths) {
  const std::vector<double> ratings = elo(strengths);
  for (std::size_t i = 0; i < strengths.size(); ++i) {
    const double near = std::clamp(ratings[i], kMean - kFarthest, kMean + kFarthest);
    strengths[i] = std::pow(10, (near - kMean) / kScale);
  }
}

std::vector<double> maximise(const Score& score) {
  const std::size_t panes = score.wins.size();
  std::vector<double> strengths(panes, 1);
  for (int round = 0; round < kMostRounds; ++round) {
    const std::vector<double> before = strengths;
    for (std::size_t i = 0; i < panes; ++i) {
      double won = 0, expected = 0;
      for (std::size_t j = 0; j < panes; ++j) {
        if (j == i || score.met[i][j] == 0) continue;
        won += score.wins[i][j];
        expected += score.met[i][j] / (before[i] + before[j]);
      }
      if (expected > 0) strengths[i] = std::max(won / expected, 1e-12);
    }
    keep_near(strengths);
    double moved = 0;
    for (std::size_t i = 0; i < panes; ++i)
      moved = std::max(moved, std::abs(std::log(strengths[i] / before[i])));
    if (moved < 1e-9) break;
  }
  return elo(strengths);
}

void count(const std::vector<Vote>& votes, VoteResults& out) {
  for (const Vote& vote : votes) {
    PaneRating& left = out.ratings[static_cast<std::size_t>(vote.left)];
    PaneRating& right = out.ratings[static_cast<std::size_t>(vote.right)];
    if (vote.choice == VoteChoice::left) {
      ++left.wins, ++right.losses;
    } else if (vote.choice == VoteChoice::right) {
      ++right.wins, ++left.losses;
    } else {
      ++left.ties, ++right.ties;
    }
  }
}

std::int32_t fewest_meetings(const Score& score) {
  double fewest = -1;
  for (std::size_t i = 0; i < score.met.size(); ++i)
    for (std::size_t j = i + 1; j < score.met.size(); ++j)
      if (fewest < 0 || score.met[i][j] < fewest) fewest = score.met[i][j];
  return static_cast<std::int32_t>(std::max(fewest, 0.0));
}

void set_intervals(const std::vector<Vote>& votes, VoteResults& out) {
  Random random(kResampleSeed);
  std::vector<std::vector<double>> samples(out.ratings.size());
  for (int sample = 0; sample < kResamples; ++sample) {
    Score score(out.ratings.size());
    for (std::size_t i = 0; i < votes.size(); ++i)
      score.add(votes[static_cast<std::size_t>(random.next() % votes.size())]);
    const std::vector<double> ratings = maximise(score);
    for (std::size_t i = 0; i < ratings.size(); ++i) samples[i].push_back(ratings[i]);
  }
  for (std::size_t i = 0; i < samples.size(); ++i) {
    std::sort(samples[i].begin(), samples[i].end());
    out.ratings[i].low = samples[i][static_cast<std::size_t>(0.025 * (kResamples - 1))];
    out.ratings[i].high = samples[i][static_cast<std::size_t>(std::ceil(0.975 * (kResamples - 1)))];
  }
}

template <typename T>
void shuffle(std::vector<T>& values, Random& random) {
  for (std::size_t i = values.size(); i > 1; --i)
    std::swap(values[i - 1], values[static_cast<std::size_t>(random.next() % i)]);
}

/// One source of chance per prompt: what was voted before does not change what comes.
Random random_of(std::uint64_t seed, std::int32_t prompt) {
  return Random(seed * 0x9e3779b97f4a7c15u + static_cast<std::uint64_t>(prompt) + 1);
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) { return std::tolower(c); });
  return out;
}

}  // namespace

std::vector<Ballot> ballots(const Comparison& comparison, std::uint64_t seed) {
  std::vector<Ballot> out;
  for (std::size_t p = 0; p < comparison.prompts.size(); ++p) {
    const auto prompt = static_cast<std::int32_t>(p);
    std::vector<std::int32_t> panes;
    for (std::size_t i = 0; i < comparison.panes.size(); ++i)
      if (comparison.prompts[p].answers[i].state == AnswerState::done)
        panes.push_back(static_cast<std::int32_t>(i));
    std::vector<Ballot> pairs;
    Random random = random_of(seed, prompt);
    for (std::size_t i = 0; i < panes.size(); ++i)
      for (std::size_t j = i + 1; j < panes.size(); ++j) {
        Ballot pair{prompt, panes[i], panes[j]};
        if (random.next() % 2 == 1) std::swap(pair.left, pair.right);
        pairs.push_back(pair);
      }
    shuffle(pairs, random);
    out.insert(out.end(), pairs.begin(), pairs.end());
  }
  return out;
}

std::vector<std::int32_t> shown_order(std::int32_t prompt, std::size_t panes, std::uint64_t seed) {
  std::vector<std::int32_t> order(panes);
  std::iota(order.begin(), order.end(), 0);
  Random random = random_of(seed, prompt);
  shuffle(order, random);
  return order;
}

void VoteBook::add(const Vote& vote) {
  const auto valid = [&](std::int32_t pane) { return pane >= 0 && static_cast<std::size_t>(pane) < panes_; };
  GLIM_ASSERT(valid(vote.left) && valid(vote.right) && vote.left != vote.right);
  entries_.push_back(votes_.size());
  votes_.push_back(vote);
}

void VoteBook::pick(std::int32_t prompt, const std::vector<std::int32_t>& shown, std::int32_t winner,
                    bool all_bad) {
  GLIM_ASSERT(shown.size() >= 2 && winner < static_cast<std::int32_t>(shown.size()));
  const std::size_t before = votes_.size();
  const auto vote = [&](std::int32_t left, std::int32_t right, VoteChoice choice) {
    Vote one;
    one.prompt = prompt;
    one.left = left;
    one.right = right;
    one.choice = choice;
    add(one);
  };
  for (std::size_t i = 0; i < shown.size(); ++i) {
    if (winner >= 0) {
      if (static_cast<std::int32_t>(i) != winner)
        vote(shown[static_cast<std::size_t>(winner)], shown[i], VoteChoice::left);
      continue;
    }
    for (std::size_t j = i + 1; j < shown.size(); ++j)
      vote(shown[i], shown[j], all_bad ? VoteChoice::both_bad : VoteChoice::tie);
  }
  // All of it is one entry.
  std::erase_if(entries_, [&](std::size_t at) { return at > before; });
}

bool VoteBook::undo() {
  if (entries_.empty()) return false;
  votes_.resize(entries_.back());
  entries_.pop_back();
  return true;
}

VoteResults VoteBook::results() const {
  return rate(votes_, panes_);
}

VoteResults rate(const std::vector<Vote>& votes, std::size_t panes) {
  VoteResults out;
  out.votes = votes;
  out.ratings.resize(panes);
  count(votes, out);
  Score score(panes);
  for (const Vote& vote : votes) score.add(vote);
  out.fewest = fewest_meetings(score);
  out.too_few = out.fewest < kFewVotes;
  if (votes.empty()) return out;
  const std::vector<double> ratings = maximise(score);
  for (std::size_t i = 0; i < panes; ++i) out.ratings[i].rating = ratings[i];
  set_intervals(votes, out);
  return out;
}

bool names_itself(std::string_view answer, const ComparePane& pane) {
  constexpr std::size_t kShortest = 4;  // shorter names are words of the language too
  const std::string text = lower(answer);
  const std::string file = std::filesystem::path(pane.options.model).stem().string();
  for (const std::string& name : {pane.label, pane.format, file})
    if (name.size() >= kShortest && text.find(lower(name)) != text.npos) return true;
  return false;
}

}  // namespace glim::app
