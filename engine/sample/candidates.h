#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "engine/base/token.h"

namespace glim {

struct Candidate {
  float logit;
  TokenId id;
};

/// A number for some of the tokens, cleared in time proportional to their count.
class TokenMarks {
 public:
  explicit TokenMarks(std::size_t tokens) : values_(tokens, 0) {}
  void clear();
  void add(TokenId id, std::uint32_t value);    ///< sums up; ids outside are ignored
  void raise(TokenId id, std::uint32_t value);  ///< keeps the maximum; ids outside are ignored
  std::uint32_t operator[](TokenId id) const { return values_[static_cast<std::size_t>(id)]; }
  std::span<const TokenId> marked() const { return marked_; }

 private:
  bool mark(TokenId id, std::uint32_t value);
  std::vector<std::uint32_t> values_;
  std::vector<TokenId> marked_;
};

/// The tokens that may still be drawn, with their logits, in ascending order of id. All of a vocabulary at
/// first; each truncation removes some. Buffers are kept from one token to the next. One thread.
class Candidates {
 public:
  /// All tokens with a finite logit.
  void assign(std::span<const float> logits);
  void add_bias(TokenId id, float bias);  ///< only directly after assign()
  void forbid(TokenId id);                ///< only directly after assign()

  /// Replaces the logit of each marked candidate by change(logit, mark).
  template <typename Change>
  void change(const TokenMarks& marks, const Change& change);

  std::span<Candidate> items();
  std::size_t size() { return items().size(); }
  Candidate best();  ///< the highest logit, the lowest id of equals; needs a candidate

  /// e^(logit - best logit) of each candidate, and their sum.
  struct Weights {
    std::span<const float> each;
    double sum;
    float max;  ///< the best logit
  };
  Weights weights();

  /// Removes all candidates but those for which keep(candidate index) holds.
  template <typename Keep>
  void keep_if(const Keep& keep);

  /// Orders the candidates by ascending key (ties by id) and keeps the shortest beginning whose amounts sum
  /// up to `target` or more; at least one. Keys are not negative. Takes time linear in the candidates,
  /// because only those around the cut are sorted.
  void keep_beginning(std::span<const float> keys, std::span<const float> amounts, double target);

  std::vector<float>& scratch() { return scratch_; }  ///< for keys and amounts of the caller

 private:
  void settle();

  bool dense_ = false;         ///< logits_ holds the values of all tokens, items_ nothing yet
  std::vector<float> logits_;  ///< -infinity: not a candidate
  std::vector<Candidate> items_;
  std::vector<float> weights_, scratch_;
  std::vector<std::pair<float, std::size_t>> border_;  ///< key and index of the candidates around the cut
};

/// Keeps logits in the range of finite floats, so that differences of them have an order.
float bounded_logit(double logit);

template <typename Change>
void Candidates::change(const TokenMarks& marks, const Change& change) {
  if (dense_) {
    for (const TokenId id : marks.marked()) {
      float& logit = logits_[static_cast<std::size_t>(id)];
      if (logit > -std::numeric_limits<float>::infinity()) logit = bounded_logit(change(logit, marks[id]));
    }
    return;
  }
  for (Candidate& item : items_) {
    if (marks[item.id] != 0) item.logit = bounded_logit(change(item.logit, marks[item.id]));
  }
}

template <typename Keep>
void Candidates::keep_if(const Keep& keep) {
  const std::span<Candidate> all = items();
  std::size_t kept = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (keep(i)) all[kept++] = all[i];
  }
  items_.resize(kept);
}

}  // namespace glim
