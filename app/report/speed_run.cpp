#include "app/report/speed_run.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <random>

#include "app/report/statistics.h"
#include "app/requests.h"
#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/measure/energy.h"
#include "engine/shape/model_shape.h"

namespace glim::app::report {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::int32_t kCountTokens = 10;  ///< of the answer to "Count 1 to 5"

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// Asks the system to forget the pages of a file, so that the next load reads the disk.
void drop_from_memory(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return;
  ::posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
  ::close(fd);
}

/// One engine under test.
class Runner {
 public:
  Runner(Row& row, const SpeedTests& tests, Signals& signals,
         const std::function<void(const std::string&)>& on_step)
      : row_(row), tests_(tests), waiter_(&signals, {}), on_step_(on_step) {}

  void load(EngineSource& source, const EngineOptions& options);
  void measure();

 private:
  struct Reply {
    GenerationStats stats;
    double seconds = 0;
  };

  double load_seconds(EngineSource& source, const EngineOptions& options);
  Event next();
  std::vector<TokenId> random_tokens(std::int64_t count);
  Request request(std::vector<TokenId> tokens, std::int32_t generated) const;
  Reply run(SequenceId sequence, Request request);
  Reply run_once(Request request);
  void prompt_and_generation();
  void first_token();
  void count_to_five();
  void depth(std::int64_t tokens);
  void parallel(std::int64_t streams);
  std::int32_t room() const { return engine_->stats().ctx; }

  Row& row_;
  const SpeedTests& tests_;
  EventWaiter waiter_;
  const std::function<void(const std::string&)>& on_step_;
  std::unique_ptr<Engine> engine_;
  EnergyMeter energy_;
  std::mt19937 random_{1};
};

double Runner::load_seconds(EngineSource& source, const EngineOptions& options) {
  engine_.reset();
  const Clock::time_point start = Clock::now();
  try {
    engine_ = open_and_wait(source, options, waiter_);
  } catch (const LoadInterrupted& interrupted) {
    throw Stopped{interrupted.status};
  }
  return seconds_since(start);
}

void Runner::load(EngineSource& source, const EngineOptions& options) {
  on_step_("loading");
  const bool file = !is_shape_name(options.model);
  if (file && tests_.cold_load) {
    drop_from_memory(options.model);
    row_[Metric::load_cold] = measured(Unit::seconds, load_seconds(source, options));
  }
  const double seconds = load_seconds(source, options);
  row_[Metric::load] =
      file ? measured(Unit::seconds, seconds) : absent("a shape is filled with noise, not read");
  if (!file) return;
  row_[Metric::load_warm] = row_[Metric::load];
  row_[Metric::load_rate] =
      measured(Unit::bytes_per_second, row_[Metric::file_size].value / std::max(seconds, 1e-9));
}

Event Runner::next() {
  auto next = waiter_.next(*engine_);
  if (const auto* interrupted = std::get_if<EventWaiter::Interrupted>(&next))
    throw Stopped{interrupted->status};
  Event event = std::get<Event>(std::move(next));
  if (const Failed* failed = std::get_if<Failed>(&event))
    throw Error(failed->code, failed->message, failed->help);
  return event;
}

std::vector<TokenId> Runner::random_tokens(std::int64_t count) {
  const auto last = static_cast<TokenId>(std::max<std::int64_t>(engine_->card().vocabulary - 1, 0));
  std::uniform_int_distribution<TokenId> pick(0, last);
  std::vector<TokenId> out(static_cast<std::size_t>(count));
  for (TokenId& token : out) token = pick(random_);
  return out;
}

Request Runner::request(std::vector<TokenId> tokens, std::int32_t generated) const {
  Request out;
  out.tokens = std::move(tokens);
  out.sampling.temp = 0;
  out.max_tokens = generated;
  out.ignore_eos = true;
  return out;
}

Runner::Reply Runner::run(SequenceId sequence, Request request) {
  const Clock::time_point start = Clock::now();
  engine_->generate(sequence, std::move(request));
  for (;;) {
    const Event event = next();
    const Finished* finished = std::get_if<Finished>(&event);
    if (finished != nullptr && finished->sequence == sequence) return {finished->stats, seconds_since(start)};
  }
}

Runner::Reply Runner::run_once(Request request) {
  const SequenceId sequence = engine_->open_sequence();
  Reply reply = run(sequence, std::move(request));
  engine_->close_sequence(sequence);
  return reply;
}

void Runner::prompt_and_generation() {
  on_step_("prompt and generation");
  run_once(request(random_tokens(16), 2));
  std::vector<double> prompt, generation, joules;
  for (int i = 0; i < tests_.repetitions; ++i) {
    prompt.push_back(run_once(request(random_tokens(tests_.prompt), 1)).stats.prefill_rate());
    energy_.take();
    const GenerationStats stats = run_once(request(random_tokens(1), tests_.generated)).stats;
    if (const auto used = energy_.take()) joules.push_back(*used / std::max(stats.generated_tokens, 1));
    generation.push_back(stats.decode_rate());
  }
  row_[Metric::prompt_rate] = mean_of(Unit::tokens_per_second, prompt, "");
  row_[Metric::generation_rate] = mean_of(Unit::tokens_per_second, generation, "");
  row_[Metric::energy] = mean_of(Unit::joules, joules, "this system shows no energy counters");
  const Figure& bytes = row_[Metric::token_bytes];
  if (bytes.present())
    row_[Metric::bandwidth] =
        measured(Unit::bytes_per_second, bytes.value * row_[Metric::generation_rate].value);
}

void Runner::first_token() {
  if (tests_.long_prompt <= 0) return;
  if (room() < tests_.long_prompt + 1) {
    row_[Metric::first_token] = absent("the context is shorter than the prompt");
    return;
  }
  on_step_("time to the first token");
  std::vector<double> seconds;
  for (int i = 0; i < std::min(tests_.repetitions, 3); ++i)
    seconds.push_back(run_once(request(random_tokens(tests_.long_prompt), 1)).stats.first_token_seconds);
  row_[Metric::first_token] = median_of(Unit::seconds, seconds, "");
}

void Runner::count_to_five() {
  on_step_("Count 1 to 5");
  ChatRequest chat;
  chat.messages = {message("user", "Count 1 to 5")};
  const Prompt prompt = engine_->render(chat);
  std::vector<double> cold, warm;
  for (int i = 0; i < tests_.repetitions; ++i) {
    const SequenceId sequence = engine_->open_sequence();
    cold.push_back(run(sequence, request(prompt.tokens, kCountTokens)).seconds);
    warm.push_back(run(sequence, request(prompt.tokens, kCountTokens)).seconds);
    engine_->close_sequence(sequence);
  }
  row_[Metric::latency_cold] = median_of(Unit::seconds, cold, "");
  row_[Metric::latency_warm] = median_of(Unit::seconds, warm, "");
}

void Runner::depth(std::int64_t tokens) {
  SpeedAt at;
  at.depth = tokens;
  if (tokens + tests_.prompt + 1 > room()) {
    at.prompt = at.generation = absent(strf("a context of %d tokens cannot hold it", room()));
    row_.depths.push_back(std::move(at));
    return;
  }
  on_step_(strf("speeds at depth %lld", static_cast<long long>(tokens)));
  const SequenceId sequence = engine_->open_sequence();
  const std::vector<TokenId> filler = random_tokens(tokens);
  run(sequence, request(filler, 1));
  std::vector<double> prompt, generation;
  for (int i = 0; i < tests_.repetitions; ++i) {
    std::vector<TokenId> more = filler;
    const std::vector<TokenId> tail = random_tokens(tests_.prompt);
    more.insert(more.end(), tail.begin(), tail.end());
    prompt.push_back(run(sequence, request(std::move(more), 1)).stats.prefill_rate());
    generation.push_back(
        run(sequence, request(filler, std::min(tests_.generated, tests_.prompt))).stats.decode_rate());
  }
  engine_->close_sequence(sequence);
  at.prompt = mean_of(Unit::tokens_per_second, prompt, "");
  at.generation = mean_of(Unit::tokens_per_second, generation, "");
  row_.depths.push_back(std::move(at));
}

void Runner::parallel(std::int64_t streams) {
  on_step_(strf("%lld streams", static_cast<long long>(streams)));
  std::vector<SequenceId> sequences;
  for (std::int64_t i = 0; i < streams; ++i) sequences.push_back(engine_->open_sequence());
  const Clock::time_point start = Clock::now();
  for (const SequenceId sequence : sequences)
    engine_->generate(sequence, request(random_tokens(32), tests_.generated));
  std::vector<double> first;
  double tokens = 0;
  while (first.size() < sequences.size()) {
    const Event event = next();
    if (const Finished* finished = std::get_if<Finished>(&event)) {
      first.push_back(finished->stats.first_token_seconds);
      tokens += finished->stats.generated_tokens;
    }
  }
  const double rate = tokens / std::max(seconds_since(start), 1e-9);
  for (const SequenceId sequence : sequences) engine_->close_sequence(sequence);
  ParallelAt at;
  at.streams = streams;
  at.total = measured(Unit::tokens_per_second, rate);
  at.per_stream = measured(Unit::tokens_per_second, rate / static_cast<double>(streams));
  at.first_token_median = measured(Unit::seconds, quantile(first, 0.5));
  at.first_token_p95 = measured(Unit::seconds, quantile(first, 0.95));
  row_.parallel.push_back(std::move(at));
}

void Runner::measure() {
  const Stats stats = engine_->stats();
  row_[Metric::peak_memory] =
      measured(Unit::bytes, static_cast<double>(stats.weight_bytes + stats.kv_bytes + stats.scratch_bytes));
  prompt_and_generation();
  first_token();
  count_to_five();
  for (const std::int64_t tokens : tests_.depths) depth(tokens);
  for (const std::int64_t streams : tests_.streams) parallel(streams);
}

}  // namespace

void measure_speed(Row& row, EngineSource& source, const EngineOptions& options, const SpeedTests& tests,
                   Signals& signals, const std::function<void(const std::string&)>& on_step) {
  EngineOptions settled = options;
  std::int64_t ctx = std::max({tests.prompt + 2, tests.generated + 64, tests.long_prompt + 2, 512});
  std::int64_t streams = 1;
  for (const std::int64_t depth : tests.depths) ctx = std::max(ctx, depth + tests.prompt + 2);
  for (const std::int64_t count : tests.streams) streams = std::max(streams, count);
  const std::int32_t trained = source
                                   .plan([&] {
                                     EngineOptions least = options;
                                     least.ctx = 1;
                                     return least;
                                   }())
                                   .trained_ctx;
  settled.ctx = static_cast<std::int32_t>(std::min<std::int64_t>(ctx, trained > 0 ? trained : ctx));
  settled.max_seqs = static_cast<std::int32_t>(streams);
  settled.kv_budget = std::max<std::int64_t>(settled.ctx, streams * (tests.generated + 128));
  Runner runner(row, tests, signals, on_step);
  runner.load(source, settled);
  runner.measure();
}

}  // namespace glim::app::report
