#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "app/compare/vote_store.h"
#include "app/compare/votes.h"
#include "tests/support/temp_dir.h"

namespace glim::app {
namespace {

Vote vote(std::int32_t left, std::int32_t right, VoteChoice choice) {
  Vote out;
  out.left = left;
  out.right = right;
  out.choice = choice;
  return out;
}

void repeat(std::vector<Vote>& votes, int times, const Vote& one) {
  for (int i = 0; i < times; ++i) votes.push_back(one);
}

}  // namespace

TEST_CASE("two panes are rated by the odds of their wins") {
  std::vector<Vote> votes;
  repeat(votes, 10, vote(0, 1, VoteChoice::left));
  repeat(votes, 2, vote(1, 0, VoteChoice::left));
  const VoteResults results = rate(votes, 2);
  // Odds of 5 to 1 are 400 log10(5) = 279.6 points, half of it on each side of the mean.
  CHECK(results.ratings[0].rating == doctest::Approx(1000 + 139.79).epsilon(1e-4));
  CHECK(results.ratings[1].rating == doctest::Approx(1000 - 139.79).epsilon(1e-4));
  CHECK(results.ratings[0].wins == 10);
  CHECK(results.ratings[0].losses == 2);
  CHECK(results.ratings[1].wins == 2);
  CHECK(results.ratings[0].low < results.ratings[0].rating);
  CHECK(results.ratings[0].high > results.ratings[0].rating);
  CHECK(results.ratings[0].low > 1000);
  CHECK_FALSE(results.too_few);
  CHECK(results.fewest == 12);
}

TEST_CASE("ties and two bad answers are half a win for each") {
  std::vector<Vote> votes;
  repeat(votes, 2, vote(0, 1, VoteChoice::left));
  repeat(votes, 1, vote(0, 1, VoteChoice::tie));
  repeat(votes, 1, vote(1, 0, VoteChoice::both_bad));
  const VoteResults results = rate(votes, 2);
  // 3 wins to 1.
  CHECK(results.ratings[0].rating - results.ratings[1].rating ==
        doctest::Approx(400 * std::log10(3)).epsilon(1e-4));
  CHECK(results.ratings[0].ties == 2);
  CHECK(results.ratings[1].ties == 2);
  CHECK(results.too_few);
  CHECK(results.fewest == 4);
}

TEST_CASE("three panes in a chain add their distances") {
  std::vector<Vote> votes;
  repeat(votes, 2, vote(0, 1, VoteChoice::left));
  repeat(votes, 1, vote(0, 1, VoteChoice::right));
  repeat(votes, 4, vote(1, 2, VoteChoice::left));
  repeat(votes, 1, vote(2, 1, VoteChoice::left));
  const VoteResults results = rate(votes, 3);
  CHECK(results.ratings[0].rating - results.ratings[1].rating ==
        doctest::Approx(400 * std::log10(2)).epsilon(1e-3));
  CHECK(results.ratings[1].rating - results.ratings[2].rating ==
        doctest::Approx(400 * std::log10(4)).epsilon(1e-3));
  CHECK(results.fewest == 0);
  double sum = 0;
  for (const PaneRating& one : results.ratings) sum += one.rating;
  CHECK(sum == doctest::Approx(3000));
}

TEST_CASE("a cycle leaves all alike, and who never lost stays within bounds") {
  const VoteResults cycle =
      rate({vote(0, 1, VoteChoice::left), vote(1, 2, VoteChoice::left), vote(2, 0, VoteChoice::left)}, 3);
  for (const PaneRating& one : cycle.ratings) CHECK(one.rating == doctest::Approx(1000).epsilon(1e-6));
  const VoteResults all = rate({vote(0, 1, VoteChoice::left), vote(0, 1, VoteChoice::left)}, 2);
  CHECK(all.ratings[0].rating > 1500);
  CHECK(all.ratings[0].rating <= 2000.001);
  CHECK(all.ratings[1].rating >= -0.001);
  CHECK(rate({}, 2).ratings[0].rating == 1000);
  CHECK(rate({}, 2).too_few);
}

TEST_CASE("the interval shrinks with votes and is the same every time") {
  std::vector<Vote> few, many;
  repeat(few, 6, vote(0, 1, VoteChoice::left));
  repeat(few, 4, vote(0, 1, VoteChoice::right));
  for (int i = 0; i < 20; ++i) many.insert(many.end(), few.begin(), few.end());
  const VoteResults narrow = rate(many, 2), wide = rate(few, 2);
  CHECK(narrow.ratings[0].high - narrow.ratings[0].low < 0.5 * (wide.ratings[0].high - wide.ratings[0].low));
  CHECK(rate(few, 2).ratings[0].low == wide.ratings[0].low);
  CHECK(wide.ratings[0].low < 1000);
}

TEST_CASE("a pick is a vote against each of the others and is taken back whole") {
  VoteBook book(4);
  book.pick(0, {2, 0, 3}, 1);
  REQUIRE(book.votes().size() == 2);
  for (const Vote& one : book.votes()) {
    CHECK(one.left == 0);
    CHECK(one.choice == VoteChoice::left);
  }
  book.add(vote(1, 2, VoteChoice::right));
  book.pick(1, {0, 1, 2, 3}, -1, true);
  CHECK(book.votes().size() == 9);
  CHECK(book.votes().back().choice == VoteChoice::both_bad);
  CHECK(book.undo());
  CHECK(book.votes().size() == 3);
  CHECK(book.results().ratings[2].wins == 1);
  CHECK(book.undo());
  CHECK(book.undo());
  CHECK(book.votes().empty());
  CHECK_FALSE(book.undo());
}

TEST_CASE("ballots show every pair once per prompt, in an order that only the seed knows") {
  Comparison comparison;
  comparison.panes.resize(3);
  comparison.prompts.resize(40);
  for (ComparePrompt& prompt : comparison.prompts) {
    prompt.answers.resize(3);
    for (CompareAnswer& answer : prompt.answers) answer.state = AnswerState::done;
  }
  comparison.prompts[1].answers[2].state = AnswerState::failed;
  const std::vector<Ballot> all = ballots(comparison, 1);
  CHECK(all.size() == 39 * 3 + 1);
  int left_first = 0;
  std::set<std::pair<int, int>> first;
  for (std::size_t i = 0; i < all.size(); ++i) {
    CHECK(all[i].left != all[i].right);
    if (all[i].prompt == 1) CHECK((all[i].left + all[i].right == 1));
    left_first += all[i].left < all[i].right ? 1 : 0;
    if (i == 0 || all[i].prompt != all[i - 1].prompt)
      first.insert(std::minmax(static_cast<int>(all[i].left), static_cast<int>(all[i].right)));
  }
  CHECK(left_first > 35);
  CHECK(left_first < 85);
  CHECK(first.size() == 3);
  const std::vector<Ballot> same = ballots(comparison, 1), other = ballots(comparison, 2);
  const auto equal = [&](const std::vector<Ballot>& them) {
    return std::equal(all.begin(), all.end(), them.begin(), them.end(), [](const Ballot& a, const Ballot& b) {
      return a.prompt == b.prompt && a.left == b.left && a.right == b.right;
    });
  };
  CHECK(equal(same));
  CHECK_FALSE(equal(other));
  std::set<std::vector<std::int32_t>> orders;
  for (std::int32_t prompt = 0; prompt < 40; ++prompt) orders.insert(shown_order(prompt, 3, 1));
  CHECK(orders.size() == 6);
}

TEST_CASE("votes are kept with the hashes of the quants, and can be taken back") {
  const TempDir dir;
  Comparison comparison;
  comparison.set_name = "set.jsonl";
  comparison.panes.resize(2);
  comparison.panes[0].label = "a";
  comparison.panes[0].format = "Q8_0";
  comparison.panes[0].file_hash = "sha256:1234";
  comparison.panes[1].label = "b";
  comparison.prompts.resize(1);
  comparison.prompts[0].id = "tax";
  Vote one = vote(1, 0, VoteChoice::both_bad);
  one.note = "neither adds up";
  one.named_itself = true;
  std::int64_t id = 0;
  {
    VoteStore store(dir.path());
    id = store.add(comparison, one);
    store.add(comparison, vote(0, 1, VoteChoice::left));
  }
  VoteStore store(dir.path());
  const std::vector<KeptVote> kept = store.all();
  REQUIRE(kept.size() == 2);
  CHECK(kept[0].id == id);
  CHECK(kept[0].time > 0);
  CHECK(kept[0].set_name == "set.jsonl");
  CHECK(kept[0].prompt_id == "tax");
  CHECK(kept[0].left.label == "b");
  CHECK(kept[0].left.file_hash.empty());
  CHECK(kept[0].right.quant == "Q8_0");
  CHECK(kept[0].right.file_hash == "sha256:1234");
  CHECK(kept[0].choice == VoteChoice::both_bad);
  CHECK(kept[0].note == "neither adds up");
  CHECK(kept[0].named_itself);
  CHECK(kept[1].choice == VoteChoice::left);
  CHECK(store.remove(id));
  CHECK_FALSE(store.remove(id));
  CHECK(store.all().size() == 1);
}

TEST_CASE("an answer that names its model is noticed") {
  ComparePane pane;
  pane.label = "q8";
  pane.format = "Q8_0";
  pane.options.model = "/models/GLM-4.7-Flash-Q8_0.gguf";
  CHECK(names_itself("I am running as q8_0.", pane));
  CHECK(names_itself("This is glm-4.7-flash-q8_0", pane));
  CHECK_FALSE(names_itself("A q8 engine has eight cylinders.", pane));
}

}  // namespace glim::app
