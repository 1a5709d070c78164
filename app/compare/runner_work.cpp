// What the runner makes its panes do, and what it does with what they say.

#include <algorithm>
#include <utility>

#include "app/compare/expect.h"
#include "app/compare/mode.h"
#include "app/compare/runner.h"
#include "app/requests.h"
#include "engine/base/error.h"
#include "engine/base/text.h"

namespace glim::app {
namespace {

AnswerText::Into into(CompareAnswer& answer) {
  return {answer.tokens, answer.text, answer.thinking};
}
AnswerText::Into into(Graft& graft) {
  return {graft.tokens, graft.text, graft.thinking};
}

std::vector<TokenId> ids(const std::vector<AnswerToken>& tokens) {
  std::vector<TokenId> out;
  for (const AnswerToken& token : tokens) out.push_back(token.id);
  return out;
}

bool over(AnswerState state) {
  return state != AnswerState::waiting && state != AnswerState::running;
}

/// Failures that belong to one prompt; the pane can answer others.
bool of_the_prompt(ErrorCode code) {
  return code == ErrorCode::E401 || code == ErrorCode::E402 || code == ErrorCode::E501;
}

}  // namespace

bool CompareRunner::everyone_loaded() const {
  for (std::size_t i = 0; i < seats_.size(); ++i)
    if (alive(i) && !seats_[i].ready) return false;
  return true;
}

bool CompareRunner::answered(std::int32_t prompt) const {
  for (std::size_t i = 0; i < seats_.size(); ++i)
    if (!over(answer(prompt, i).state)) return false;
  return true;
}

/// Whether the answer of the reference to this prompt is there to be scored.
bool CompareRunner::wants_score(std::int32_t prompt) const {
  return state_.settings.drift && scoring_ && answer(prompt, reference()).state == AnswerState::done &&
         (alive(reference()) || scoring_->begun(prompt));
}

bool CompareRunner::may_score(std::int32_t prompt, std::size_t index) const {
  if (!wants_score(prompt) || !alive(index)) return false;
  if (together() && !answered(prompt)) return false;
  if (scoring_->begun(prompt)) return scoring_->next(prompt, index).has_value();
  return index == reference();
}

bool CompareRunner::complete(std::int32_t prompt) const {
  if (!answered(prompt)) return false;
  if (!wants_score(prompt)) return true;
  if (!scoring_->begun(prompt)) return false;
  for (std::size_t i = 0; i < seats_.size(); ++i)
    if (!scoring_->done(prompt, i)) return false;
  return true;
}

bool CompareRunner::has_work(std::size_t index) const {
  if (!alive(index)) return false;
  if (seats_[index].work != Work::none) return true;
  for (const auto& graft : grafts_)
    if (graft.second == index) return true;
  for (std::int32_t p = first_open_; p < count(); ++p)
    if (answer(p, index).state == AnswerState::waiting || may_score(p, index)) return true;
  return false;
}

void CompareRunner::advance() {
  if (preparation_ && !stopping_) return;
  const auto working = [](const Seat& seat) { return seat.work != Work::none || seat.loading(); };
  if (stopping_) {
    if (preparation_ || std::any_of(seats_.begin(), seats_.end(), working)) return;
    stopping_ = false;
    state_.phase = ComparePhase::stopped;
    return;
  }
  if (state_.phase != ComparePhase::running) return;
  // A prompt or a load that cannot even begin lets the next one begin.
  for (bool again = true; again;) {
    again = false;
    for (std::size_t i = 0; i < seats_.size(); ++i)
      if (alive(i) && seats_[i].idle() && give_work(i)) again = true;
    again = load_next() || again;
  }
  if (std::any_of(seats_.begin(), seats_.end(), working)) return;
  if (!grafts_.empty()) return;
  for (std::int32_t p = first_open_; p < count(); ++p)
    if (!complete(p)) return;
  state_.phase = ComparePhase::idle;
}

/// True when a load could not even begin.
bool CompareRunner::load_next() {
  std::vector<std::size_t> wanted;
  for (std::size_t i = 0; i < seats_.size(); ++i) {
    if (seats_[i].loading()) return false;
    if (!alive(i) || seats_[i].ready) continue;
    if (together() || has_work(i)) wanted.push_back(i);
  }
  if (wanted.empty()) return false;
  if (together()) return !load(wanted.front());
  for (std::size_t i = 0; i < seats_.size(); ++i)
    if (seats_[i].ready && has_work(i)) return false;
  for (std::size_t i = 0; i < seats_.size(); ++i)
    if (seats_[i].ready) unload(i);
  return !load(next_to_load(state_, wanted));
}

bool CompareRunner::load(std::size_t index) {
  Seat& seat = seats_[index];
  seat.load_began = std::chrono::steady_clock::now();
  pane(index).state = PaneState::loading;
  ++pane(index).loads;
  try {
    seat.engine = source_.open(pane(index).options);
  } catch (const Error& error) {
    fail_pane(index, {error.code(), error.what(), error.help()});
  }
  return seat.engine != nullptr;
}

void CompareRunner::unload(std::size_t index) {
  Seat& seat = seats_[index];
  seat.engine.reset();
  seat.ready = false;
  seat.work = Work::none;
  pane(index).resident = false;
  pane(index).state = PaneState::waiting;
}

/// True when there was something to do.
bool CompareRunner::give_work(std::size_t index) {
  if (give_graft(index)) return true;
  if (together() && !everyone_loaded()) return false;
  for (std::int32_t p = first_open_; p < count(); ++p) {
    if (give_prompt(p, index)) return true;
    // Side by side means one prompt at a time.
    if (together() && !complete(p)) return false;
  }
  return false;
}

bool CompareRunner::give_graft(std::size_t index) {
  for (auto graft = grafts_.begin(); graft != grafts_.end(); ++graft) {
    if (graft->second != index) continue;
    const std::int32_t prompt = graft->first;
    grafts_.erase(graft);
    start_graft(prompt, index);
    return true;
  }
  return false;
}

bool CompareRunner::give_prompt(std::int32_t prompt, std::size_t index) {
  if (answer(prompt, index).state == AnswerState::waiting) {
    start_answer(prompt, index);
    return true;
  }
  return may_score(prompt, index) && start_score(prompt, index);
}

void CompareRunner::start_answer(std::int32_t prompt, std::size_t index) {
  Seat& seat = seats_[index];
  CompareAnswer& at = answer(prompt, index);
  const ComparePrompt& asked = state_.prompts[static_cast<std::size_t>(prompt)];
  try {
    ChatRequest request = request_settings(seat.profile);
    const std::string system = asked.system.empty() ? system_prompt(seat.profile) : asked.system;
    if (!system.empty()) request.messages.push_back(message("system", system));
    request.messages.push_back(message("user", asked.text));
    Prompt rendered = seat.engine->render(request);
    at.prompt_tokens = static_cast<std::int32_t>(rendered.tokens.size());
    at.thinking_now = rendered.start == ReplyState::thinking;
    seat.text.emplace(rendered.start, rendered.reply);
    rendered_[static_cast<std::size_t>(prompt)][index] = rendered;
    note_tokens(prompt);
    energy_.take();
    seat.engine->generate(seat.sequence, request_for(seat.profile, std::move(rendered)));
  } catch (const Error& error) {
    at.state = AnswerState::failed;
    at.error = CompareError{error.code(), error.what(), error.help()};
    return;
  }
  at.state = AnswerState::running;
  seat.work = Work::answer;
  seat.prompt = prompt;
  pane(index).state = PaneState::prefilling;
}

/// Says which panes read other tokens than the reference, once both are known.
void CompareRunner::note_tokens(std::int32_t prompt) {
  const auto& all = rendered_[static_cast<std::size_t>(prompt)];
  std::string names;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (!all[i] || !all[reference()] || all[i]->tokens == all[reference()]->tokens) continue;
    names += (names.empty() ? "" : ", ") + pane(i).label;
  }
  std::string& out = state_.prompts[static_cast<std::size_t>(prompt)].token_mismatch;
  out = names.empty() ? std::string() : names + ": other tokens than " + pane(reference()).label + " reads";
}

void CompareRunner::begin_scoring(std::int32_t prompt) {
  std::vector<bool> others;
  for (std::size_t i = 0; i < seats_.size(); ++i) {
    const std::optional<PaneDrift>& drift = answer(prompt, i).drift;
    others.push_back(alive(i) && same_tokenizer(state_, i) && !(drift && drift->complete));
  }
  scoring_->begin(prompt, rendered_[static_cast<std::size_t>(prompt)][reference()]->tokens,
                  ids(answer(prompt, reference()).tokens), others);
}

bool CompareRunner::start_score(std::int32_t prompt, std::size_t index) {
  if (!scoring_->begun(prompt)) begin_scoring(prompt);
  auto request = scoring_->next(prompt, index);
  if (!request) return false;
  Seat& seat = seats_[index];
  scoring_->asked(prompt, index);
  seat.engine->score(seat.sequence, std::move(*request));
  seat.work = Work::score;
  seat.prompt = prompt;
  pane(index).state = PaneState::scoring;
  return true;
}

void CompareRunner::graft(std::int32_t prompt, std::size_t index) {
  const auto refuse = [&](const char* why) { return Error(ErrorCode::E501, "graft: " + std::string(why)); };
  if (prompt < 0 || prompt >= count() || index >= seats_.size()) throw refuse("there is no such answer");
  if (!alive(index)) throw refuse("this pane has failed");
  if (index == reference()) throw refuse("this is the reference itself; choose another pane");
  const CompareAnswer& at = answer(prompt, index);
  if (!over(at.state)) throw refuse("wait until the answer is complete");
  if (!at.split) throw refuse("the answer never leaves the reference's");
  if (!at.split->reference) throw refuse("the reference ends there, so there is no token to go on from");
  if (stopping_ || state_.phase == ComparePhase::planning) throw refuse("wait until the panes are loaded");
  grafts_.emplace_back(prompt, index);
  state_.phase = ComparePhase::running;
  advance();
}

void CompareRunner::start_graft(std::int32_t prompt, std::size_t index) {
  Seat& seat = seats_[index];
  CompareAnswer& at = answer(prompt, index);
  const CompareAnswer& model = answer(prompt, reference());
  const Prompt& rendered = *rendered_[static_cast<std::size_t>(prompt)][index];
  const auto keep = static_cast<std::size_t>(at.split->index) + 1;
  at.graft.emplace();
  at.graft->index = at.split->index;
  seat.text.emplace(rendered.start, rendered.reply);
  Prompt forced = rendered;
  for (std::size_t i = 0; i < keep; ++i) {
    seat.text->add(model.tokens[i], into(*at.graft));
    forced.tokens.push_back(model.tokens[i].id);
  }
  forced.start = seat.text->thinking() ? ReplyState::thinking : ReplyState::content;
  Request request = request_for(seat.profile, std::move(forced));
  if (request.max_tokens >= 0)
    request.max_tokens = std::max(request.max_tokens - static_cast<std::int32_t>(keep), 0);
  seat.engine->generate(seat.sequence, std::move(request));
  seat.work = Work::graft;
  seat.prompt = prompt;
  pane(index).state = PaneState::generating;
}

void CompareRunner::on_prefilling(std::size_t index, const Prefilling& prefilling) {
  if (seats_[index].work == Work::answer) answer(seats_[index].prompt, index).prompt_done = prefilling.done;
}

void CompareRunner::on_piece(std::size_t index, const Piece& piece) {
  Seat& seat = seats_[index];
  if (seat.work != Work::answer && seat.work != Work::graft) return;
  CompareAnswer& at = answer(seat.prompt, index);
  pane(index).state = PaneState::generating;
  if (seat.work == Work::graft) return seat.text->add(piece, into(*at.graft));
  seat.text->add(piece, into(at));
  at.thinking_now = seat.text->thinking();
  update_splits(index);
}

/// After an answer has grown or ended.
void CompareRunner::update_splits(std::size_t index) {
  const std::int32_t prompt = seats_[index].prompt;
  for (std::size_t i = 0; i < seats_.size(); ++i) {
    if (i == reference() || (index != reference() && i != index) || !same_tokenizer(state_, i)) continue;
    update_split(answer(prompt, reference()), answer(prompt, i));
  }
}

void CompareRunner::on_finished(std::size_t index, const Finished& finished) {
  Seat& seat = seats_[index];
  if (seat.work == Work::answer) finish_answer(index, finished);
  if (seat.work == Work::graft) finish_graft(index, finished);
  seat.work = Work::none;
  pane(index).state = PaneState::ready;
}

void CompareRunner::finish_answer(std::size_t index, const Finished& finished) {
  Seat& seat = seats_[index];
  CompareAnswer& at = answer(seat.prompt, index);
  seat.text->finish(finished.text, into(at));
  at.thinking_now = false;
  at.finish = finished.reason;
  at.stats = finished.stats;
  // Counters are those of the machine: what an answer took can be told only where nobody else works.
  if (!together()) at.joules = energy_.take();
  at.state = finished.reason == FinishReason::cancelled ? AnswerState::stopped : AnswerState::done;
  const Expectation& expect = state_.prompts[static_cast<std::size_t>(seat.prompt)].expect;
  if (expect.kind != Expectation::Kind::none && at.state == AnswerState::done) {
    at.expected_why = unmet(expect, at.text);
    at.expected = at.expected_why.empty();
  }
  update_splits(index);
}

void CompareRunner::finish_graft(std::size_t index, const Finished& finished) {
  Seat& seat = seats_[index];
  Graft& graft = *answer(seat.prompt, index).graft;
  seat.text->finish(finished.text, into(graft));
  graft.finish = finished.reason;
  graft.stats = finished.stats;
  const CompareAnswer& model = answer(seat.prompt, reference());
  const std::size_t common = common_tokens(model.tokens, graft.tokens);
  graft.rejoined =
      common == model.tokens.size() && common == graft.tokens.size() && model.finish == graft.finish;
  graft.next_split = graft.rejoined ? -1 : static_cast<std::int32_t>(common);
}

void CompareRunner::on_scored(std::size_t index, Scored& scored) {
  Seat& seat = seats_[index];
  if (seat.work != Work::score) return;
  seat.work = Work::none;
  pane(index).state = PaneState::ready;
  const auto& split = answer(seat.prompt, index).split;
  try {
    scoring_->scored(seat.prompt, index, std::move(scored),
                     split ? std::optional(split->index) : std::optional<std::int32_t>());
  } catch (const Error& error) {
    state_.notes.push_back(pane(index).label + ": " + error.what());
    scoring_->leave(index);
  }
}

void CompareRunner::on_failed(std::size_t index, const Failed& failed) {
  Seat& seat = seats_[index];
  CompareError error{failed.code, failed.message, failed.help};
  if (!failed.sequence || !of_the_prompt(failed.code)) return fail_pane(index, std::move(error));
  if (seat.work == Work::answer) {
    CompareAnswer& at = answer(seat.prompt, index);
    at.state = AnswerState::failed;
    at.error = std::move(error);
  } else if (seat.work == Work::graft) {
    answer(seat.prompt, index).graft->error = std::move(error);
  } else if (seat.work == Work::score) {
    state_.notes.push_back(pane(index).label + ": " + error.message + "; no drift");
    scoring_->leave(index);
  }
  seat.work = Work::none;
  pane(index).state = PaneState::ready;
}

}  // namespace glim::app
