#include "engine/engine.h"

#include <array>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>

#include "engine/base/event_queue.h"
#include "engine/base/memory_info.h"
#include "engine/base/text.h"
#include "engine/engine_group.h"
#include "engine/failure.h"
#include "engine/loaded_model.h"
#include "engine/scheduler.h"

namespace glim {
namespace {

constexpr std::array kFinishNames = {"end of turn", "tool call",    "stop string",
                                     "token limit", "context full", "stopped"};
constexpr std::array kStageNames = {"header", "tokenizer", "weights", "cache", "warm-up"};

/// Engines with equal keys can use one and the same loaded model.
std::string weights_key(const EngineOptions& options) {
  return strf("%s\n%s\n%d %d %d %d %d\n", options.model.c_str(), options.backend.c_str(), options.batch,
              options.threads, options.gpu_layers, options.cpu_moe_layers, options.host_cache) +
         options.chat_template;
}

/// The worker runs `work_` items between steps; the owner thread only queues them.
class LocalEngine : public Engine {
 public:
  explicit LocalEngine(const EngineOptions& options) : options_(options), worker_([this] { run(); }) {}

  ~LocalEngine() override {
    {
      // Without the lock the worker could miss this between its last look and falling asleep.
      const std::lock_guard lock(mutex_);
      quit_ = stop_ = true;
    }
    wake_.notify_one();
    worker_.join();
  }

  int wake_fd() const override { return events_.fd(); }
  std::optional<Event> poll() override { return events_.poll(); }

  const ModelCard& card() const override { return loaded_->card; }
  Prompt render(const ChatRequest& request) const override { return render_prompt(*loaded_, request); }
  std::vector<TokenId> tokenize(std::string_view text, bool specials) const override {
    return loaded_->tokenizer->encode(text, specials ? Specials::all : Specials::none);
  }

  std::string piece(TokenId token) const override {
    return std::string(loaded_->tokenizer->piece(token, true));
  }

  SequenceId open_sequence() override {
    const SequenceId id = next_id_++;
    post([id](Scheduler& scheduler) { scheduler.open(id); });
    return id;
  }
  void close_sequence(SequenceId id) override {
    post([id](Scheduler& scheduler) { scheduler.close(id); });
  }
  SequenceId fork_sequence(SequenceId id) override {
    const SequenceId copy = next_id_++;
    post([id, copy](Scheduler& scheduler) { scheduler.fork(id, copy); });
    return copy;
  }
  void generate(SequenceId id, Request request) override {
    post([id, request = std::move(request)](Scheduler& scheduler) { scheduler.generate(id, request); });
  }
  void score(SequenceId id, ScoreRequest request) override {
    post([id, request = std::move(request)](Scheduler& scheduler) { scheduler.score(id, request); });
  }
  void cancel(SequenceId id) override {
    post([id](Scheduler& scheduler) { scheduler.cancel(id); }, true);
  }
  void reconfigure(const EngineOptions& options) override {
    post([this, options](Scheduler& scheduler) { rebuild(scheduler, options); });
  }

  Stats stats() const override {
    Stats stats;
    {
      const std::lock_guard lock(mutex_);
      stats = stats_;
    }
    const MemoryInfo& memory = memory_.reading();
    stats.resident_bytes = memory.resident;
    stats.available_bytes = memory.available;
    return stats;
  }

 private:
  using Work = std::function<void(Scheduler&)>;

  /// Urgent work does not wait for the end of the step.
  void post(Work work, bool urgent = false) {
    {
      const std::lock_guard lock(mutex_);
      work_.push_back(std::move(work));
      if (urgent) stop_ = true;
    }
    wake_.notify_one();
  }

  void emit(Event event) { events_.push(std::move(event)); }

  /// Whoever reads an event finds its numbers in stats() already.
  void deliver(const Scheduler& scheduler) {
    publish(scheduler);
    for (Event& event : outbox_) events_.push(std::move(event));
    outbox_.clear();
  }

  void publish(const Stats& stats) {
    const std::lock_guard lock(mutex_);
    stats_ = stats;
  }

  void publish(const Scheduler& scheduler) {
    Stats stats;
    scheduler.fill(stats);
    stats.planned = planned_;
    publish(stats);
  }

  void rebuild(Scheduler& scheduler, const EngineOptions& options) {
    try {
      EngineOptions wanted = options_;
      wanted.ctx = options.ctx;
      wanted.kv_type = options.kv_type;
      wanted.max_seqs = options.max_seqs;
      wanted.kv_budget = options.kv_budget;
      wanted.weights_loaded = true;
      const Plan planned = plan(wanted);
      wanted.ctx = planned.ctx;
      scheduler.rebuild_cache(wanted);
      options_ = wanted;
      planned_ = planned.memory();
      outbox_.push_back(Rebuilt{});
    } catch (...) {
      outbox_.push_back(current_failure(std::nullopt));
    }
  }

  std::shared_ptr<LoadedModel> load_once() {
    const auto fresh = [this] {
      return std::make_shared<LoadedModel>(load(
          options_, [this](const Loading& at) { emit(at); }, quit_));
    };
    if (!options_.group) return fresh();
    auto model = options_.group->model(weights_key(options_), fresh, [this] { return quit_.load(); });
    if (!model) throw Error(ErrorCode::E901, "loading was cancelled");
    return model;
  }

  void run() {
    try {
      const Plan planned = plan(options_);
      options_.ctx = planned.ctx;
      planned_ = planned.memory();
      loaded_ = load_once();
      emit(Loading{LoadStage::cache, 0, 1});
      Scheduler scheduler(
          *loaded_, options_, [this](Event event) { outbox_.push_back(std::move(event)); }, stop_);
      emit(Loading{LoadStage::warm_up, 0, 1});
      scheduler.warm_up();
      publish(scheduler);
      emit(Ready{});
      serve(scheduler);
    } catch (...) {
      Stats stats;
      stats.state = Stats::State::failed;
      publish(stats);
      if (!quit_) emit(current_failure(std::nullopt));
    }
  }

  void serve(Scheduler& scheduler) {
    std::deque<Work> work;
    while (!quit_) {
      {
        std::unique_lock lock(mutex_);
        if (!scheduler.busy()) wake_.wait(lock, [this] { return quit_ || !work_.empty(); });
        work.swap(work_);
        stop_ = false;
      }
      for (const Work& item : work) item(scheduler);
      work.clear();
      deliver(scheduler);
      if (quit_ || !scheduler.busy()) continue;
      scheduler.step();
      deliver(scheduler);
    }
    scheduler.cancel_all();
  }

  EngineOptions options_;                ///< the worker's, after construction
  MemoryBytes planned_;                  ///< the worker's
  std::shared_ptr<LoadedModel> loaded_;  ///< written before Ready is posted, constant afterwards
  EventQueue<Event> events_;
  mutable std::mutex mutex_;  ///< guards work_ and stats_
  std::condition_variable wake_;
  std::deque<Work> work_;
  Stats stats_;
  std::vector<Event> outbox_;  ///< the worker's: events of the step at hand
  SequenceId next_id_ = 0;
  mutable MemoryWatch memory_;  ///< the owner thread's
  std::atomic<bool> quit_ = false;
  std::atomic<bool> stop_ = false;  ///< the step at hand is to end; changed with mutex_ held
  std::thread worker_;              ///< last, so that it starts when everything else is there
};

}  // namespace

const char* finish_name(FinishReason reason) {
  return kFinishNames[static_cast<std::size_t>(reason)];
}
const char* load_stage_name(LoadStage stage) {
  return kStageNames[static_cast<std::size_t>(stage)];
}

double GenerationStats::prefill_rate() const {
  return prefill_seconds > 0 ? (prompt_tokens - reused_tokens) / prefill_seconds : 0;
}

double GenerationStats::decode_rate() const {
  return decode_seconds > 0 && generated_tokens > 1 ? (generated_tokens - 1) / decode_seconds : 0;
}

double GenerationStats::prefill_device_rate() const {
  return prefill_device_seconds > 0 ? (prompt_tokens - reused_tokens) / prefill_device_seconds : 0;
}

double GenerationStats::decode_device_rate() const {
  return decode_device_seconds > 0 ? decode_steps / decode_device_seconds : 0;
}

std::unique_ptr<Engine> open_engine(const EngineOptions& options) {
  return std::make_unique<LocalEngine>(options);
}

}  // namespace glim
