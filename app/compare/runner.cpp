#include "app/compare/runner.h"

#include <algorithm>
#include <ctime>

#include "app/compare/mode.h"
#include "app/eval/suite_record.h"
#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/engine_group.h"

namespace glim::app {
namespace {

std::vector<ComparePane> panes_of(const std::vector<PaneSpec>& specs) {
  std::vector<ComparePane> panes;
  for (const PaneSpec& spec : specs) {
    ComparePane pane;
    pane.label = spec.label;
    pane.asked = spec.asked;
    pane.profile = spec.profile.name;
    for (const auto& [key, setting] : spec.settings) pane.settings.emplace_back(key, setting.value.dump());
    pane.state = PaneState::preparing;
    panes.push_back(std::move(pane));
  }
  return panes;
}

CompareSettings settings_of(const CompareSettings& asked, const Profile& first) {
  CompareSettings settings = asked;
  settings.temperature = static_cast<double>(first.sampling.temp);
  settings.greedy = first.sampling.temp <= 0;
  settings.seed = first.sampling.seed.value_or(0);
  settings.max_tokens = first.max_tokens;
  settings.think = first.think;
  return settings;
}

}  // namespace

CompareRunner::CompareRunner(EngineSource& engines, Setup setup)
    : source_(engines),
      places_(std::move(setup.places)),
      drift_options_(setup.drift),
      group_(std::make_shared<EngineGroup>()),
      votes_(setup.panes.size()),
      data_(std::move(setup.data)),
      energy_(setup.sys) {
  GLIM_ASSERT(!setup.panes.empty());
  if (setup.settings.reference < 0 ||
      static_cast<std::size_t>(setup.settings.reference) >= setup.panes.size())
    throw Error(ErrorCode::E501, strf("--reference %d: there are panes 1 to %zu",
                                      setup.settings.reference + 1, setup.panes.size()));
  state_.settings = settings_of(setup.settings, setup.panes.front().profile);
  state_.panes = panes_of(setup.panes);
  state_.set_name = std::move(setup.set_name);
  state_.started_at = static_cast<std::int64_t>(std::time(nullptr));
  for (PaneSpec& spec : setup.panes) {
    Seat seat;
    seat.spec = std::move(spec);
    seats_.push_back(std::move(seat));
  }
  for (ComparePrompt& prompt : setup.prompts) {
    prompt.answers.assign(seats_.size(), {});
    state_.prompts.push_back(std::move(prompt));
  }
  rendered_.assign(state_.prompts.size(), std::vector<std::optional<Prompt>>(seats_.size()));
  if (count() > 0) state_.position = 0;
  if (setup.previous != nullptr) take_over(*setup.previous);
}

CompareRunner::~CompareRunner() = default;

void CompareRunner::start() {
  std::vector<PaneSpec> specs;
  std::vector<bool> known;
  for (std::size_t i = 0; i < seats_.size(); ++i) {
    specs.push_back(seats_[i].spec);
    known.push_back(pane(i).planned || !alive(i));
  }
  preparation_ = std::make_unique<Preparation>(std::move(specs), std::move(known), places_, source_);
  state_.phase = ComparePhase::planning;
}

CompareAnswer& CompareRunner::answer(std::int32_t prompt, std::size_t index) {
  return state_.prompts[static_cast<std::size_t>(prompt)].answers[index];
}
const CompareAnswer& CompareRunner::answer(std::int32_t prompt, std::size_t index) const {
  return state_.prompts[static_cast<std::size_t>(prompt)].answers[index];
}

std::vector<int> CompareRunner::wake_fds() const {
  std::vector<int> fds;
  if (preparation_) fds.push_back(preparation_->wake_fd());
  if (scoring_) fds.push_back(scoring_->wake_fd());
  for (const Seat& seat : seats_)
    if (seat.engine) fds.push_back(seat.engine->wake_fd());
  return fds;
}

bool CompareRunner::poll() {
  bool changed = false;
  while (preparation_) {
    auto news = preparation_->poll();
    if (!news) break;
    take(*news);
    changed = true;
  }
  for (std::size_t i = 0; i < seats_.size(); ++i) {
    while (seats_[i].engine) {
      auto event = seats_[i].engine->poll();
      if (!event) break;
      take(i, *event);
      changed = true;
    }
  }
  while (scoring_) {
    auto result = scoring_->poll();
    if (!result) break;
    take(*result);
    changed = true;
  }
  if (changed) {
    advance();
    refresh_numbers();
  }
  return changed;
}

void CompareRunner::refresh_numbers() {
  for (std::size_t i = 0; i < seats_.size(); ++i)
    if (seats_[i].ready) pane(i).stats = seats_[i].engine->stats();
  const MemoryInfo& memory = memory_.reading();
  state_.resident_bytes = memory.resident;
  state_.available_bytes = memory.available;
}

bool CompareRunner::busy() const {
  return state_.phase == ComparePhase::planning || state_.phase == ComparePhase::running;
}

void CompareRunner::ask(std::string text) {
  ComparePrompt prompt;
  prompt.text = std::move(text);
  ask(std::move(prompt));
}

void CompareRunner::ask(ComparePrompt prompt) {
  if (prompt.id.empty()) prompt.id = std::to_string(count() + 1);
  prompt.answers.assign(seats_.size(), {});
  for (std::size_t i = 0; i < seats_.size(); ++i) {
    if (alive(i)) continue;
    prompt.answers[i].state = AnswerState::failed;
    prompt.answers[i].error = pane(i).error;
  }
  state_.prompts.push_back(std::move(prompt));
  rendered_.emplace_back(seats_.size());
  state_.position = count() - 1;
  if (state_.phase == ComparePhase::planning || stopping_) return;
  // Planning may have been stopped before it came to every pane.
  for (std::size_t i = 0; i < seats_.size(); ++i)
    if (alive(i) && !pane(i).planned) return start();
  state_.phase = ComparePhase::running;
  advance();
}

void CompareRunner::show(std::int32_t prompt) {
  if (prompt >= 0 && prompt < count()) state_.position = prompt;
}

void CompareRunner::vote(const Vote& vote) {
  votes_.add(vote);
  keep_votes();
}
void CompareRunner::pick(std::int32_t prompt, const std::vector<std::int32_t>& shown, std::int32_t winner,
                         bool all_bad) {
  votes_.pick(prompt, shown, winner, all_bad);
  keep_votes();
}
bool CompareRunner::undo_vote() {
  const bool undone = votes_.undo();
  keep_votes();
  return undone;
}

/// Makes the store hold what the book holds.
void CompareRunner::keep_votes() {
  state_.votes = votes_.results();
  if (data_.empty()) return;
  const std::vector<Vote>& votes = votes_.votes();
  try {
    if (!store_) store_.emplace(data_);
    for (; kept_.size() > votes.size(); kept_.pop_back()) store_->remove(kept_.back());
    while (kept_.size() < votes.size()) kept_.push_back(store_->add(state_, votes[kept_.size()]));
  } catch (const Error& error) {
    state_.notes.push_back(std::string("votes are not kept: ") + error.what());
    data_.clear();
  }
}

bool CompareRunner::stop() {
  if (!busy() || stopping_) return false;
  stopping_ = true;
  grafts_.clear();
  if (preparation_) preparation_->cancel();
  for (std::size_t i = 0; i < seats_.size(); ++i) {
    if (seats_[i].loading()) unload(i);
    if (seats_[i].work != Work::none) seats_[i].engine->cancel(seats_[i].sequence);
  }
  for (std::int32_t p = first_open_; p < count(); ++p) {
    if (scoring_) scoring_->abandon(p);
    for (CompareAnswer& one : state_.prompts[static_cast<std::size_t>(p)].answers)
      if (one.state == AnswerState::waiting) one.state = AnswerState::stopped;
  }
  first_open_ = count();
  advance();
  return true;
}

void CompareRunner::take(Preparation::News& news) {
  if (auto* progress = std::get_if<Preparation::Progress>(&news)) {
    pane(progress->pane).progress = std::move(progress->progress);
  } else if (auto* prepared = std::get_if<Preparation::Prepared>(&news)) {
    ComparePane& at = pane(prepared->pane);
    at.options = std::move(prepared->options);
    at.options.group = group_;
    at.plan = std::move(prepared->plan);
    at.planned = true;
    const PaneFacts& facts = prepared->facts;
    at.format = facts.format;
    at.architecture = facts.architecture;
    at.file_bytes = facts.file_bytes;
    at.bits_per_weight = facts.bits_per_weight;
    at.tokenizer_hash = facts.tokenizer_hash;
    at.template_hash = facts.template_hash;
    at.file_hash = facts.file_hash;
    look_up_smoke(at);
    at.backend = at.plan.backend;
    at.state = PaneState::waiting;
    at.progress = {};
  } else if (auto* refused = std::get_if<Preparation::Refused>(&news)) {
    const bool loaded =
        std::any_of(seats_.begin(), seats_.end(), [](const Seat& seat) { return seat.ready; });
    if (refused->error.code == ErrorCode::E201 && loaded && !stopping_)
      retry_ = true;
    else
      fail_pane(refused->pane, std::move(refused->error));
  } else {
    all_prepared();
  }
}

/// How the file did in the short tests, if somebody has run them.
void CompareRunner::look_up_smoke(ComparePane& at) {
  if (data_.empty()) return;
  try {
    at.smoke = stored_smoke(ResultStore(data_), at.file_hash, std::string(quant(at.plan.kv_type).name));
  } catch (const Error& error) {
    state_.notes.push_back(std::string("stored results cannot be read: ") + error.what());
  }
}

void CompareRunner::all_prepared() {
  preparation_.reset();
  if (std::exchange(retry_, false) && !stopping_) {
    for (std::size_t i = 0; i < seats_.size(); ++i)
      if (seats_[i].ready) unload(i);
    return start();
  }
  find_shared_weights(state_.panes);
  std::uint64_t available = 0;
  for (const ComparePane& at : state_.panes) available = std::max(available, at.plan.available_bytes);
  ModeChoice choice = choose_mode(state_.settings.asked, state_.panes, available);
  state_.settings.mode = choice.mode;
  state_.settings.mode_reason = std::move(choice.reason);
  state_.needed_bytes = choice.needed_bytes;
  for (std::string& note : differences(state_)) state_.notes.push_back(std::move(note));
  scoring_.emplace(Scoring::Options{seats_.size(), reference(), together(), drift_options_});
  for (ComparePane& at : state_.panes)
    if (at.state == PaneState::preparing) at.state = PaneState::waiting;
  state_.phase = ComparePhase::running;
}

void CompareRunner::take(DriftWorker::Result& result) {
  const auto index = static_cast<std::size_t>(result.pane);
  if (index == reference()) return;
  CompareAnswer& at = answer(result.prompt, index);
  if (!at.drift) at.drift.emplace();
  at.drift->rows.insert(at.drift->rows.end(), result.drift.begin(), result.drift.end());
  at.drift->summary = summarise(at.drift->rows);
  at.drift->complete = at.drift->rows.size() == answer(result.prompt, reference()).tokens.size();
  if (!at.split || result.split != at.split->index || result.reference_top.empty()) return;
  const auto chances = [](const std::vector<Chance>& from) {
    std::vector<TokenChance> out;
    for (const Chance& one : from) out.push_back({one.id, {}, one.probability});
    return out;
  };
  at.split->reference_top = chances(result.reference_top);
  at.split->pane_top = chances(result.pane_top);
  name_chances();
}

/// Spells the tokens of splits that came while no model was loaded.
void CompareRunner::name_chances() {
  const auto ready = std::find_if(seats_.begin(), seats_.end(), [](const Seat& seat) { return seat.ready; });
  if (ready == seats_.end()) return;
  for (ComparePrompt& prompt : state_.prompts) {
    for (CompareAnswer& at : prompt.answers) {
      if (!at.split) continue;
      for (auto* list : {&at.split->reference_top, &at.split->pane_top})
        for (TokenChance& one : *list)
          if (one.text.empty()) one.text = ready->engine->piece(one.id);
    }
  }
}

void CompareRunner::take(std::size_t index, Event& event) {
  Seat& seat = seats_[index];
  const auto mine = [&](SequenceId sequence) { return seat.ready && sequence == seat.sequence; };
  if (const auto* loading = std::get_if<Loading>(&event)) {
    pane(index).progress = {load_stage_name(loading->stage), loading->done, loading->total};
  } else if (std::holds_alternative<Ready>(event)) {
    source_.loaded(pane(index).options.model, *seat.engine);
    on_ready(index);
  } else if (const auto* prefilling = std::get_if<Prefilling>(&event)) {
    if (mine(prefilling->sequence)) on_prefilling(index, *prefilling);
  } else if (const auto* piece = std::get_if<Piece>(&event)) {
    if (mine(piece->sequence)) on_piece(index, *piece);
  } else if (const auto* finished = std::get_if<Finished>(&event)) {
    if (mine(finished->sequence)) on_finished(index, *finished);
  } else if (auto* scored = std::get_if<Scored>(&event)) {
    if (mine(scored->sequence)) on_scored(index, *scored);
  } else if (const auto* failed = std::get_if<Failed>(&event)) {
    on_failed(index, *failed);
  }
}

void CompareRunner::on_ready(std::size_t index) {
  Seat& seat = seats_[index];
  ComparePane& at = pane(index);
  const ModelCard& card = seat.engine->card();
  seat.ready = true;
  seat.sequence = seat.engine->open_sequence();
  seat.profile = make_profile(seat.spec.profile.name, seat.spec.settings, card.sampling);
  at.load_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - seat.load_began).count();
  at.resident = true;
  at.state = PaneState::ready;
  at.progress = {};
  name_chances();
  at.template_origin = card.template_origin;
  if (at.format.empty()) at.format = card.format;
  if (at.architecture.empty()) at.architecture = card.architecture;
  if (at.file_bytes == 0) at.file_bytes = card.file_bytes;
  if (at.bits_per_weight == 0 && card.parameters > 0)
    at.bits_per_weight = 8 * static_cast<double>(at.file_bytes) / static_cast<double>(card.parameters);
}

void CompareRunner::fail_pane(std::size_t index, CompareError error) {
  ComparePane& at = pane(index);
  seats_[index].engine.reset();
  seats_[index].ready = false;
  seats_[index].work = Work::none;
  at.resident = false;
  at.state = PaneState::failed;
  at.error = std::move(error);
  std::erase_if(grafts_, [&](const auto& graft) { return graft.second == index; });
  if (scoring_) scoring_->leave(index);
  for (ComparePrompt& prompt : state_.prompts) {
    CompareAnswer& one = prompt.answers[index];
    if (one.state != AnswerState::waiting && one.state != AnswerState::running) continue;
    one.state = AnswerState::failed;
    one.error = at.error;
  }
  if (index == reference() && state_.settings.drift)
    state_.notes.push_back(at.label + " is the reference and has failed, so there is no drift");
}

}  // namespace glim::app
