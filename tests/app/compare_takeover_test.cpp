#include <doctest/doctest.h>

#include "app/compare/vote_store.h"
#include "tests/app/compare_fixture.h"

namespace glim::app {

TEST_CASE("panes that stay keep what they have loaded and answered when another one comes or goes") {
  CompareFixture fixture;
  fixture.add("a", {});
  fixture.add("b", changed({{2, 4}}));
  fixture.keep = true;
  fixture.start();
  fixture.finish();
  fixture.runner->vote({0, 0, 1, VoteChoice::left, "", false});
  REQUIRE(fixture.opened == std::vector<std::string>{"a", "b"});
  const double kld = fixture.answer(1).drift->summary.mean_kld;

  fixture.add("c", peaked(2.5f));
  fixture.start();
  const Comparison& three = fixture.finish();
  CHECK(fixture.opened == std::vector<std::string>{"a", "b", "c"});
  CHECK(three.panes[0].loads == 1);
  CHECK(fixture.answer(1).drift->summary.mean_kld == kld);
  CHECK(fixture.answer(1).split->index == 2);
  REQUIRE(fixture.answer(2).drift);
  CHECK(fixture.answer(2).drift->complete);
  CHECK(fixture.answer(2).drift->rows.size() == 5);
  REQUIRE(three.votes.votes.size() == 1);
  CHECK(three.votes.ratings[0].wins == 1);
  CHECK(fixture.alive == 3);

  fixture.wishes.words.erase(fixture.wishes.words.begin());  // the reference
  fixture.start();
  const Comparison& two = fixture.finish();
  CHECK(fixture.opened.size() == 3);
  CHECK(fixture.alive == 2);
  CHECK(two.votes.votes.empty());
  CHECK(fixture.written(0) == "12412");
  CHECK_FALSE(fixture.answer(0).drift);
  REQUIRE(fixture.answer(1).drift);
  CHECK(fixture.answer(1).drift->complete);
  CHECK(fixture.answer(1).split->index == 2);
  CHECK(VoteStore(fixture.dir / "data").all().size() == 1);
}

TEST_CASE("an answer that is being written when panes change is asked for again") {
  CompareFixture fixture;
  fixture.add("a", {});
  fixture.add("b", {});
  fixture.keep = true;
  fixture.start();
  fixture.until([&] { return fixture.answer(0).state == AnswerState::running; });
  fixture.add("c", {});
  fixture.start();
  fixture.finish();
  CHECK(fixture.opened == std::vector<std::string>{"a", "b", "c"});
  for (std::size_t pane = 0; pane < 3; ++pane) {
    CAPTURE(pane);
    CHECK(fixture.answer(pane).state == AnswerState::done);
    CHECK(fixture.written(pane) == "12312");
  }
}

}  // namespace glim::app
