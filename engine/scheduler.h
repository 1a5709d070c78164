#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "engine/engine_group.h"
#include "engine/generation.h"
#include "engine/loaded_model.h"
#include "engine/model/kv_cache.h"

namespace glim {

/// Sequences, their cache, and the steps that serve them: every step takes one row from each reply that is
/// being written and fills up with prompt rows, so replies go on while another prompt is read. Owned by the
/// worker; one thread.
class Scheduler {
 public:
  /// Once `stop` is true the step at hand ends between two layers and changes nothing. Throws E201, E603.
  Scheduler(LoadedModel& loaded, const EngineOptions& options, Emit emit, const std::atomic<bool>& stop);
  ~Scheduler();

  void open(SequenceId id);
  void close(SequenceId id);
  void fork(SequenceId from, SequenceId to);
  void generate(SequenceId id, Request request);
  void score(SequenceId id, ScoreRequest request);
  void cancel(SequenceId id);
  void cancel_all();

  bool busy() const;
  void step();     ///< one step over everything that is waiting; failures become events
  void warm_up();  ///< touches every weight once

  /// Exchanges the cache; the sequences stay open and hold nothing. On failure (E201, E603) nothing has
  /// changed.
  void rebuild_cache(const EngineOptions& options);

  void fill(Stats& stats) const;

 private:
  struct Sequence;
  struct Slice;

  Sequence* find(SequenceId id);
  void start(Sequence& sequence, std::span<const TokenId> tokens);
  void give_up(Sequence& sequence);
  bool reserve(Sequence& sequence, std::span<const TokenId> tokens);
  std::vector<Slice> plan_step();
  void run(std::vector<Slice>& slices);
  std::span<const float> forward(std::vector<Slice>& slices);
  void note_time(const std::vector<Slice>& slices, double took);
  void deliver(const Slice& slice, std::span<const float> logits);
  void deliver_scores(Sequence& sequence, const Slice& slice, std::span<const float> logits);
  void check_room_for_logits(std::size_t tokens) const;
  void fail(Sequence& sequence, Failed failure);
  void abandon(Sequence& sequence);  ///< in a catch block: the sequence ends with what was thrown

  LoadedModel& loaded_;
  Emit emit_;
  const std::atomic<bool>& stop_;
  std::shared_ptr<EngineGroup> group_;  ///< null: nobody else uses the device
  std::int32_t ctx_ = 0, batch_ = 0;
  std::unique_ptr<KvCache> cache_;
  std::map<SequenceId, std::unique_ptr<Sequence>> sequences_;
  SequenceId last_ = -1;
  std::uint64_t clock_ = 0;  ///< steps so far; orders sequences by last use
  double decode_rate_ = 0, prefill_rate_ = 0, first_token_seconds_ = 0;
  std::vector<Clock::time_point> recent_;  ///< decoded tokens of the last second
};

}  // namespace glim
