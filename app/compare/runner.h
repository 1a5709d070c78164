#pragma once

#include <deque>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "app/compare/comparison.h"
#include "app/compare/preparation.h"
#include "app/compare/scoring.h"
#include "app/compare/seat.h"
#include "app/compare/vote_store.h"
#include "app/compare/votes.h"
#include "app/engine_source.h"
#include "engine/base/memory_info.h"
#include "engine/measure/energy.h"

namespace glim::app {

/// Answers prompts with two to four models side by side, for the screen and for plain text alike. Panes that
/// fit together are all loaded and write token by token in turn; else they are loaded one after the other. A
/// pane that fails says why and the others go on. One thread; nothing blocks but the destructor and
/// unloading. Only the constructor and graft() throw.
class CompareRunner {
 public:
  struct Setup {
    std::vector<PaneSpec> panes;
    ModelPlaces places;
    CompareSettings settings;  ///< asked, drift and reference are looked at
    std::vector<ComparePrompt> prompts;
    std::string set_name;
    DriftWorker::Options drift;
    std::filesystem::path data;          ///< folder where votes are kept; empty: nowhere
    std::filesystem::path sys = "/sys";  ///< where energy counters are
    /// Ended by this one, which takes over the panes that are asked for again with what they have loaded and
    /// answered, and the votes on them. Not owned; needed only while the new one is made.
    CompareRunner* previous = nullptr;
  };

  /// Throws E501 for a reference that is no pane.
  CompareRunner(EngineSource& engines, Setup setup);
  ~CompareRunner();

  void start();
  bool poll();  ///< takes all events; true when something changed
  std::vector<int> wake_fds() const;
  const Comparison& state() const { return state_; }
  bool busy() const;  ///< something runs, loads or waits for its turn

  void ask(std::string text);  ///< one more prompt
  void ask(ComparePrompt prompt);
  /// Ends what runs. Answers keep what they have; what was waiting will not be done. False when nothing ran.
  bool stop();
  /// Makes the pane say the reference's token at the first split of its answer and go on. Throws E501 saying
  /// why that cannot be.
  void graft(std::int32_t prompt, std::size_t pane);
  void show(std::int32_t prompt);  ///< moves state().position

  // Votes change state().votes and are kept at once; one that cannot be kept counts all the same, with a
  // note.
  void vote(const Vote& vote);
  void pick(std::int32_t prompt, const std::vector<std::int32_t>& shown, std::int32_t winner, bool all_bad);
  bool undo_vote();

 private:
  using Work = Seat::Work;

  // What comes in.
  void take(Preparation::News& news);
  void take(DriftWorker::Result& result);
  void take(std::size_t pane, Event& event);
  void on_ready(std::size_t pane);
  void on_prefilling(std::size_t pane, const Prefilling& prefilling);
  void on_piece(std::size_t pane, const Piece& piece);
  void on_finished(std::size_t pane, const Finished& finished);
  void on_scored(std::size_t pane, Scored& scored);
  void on_failed(std::size_t pane, const Failed& failed);
  void update_splits(std::size_t pane);
  void finish_answer(std::size_t pane, const Finished& finished);
  void finish_graft(std::size_t pane, const Finished& finished);
  void fail_pane(std::size_t pane, CompareError error);
  void look_up_smoke(ComparePane& pane);
  void all_prepared();

  // What another one leaves.
  void take_over(CompareRunner& old);
  void take_pane(CompareRunner& old, std::size_t from, std::size_t to);
  void take_votes(const CompareRunner& old, const std::vector<std::optional<std::size_t>>& panes);
  std::optional<std::int32_t> same_prompt(const CompareRunner& old, const ComparePrompt& prompt) const;

  // What goes out.
  void advance();
  bool load_next();
  bool load(std::size_t pane);
  void unload(std::size_t pane);
  bool give_work(std::size_t pane);
  bool give_graft(std::size_t pane);
  bool give_prompt(std::int32_t prompt, std::size_t pane);
  void start_answer(std::int32_t prompt, std::size_t pane);
  bool start_score(std::int32_t prompt, std::size_t pane);
  void start_graft(std::int32_t prompt, std::size_t pane);
  void begin_scoring(std::int32_t prompt);
  void note_tokens(std::int32_t prompt);
  void name_chances();
  void keep_votes();

  // What there is.
  ComparePane& pane(std::size_t index) { return state_.panes[index]; }
  const ComparePane& pane(std::size_t index) const { return state_.panes[index]; }
  CompareAnswer& answer(std::int32_t prompt, std::size_t index);
  const CompareAnswer& answer(std::int32_t prompt, std::size_t index) const;
  std::size_t reference() const { return static_cast<std::size_t>(state_.settings.reference); }
  bool alive(std::size_t index) const { return !state_.panes[index].error; }
  bool together() const { return state_.settings.mode == CompareMode::interleave; }
  bool everyone_loaded() const;
  bool wants_score(std::int32_t prompt) const;
  bool may_score(std::int32_t prompt, std::size_t index) const;
  bool complete(std::int32_t prompt) const;
  bool answered(std::int32_t prompt) const;
  bool has_work(std::size_t index) const;
  std::int32_t count() const { return static_cast<std::int32_t>(state_.prompts.size()); }
  void refresh_numbers();

  EngineSource& source_;
  ModelPlaces places_;
  DriftWorker::Options drift_options_;
  std::shared_ptr<EngineGroup> group_;
  Comparison state_;
  std::vector<Seat> seats_;
  std::vector<std::vector<std::optional<Prompt>>> rendered_;  ///< by prompt and pane
  std::unique_ptr<Preparation> preparation_;
  std::optional<Scoring> scoring_;  ///< from the moment the mode is known
  std::deque<std::pair<std::int32_t, std::size_t>> grafts_;
  std::int32_t first_open_ = 0;  ///< prompts before it were stopped and are not gone on with
  bool stopping_ = false;
  bool retry_ = false;  ///< plan once more those that found no memory beside what is loaded
  VoteBook votes_;
  MemoryWatch memory_;
  std::filesystem::path data_;
  std::optional<VoteStore> store_;
  std::vector<std::int64_t> kept_;  ///< ids of the votes in the store
  EnergyMeter energy_;
};

}  // namespace glim::app
