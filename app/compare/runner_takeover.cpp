// What a runner takes over from the one before it when panes are added or dropped.

#include <algorithm>

#include "app/compare/answer_text.h"
#include "app/compare/mode.h"
#include "app/compare/runner.h"

namespace glim::app {
namespace {

bool over(AnswerState state) {
  return state != AnswerState::waiting && state != AnswerState::running;
}

/// Nothing that was found in comparison with the reference.
void forget_reference(CompareAnswer& answer) {
  answer.drift.reset();
  answer.split.reset();
  answer.graft.reset();
  answer.same_as_reference = false;
}

}  // namespace

std::optional<std::int32_t> CompareRunner::same_prompt(const CompareRunner& old,
                                                       const ComparePrompt& prompt) const {
  for (std::int32_t p = 0; p < old.count(); ++p) {
    const ComparePrompt& other = old.state_.prompts[static_cast<std::size_t>(p)];
    if (other.id == prompt.id && other.text == prompt.text && other.system == prompt.system) return p;
  }
  return std::nullopt;
}

void CompareRunner::take_over(CompareRunner& old) {
  group_ = old.group_;
  std::vector<std::optional<std::size_t>> places(old.seats_.size());  // old pane to new one
  for (std::size_t i = 0; i < seats_.size(); ++i) {
    for (std::size_t from = 0; from < old.seats_.size(); ++from) {
      const ComparePane& other = old.pane(from);
      if (places[from] || other.error || !other.planned || other.asked != pane(i).asked ||
          other.settings != pane(i).settings)
        continue;
      places[from] = i;
      take_pane(old, from, i);
      break;
    }
  }
  const bool same_reference = places[old.reference()] == reference();
  for (ComparePrompt& prompt : state_.prompts) {
    for (std::size_t i = 0; i < prompt.answers.size(); ++i) {
      if (!same_reference || i == reference()) forget_reference(prompt.answers[i]);
      if (i != reference() && same_tokenizer(state_, i))
        update_split(prompt.answers[reference()], prompt.answers[i]);
    }
  }
  take_votes(old, places);
  if (old.state_.position < 0) return;
  for (std::int32_t p = 0; p < count(); ++p)
    if (same_prompt(old, state_.prompts[static_cast<std::size_t>(p)]) == old.state_.position)
      state_.position = p;
}

void CompareRunner::take_pane(CompareRunner& old, std::size_t from, std::size_t to) {
  Seat &left = old.seats_[from], &seat = seats_[to];
  const std::string label = pane(to).label;
  pane(to) = old.pane(from);
  pane(to).label = label;
  pane(to).shares_weights_with.reset();
  pane(to).state = left.ready ? PaneState::ready : PaneState::waiting;
  pane(to).resident = left.ready;
  if (left.ready) {
    // What it is at is not gone on with: its events belong to a sequence that nobody here knows.
    if (left.work != Work::none) left.engine->cancel(left.sequence);
    left.engine->close_sequence(left.sequence);
    seat.profile = std::move(left.profile);
    seat.engine = std::move(left.engine);
    seat.sequence = seat.engine->open_sequence();
    seat.ready = true;
    left.ready = false;
    left.work = Work::none;
  }
  for (std::size_t p = 0; p < state_.prompts.size(); ++p) {
    const auto before = same_prompt(old, state_.prompts[p]);
    if (!before) continue;
    CompareAnswer& answer = old.answer(*before, from);
    if (over(answer.state) && answer.state != AnswerState::stopped)
      state_.prompts[p].answers[to] = std::move(answer);
    rendered_[p][to] = std::move(old.rendered_[static_cast<std::size_t>(*before)][from]);
    // Rows that were compared so far are no use without those that are missing.
    std::optional<PaneDrift>& drift = state_.prompts[p].answers[to].drift;
    if (drift && !drift->complete) drift.reset();
  }
}

/// Votes on panes that have gone stay in the store.
void CompareRunner::take_votes(const CompareRunner& old,
                               const std::vector<std::optional<std::size_t>>& panes) {
  const std::vector<Vote>& votes = old.votes_.votes();
  store_.reset();
  for (std::size_t i = 0; i < votes.size(); ++i) {
    Vote vote = votes[i];
    const auto left = panes[static_cast<std::size_t>(vote.left)],
               right = panes[static_cast<std::size_t>(vote.right)];
    std::optional<std::int32_t> prompt;
    for (std::int32_t p = 0; p < count() && !prompt; ++p)
      if (same_prompt(old, state_.prompts[static_cast<std::size_t>(p)]) == vote.prompt) prompt = p;
    if (!left || !right || !prompt) continue;
    vote.left = static_cast<std::int32_t>(*left);
    vote.right = static_cast<std::int32_t>(*right);
    vote.prompt = *prompt;
    votes_.add(vote);
    if (i < old.kept_.size()) kept_.push_back(old.kept_[i]);
  }
  state_.votes = votes_.results();
}

}  // namespace glim::app
