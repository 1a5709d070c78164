#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <queue>
#include <string_view>
#include <vector>

namespace glim {

/// Joining neighbours greedily, the core of both byte pair encoding and SentencePiece's BPE: of all
/// neighbouring pairs that may be joined, the cheapest is, the leftmost among equals, until none is left.
/// Time is n log n in the number of links. Sources: Sennrich, Haddow, Birch 2016 (byte pair encoding); the
/// queue of candidate pairs is the usual way to avoid rescanning.
class PairJoiner {
 public:
  /// A stretch of the text that is one symbol so far. `symbol` tells stretches apart that behave differently.
  struct Link {
    std::size_t begin;
    std::size_t length;  ///< bytes; 0 once the link has been joined to the one before
    std::uint32_t symbol;
    std::size_t previous = 0, next = 0;
  };

  struct Join {
    double cost;           ///< lower goes first
    std::uint32_t symbol;  ///< of the joined stretch
  };

  void clear() { links_.clear(); }
  void add(std::size_t begin, std::size_t length, std::uint32_t symbol) {
    links_.push_back({begin, length, symbol});
  }

  /// Joins what `lookup(const Link&, const Link&) -> std::optional<Join>` allows. Afterwards links() with a
  /// length of 0 are to be skipped.
  template <typename Lookup>
  void run(const Lookup& lookup) {
    for (std::size_t i = 0; i < links_.size(); ++i) links_[i].previous = i - 1, links_[i].next = i + 1;
    for (std::size_t i = 0; i + 1 < links_.size(); ++i) propose(i, lookup);
    while (!queue_.empty()) {
      const Candidate best = queue_.top();
      queue_.pop();
      if (stale(best)) continue;
      Link& left = links_[best.left];
      Link& right = links_[left.next];
      left.length += right.length;
      left.symbol = best.joined;
      left.next = right.next;
      right.length = 0;
      if (left.next < links_.size()) {
        links_[left.next].previous = best.left;
        propose(best.left, lookup);
      }
      if (best.left > 0) propose(left.previous, lookup);
    }
  }

  const std::vector<Link>& links() const { return links_; }

 private:
  struct Candidate {
    double cost;
    std::size_t left;
    std::uint32_t left_symbol, right_symbol, joined;
    bool operator<(const Candidate& other) const {  // the queue's top is the largest
      return cost != other.cost ? cost > other.cost : left > other.left;
    }
  };

  template <typename Lookup>
  void propose(std::size_t left, const Lookup& lookup) {
    const Link& a = links_[left];
    const Link& b = links_[a.next];
    if (const std::optional<Join> join = lookup(a, b))
      queue_.push({join->cost, left, a.symbol, b.symbol, join->symbol});
  }

  /// Whether one of the two has been joined to something else since the pair was proposed.
  bool stale(const Candidate& pair) const {
    const Link& left = links_[pair.left];
    return left.length == 0 || left.symbol != pair.left_symbol || left.next >= links_.size() ||
           links_[left.next].symbol != pair.right_symbol;
  }

  std::vector<Link> links_;
  std::priority_queue<Candidate> queue_;
};

}  // namespace glim
