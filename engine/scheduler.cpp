#include "engine/scheduler.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "engine/base/memory_info.h"
#include "engine/base/text.h"
#include "engine/failure.h"

namespace glim {
namespace {

/// A prefill chunk should take about this long, so that stopping and progress stay prompt on slow machines.
constexpr double kChunkSeconds = 0.4;
constexpr std::int32_t kSmallestChunk = 16;
constexpr std::int32_t kScoreRows = 64;  ///< rows with logits in one step; bounds the memory they take

struct Scoring {
  std::int32_t first;
  bool keep_logits;
  Scored result;
};

std::unique_ptr<KvCache> make_cache(const LoadedModel& loaded, const EngineOptions& options) {
  return std::make_unique<KvCache>(loaded.model->config(), *loaded.backend, options.kv_type,
                                   kv_blocks(options.kv_tokens()));
}

bool all_finite(std::span<const float> values) {
  // Without an early end this takes no longer than reading the values.
  bool finite = true;
  for (const float value : values) finite &= std::fabs(value) <= std::numeric_limits<float>::max();
  return finite;
}

double seconds(Clock::duration duration) {
  return std::chrono::duration<double>(duration).count();
}

/// Natural logarithm of the probability of `token` and its rank.
TokenScore score_of(std::span<const float> logits, TokenId token) {
  const float own = logits[static_cast<std::size_t>(token)];
  const float top = *std::max_element(logits.begin(), logits.end());
  double sum = 0;
  std::int32_t rank = 1;
  for (const float value : logits) {
    sum += std::exp(static_cast<double>(value) - top);
    rank += value > own ? 1 : 0;
  }
  return {token, static_cast<float>(own - top - std::log(sum)), rank};
}

}  // namespace

struct Scheduler::Sequence {
  Sequence(SequenceId sequence, KvCache& cache) : id(sequence), timeline(std::make_unique<Timeline>(cache)) {}
  SequenceId id;
  std::unique_ptr<Timeline> timeline;
  std::unique_ptr<Generation> generation;
  std::optional<Scoring> scoring;
  std::vector<TokenId> pending;  ///< tokens still to be fed
  std::int32_t reused = 0;
  std::uint64_t last_used = 0;
  void stop() {
    generation.reset();
    scoring.reset();
    pending.clear();
  }
  bool active() const { return generation != nullptr || scoring.has_value(); }
  bool decoding() const { return generation != nullptr && generation->stats().generated_tokens > 0; }
};

/// The rows of one sequence in a step.
struct Scheduler::Slice {
  Sequence* sequence;
  std::int32_t count;
  std::int32_t first_logits;  ///< index of its first row with logits
  std::int32_t logits_rows;
};

Scheduler::Scheduler(LoadedModel& loaded, const EngineOptions& options, Emit emit,
                     const std::atomic<bool>& stop)
    : loaded_(loaded),
      emit_(std::move(emit)),
      stop_(stop),
      group_(options.group),
      ctx_(options.ctx),
      batch_(loaded.model->max_rows()),
      cache_(make_cache(loaded, options)) {}

Scheduler::~Scheduler() = default;

Scheduler::Sequence* Scheduler::find(SequenceId id) {
  const auto found = sequences_.find(id);
  return found == sequences_.end() ? nullptr : found->second.get();
}

void Scheduler::open(SequenceId id) {
  sequences_[id] = std::make_unique<Sequence>(id, *cache_);
}

void Scheduler::close(SequenceId id) {
  cancel(id);
  sequences_.erase(id);
}

void Scheduler::fork(SequenceId from, SequenceId to) {
  open(to);
  if (const Sequence* source = find(from)) find(to)->timeline->fork_from(*source->timeline);
}

void Scheduler::fail(Sequence& sequence, Failed failure) {
  sequence.stop();
  emit_(std::move(failure));
}

void Scheduler::start(Sequence& sequence, std::span<const TokenId> tokens) {
  sequence.pending.assign(tokens.begin(), tokens.end());
  sequence.last_used = ++clock_;
  last_ = sequence.id;
  const std::int64_t vocabulary = loaded_.model->config().vocabulary;
  for (const TokenId token : tokens) {
    if (token >= 0 && token < vocabulary) continue;
    throw Error(ErrorCode::E501, strf("token id %d is not in the vocabulary of %lld tokens", token,
                                      static_cast<long long>(vocabulary)));
  }
  if (tokens.empty()) throw Error(ErrorCode::E501, "the prompt is empty; give it at least one token");
  if (static_cast<std::int64_t>(tokens.size()) >= ctx_ + (sequence.scoring ? 1 : 0)) {
    throw Error(ErrorCode::E401,
                strf("the conversation takes %zu tokens but the context holds %d; raise it with /ctx "
                     "or start anew with /clear",
                     tokens.size(), ctx_));
  }
}

void Scheduler::generate(SequenceId id, Request request) {
  Sequence* sequence = find(id);
  if (sequence == nullptr) return;
  cancel(id);
  try {
    start(*sequence, request.tokens);
    // The last token is always evaluated again, since its logits are what the reply starts from.
    const std::int32_t last = static_cast<std::int32_t>(request.tokens.size()) - 1;
    sequence->reused = std::min(sequence->timeline->common_prefix(request.tokens), last);
    sequence->timeline->truncate(sequence->reused);
    sequence->pending.erase(sequence->pending.begin(), sequence->pending.begin() + sequence->reused);
    sequence->generation = std::make_unique<Generation>(id, std::move(request), loaded_, emit_);
  } catch (...) {
    fail(*sequence, current_failure(id));
  }
}

void Scheduler::check_room_for_logits(std::size_t tokens) const {
  const std::uint64_t bytes =
      tokens * static_cast<std::uint64_t>(loaded_.model->config().vocabulary) * sizeof(float);
  const std::uint64_t available = memory_info().available;
  if (available == 0 || bytes <= available) return;
  throw Error(ErrorCode::E201,
              strf("the logits of %zu tokens take %.2f GiB, but %.2f GiB of memory is free; score fewer "
                   "tokens at a time",
                   tokens, static_cast<double>(bytes) / 0x1p30, static_cast<double>(available) / 0x1p30));
}

void Scheduler::score(SequenceId id, ScoreRequest request) {
  Sequence* sequence = find(id);
  if (sequence == nullptr) return;
  cancel(id);
  try {
    const auto count = static_cast<std::int32_t>(request.tokens.size());
    const std::int32_t first = std::clamp(request.first, 0, std::max(count - 1, 0));
    sequence->scoring = Scoring{first, request.keep_logits, Scored{id, {}, {}}};
    start(*sequence, request.tokens);
    if (request.keep_logits) check_room_for_logits(static_cast<std::size_t>(count - first));
    const std::int32_t held = std::min(sequence->timeline->common_prefix(request.tokens), first);
    sequence->timeline->truncate(held);
    sequence->pending.erase(sequence->pending.begin(), sequence->pending.begin() + held);
  } catch (...) {
    fail(*sequence, current_failure(id));
  }
}

void Scheduler::cancel(SequenceId id) {
  Sequence* sequence = find(id);
  if (sequence == nullptr || !sequence->active()) return;
  if (sequence->generation) {
    sequence->generation->finish(FinishReason::cancelled);
  } else {
    emit_(Finished{id, FinishReason::cancelled, {}, {}});
  }
  sequence->stop();
}

void Scheduler::cancel_all() {
  for (auto& [id, sequence] : sequences_) cancel(id);
}

bool Scheduler::busy() const {
  return std::any_of(sequences_.begin(), sequences_.end(),
                     [](const auto& entry) { return entry.second->active(); });
}

bool Scheduler::reserve(Sequence& sequence, std::span<const TokenId> tokens) {
  while (!sequence.timeline->extend(tokens)) {
    Sequence* oldest = nullptr;
    for (auto& [id, other] : sequences_) {
      if (other->active() || other->timeline->length() == 0) continue;
      if (oldest == nullptr || other->last_used < oldest->last_used) oldest = other.get();
    }
    if (oldest == nullptr) return false;
    oldest->timeline->truncate(0);
  }
  return true;
}

void Scheduler::give_up(Sequence& sequence) {
  if (sequence.decoding()) {
    sequence.generation->finish(FinishReason::context_full);
    return sequence.stop();
  }
  fail(sequence,
       {sequence.id,
        ErrorCode::E401,
        strf("the KV budget of %lld tokens is used up by the open conversations; close one or raise "
             "the budget",
             static_cast<long long>(cache_->blocks()) * kBlockTokens),
        {}});
}

std::vector<Scheduler::Slice> Scheduler::plan_step() {
  std::vector<Sequence*> order;
  for (auto& [id, sequence] : sequences_) {
    if (sequence->active()) order.push_back(sequence.get());
  }
  std::stable_partition(order.begin(), order.end(), [](const Sequence* s) { return s->decoding(); });
  const double affordable = prefill_rate_ > 0 ? prefill_rate_ * kChunkSeconds : kSmallestChunk;
  std::int32_t room = batch_;
  std::int32_t prompt_room =
      std::max(kSmallestChunk, static_cast<std::int32_t>(std::min<double>(affordable, batch_)));
  std::vector<Slice> slices;
  for (Sequence* sequence : order) {
    const auto waiting = static_cast<std::int32_t>(sequence->pending.size());
    std::int32_t count = std::min(waiting, room);
    if (!sequence->decoding()) count = std::min(count, prompt_room);
    std::int32_t unscored = 0;  // rows up to the first whose prediction is wanted
    if (sequence->scoring) {
      unscored = std::max(sequence->scoring->first - sequence->timeline->length(), 0);
      count = std::min(count, unscored > 0 ? unscored : kScoreRows);
    }
    if (count == 0) continue;
    if (!reserve(*sequence, std::span(sequence->pending).first(static_cast<std::size_t>(count)))) {
      give_up(*sequence);
      continue;
    }
    room -= count;
    if (!sequence->decoding()) prompt_room -= count;
    const bool last = count == waiting;
    slices.push_back({sequence, count, 0, sequence->scoring ? (unscored > 0 ? 0 : count) : (last ? 1 : 0)});
  }
  return slices;
}

void Scheduler::step() {
  try {
    std::vector<Slice> slices = plan_step();
    if (!slices.empty()) run(slices);
  } catch (...) {
    for (auto& [id, sequence] : sequences_) {
      if (sequence->active()) abandon(*sequence);
    }
  }
}

void Scheduler::abandon(Sequence& sequence) {
  sequence.timeline->truncate(0);
  fail(sequence, current_failure(sequence.id));
}

std::span<const float> Scheduler::forward(std::vector<Slice>& slices) {
  std::vector<Row> rows;
  std::vector<std::span<const std::int32_t>> blocks;
  std::vector<std::int32_t> wanted;
  for (Slice& slice : slices) {
    const std::int32_t first = slice.sequence->timeline->length() - slice.count;
    slice.first_logits = static_cast<std::int32_t>(wanted.size());
    for (std::int32_t i = 0; i < slice.count; ++i) {
      if (i >= slice.count - slice.logits_rows) wanted.push_back(static_cast<std::int32_t>(rows.size()));
      rows.push_back({slice.sequence->pending[static_cast<std::size_t>(i)], first + i,
                      static_cast<std::int32_t>(blocks.size())});
    }
    blocks.push_back(slice.sequence->timeline->blocks());
  }
  return loaded_.model->forward({rows, blocks, &stop_}, wanted, *cache_);
}

void Scheduler::note_time(const std::vector<Slice>& slices, double took) {
  std::int32_t rows = 0;
  for (const Slice& slice : slices) rows += slice.count;
  for (const Slice& slice : slices) {
    if (slice.sequence->generation) slice.sequence->generation->worked(took * slice.count / rows);
    if (!slice.sequence->decoding() && slice.count >= kSmallestChunk && took > 0)
      prefill_rate_ = slice.count / took;
  }
}

void Scheduler::run(std::vector<Slice>& slices) {
  // Engines that share a model share the memory of its logits too, so the turn lasts until they are read.
  const EngineGroup::Turn turn(group_.get());
  const Clock::time_point before = Clock::now();
  const std::span<const float> logits = forward(slices);
  const double took = seconds(Clock::now() - before);
  if (stop_) {
    for (const Slice& slice : slices) {
      slice.sequence->timeline->truncate(slice.sequence->timeline->length() - slice.count);
    }
    return;
  }
  loaded_.file->check_intact();
  ++clock_;
  note_time(slices, took);
  const auto width = static_cast<std::size_t>(loaded_.model->config().vocabulary);
  for (const Slice& slice : slices) {
    try {
      deliver(slice, logits.subspan(static_cast<std::size_t>(slice.first_logits) * width,
                                    static_cast<std::size_t>(slice.logits_rows) * width));
    } catch (...) {
      abandon(*slice.sequence);
    }
  }
}

void Scheduler::deliver(const Slice& slice, std::span<const float> logits) {
  Sequence& sequence = *slice.sequence;
  sequence.last_used = clock_;
  sequence.pending.erase(sequence.pending.begin(), sequence.pending.begin() + slice.count);
  if (!all_finite(logits)) {
    throw Error(ErrorCode::E403,
                "the model produced values that are not finite; its file is damaged, download it again");
  }
  if (sequence.scoring) return deliver_scores(sequence, slice, logits);
  Generation& generation = *sequence.generation;
  if (!sequence.decoding()) generation.prefilled(sequence.timeline->length(), sequence.reused);
  if (slice.logits_rows == 0) return;
  const std::optional<TokenId> token = generation.next(logits, sequence.timeline->tokens());
  first_token_seconds_ = generation.stats().first_token_seconds;
  const Clock::time_point now = Clock::now();
  std::erase_if(recent_, [&](Clock::time_point at) { return seconds(now - at) >= 1; });
  recent_.push_back(now);
  if (!token) {
    if (generation.stats().decode_rate() > 0) decode_rate_ = generation.stats().decode_rate();
    sequence.generation.reset();
  } else if (sequence.timeline->length() >= ctx_) {
    generation.finish(FinishReason::context_full);
    sequence.generation.reset();
  } else {
    sequence.pending.assign(1, *token);
  }
}

void Scheduler::deliver_scores(Sequence& sequence, const Slice& slice, std::span<const float> logits) {
  if (slice.logits_rows == 0) return;
  Scored& result = sequence.scoring->result;
  const auto width = static_cast<std::size_t>(loaded_.model->config().vocabulary);
  const std::span<const TokenId> tokens = sequence.timeline->tokens();
  const std::size_t first = tokens.size() - static_cast<std::size_t>(slice.count);
  for (std::size_t i = 0; i < static_cast<std::size_t>(slice.count); ++i) {
    const std::size_t next = first + i + 1;
    const bool within = next < tokens.size();
    if (!within && sequence.pending.empty()) break;
    result.scores.push_back(
        score_of(logits.subspan(i * width, width), within ? tokens[next] : sequence.pending.front()));
  }
  if (sequence.scoring->keep_logits) result.logits.insert(result.logits.end(), logits.begin(), logits.end());
  if (!sequence.pending.empty()) return;
  emit_(std::move(result));
  sequence.scoring.reset();
}

void Scheduler::warm_up() {
  const EngineGroup::Turn turn(group_.get());
  Timeline timeline(*cache_);
  const TokenId token = 0;
  if (!timeline.extend({&token, 1})) return;
  const Row row{token, 0, 0};
  const std::span<const std::int32_t> blocks = timeline.blocks();
  const std::int32_t wanted = 0;
  loaded_.model->forward({{&row, 1}, {&blocks, 1}, &stop_}, {&wanted, 1}, *cache_);
  loaded_.file->check_intact();
}

void Scheduler::rebuild_cache(const EngineOptions& options) {
  std::unique_ptr<KvCache> fresh = make_cache(loaded_, options);
  cancel_all();
  for (auto& [id, sequence] : sequences_) sequence->timeline = std::make_unique<Timeline>(*fresh);
  cache_ = std::move(fresh);
  ctx_ = options.ctx;
}

void Scheduler::fill(Stats& stats) const {
  const Clock::time_point now = Clock::now();
  const auto live =
      std::count_if(recent_.begin(), recent_.end(), [&](auto at) { return seconds(now - at) < 1; });
  stats.state = Stats::State::idle;
  stats.decode_rate = decode_rate_;
  for (const auto& [id, sequence] : sequences_) {
    if (!sequence->active()) continue;
    stats.state = sequence->decoding() ? Stats::State::generating : Stats::State::prefilling;
    if (!sequence->decoding()) continue;
    const double so_far = sequence->generation->stats().decode_rate();
    stats.decode_rate = sequence->generation->stats().decode_seconds < 1 ? so_far : static_cast<double>(live);
  }
  stats.prefill_rate = prefill_rate_;
  stats.first_token_seconds = first_token_seconds_;
  stats.ctx = ctx_;
  const auto last = sequences_.find(last_);
  stats.ctx_used = last == sequences_.end() ? 0 : last->second->timeline->length();
  stats.kv_type = cache_->type();
  stats.kv_bytes = cache_->bytes();
  const auto used = static_cast<std::uint64_t>(cache_->blocks() - cache_->free_blocks());
  stats.kv_used_bytes =
      cache_->blocks() == 0 ? 0 : cache_->bytes() / static_cast<std::uint64_t>(cache_->blocks()) * used;
  stats.actual = loaded_.backend->memory();
  stats.actual.cache = cache_->bytes();  // engines that share a model have a cache each
  stats.weight_bytes = stats.actual.weights;
  stats.scratch_bytes = stats.actual.scratch;
  stats.backend = loaded_.backend->description();
}

}  // namespace glim
