#include "app/bench/latency.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>

#include "app/one_shot.h"
#include "app/requests.h"
#include "app/store/measurement_json.h"
#include "app/store/provenance.h"
#include "app/store/result_store.h"
#include "app/text_table.h"
#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/model_source.h"

namespace glim::app {
namespace {

using Ordered = nlohmann::ordered_json;

constexpr std::int32_t kPromptTokens = 2048, kReplyTokens = 10, kRoom = 64;

/// One answer as its reader sees it.
struct Timing {
  double first = 0, total = 0;  ///< seconds
  GenerationStats stats;
};

/// What one of the tables' rows is about.
struct Series {
  std::string name;
  std::vector<double> first, total;
  std::int32_t prompt = 0, reused = 0, generated = 0;

  void add(const Timing& timing) {
    first.push_back(timing.first);
    total.push_back(timing.total);
    prompt = timing.stats.prompt_tokens;
    reused = timing.stats.reused_tokens;
    generated = timing.stats.generated_tokens;
  }
};

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

std::string seconds_text(const std::vector<double>& values) {
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  return strf("%.3f (%.3f - %.3f)", median(values), *low, *high);
}

class Latency {
 public:
  Latency(const Job& job, const BenchPlan& plan) : job_(job), plan_(plan), waiter_(&job.signals, {}) {}

  /// The exit status of a signal, or 0.
  int run(const std::string& name, const BenchSettings& settings) {
    EngineOptions options = bench_options(job_.arguments.bench, settings, name, job_.places);
    const std::int32_t trained = job_.source.plan(options).trained_ctx;
    options.ctx = std::min(trained, kPromptTokens + kRoom);
    std::vector<Series> series;
    try {
      engine_ = open_and_wait(job_.source, options, waiter_);
      profile_ = make_profile("", {}, engine_->card().sampling);
      series = measure(std::clamp(options.ctx - kRoom, 16, kPromptTokens));
    } catch (const LoadInterrupted& interrupted) {
      return interrupted.status;
    }
    report(name, settings, series);
    const std::unique_ptr<GgufFile> file = open_model(options.model);
    keep(provenance("bench", name, file.get()), settings, series);
    return status_;
  }

  /// After the last run.
  void finish() {
    if (job_.arguments.bench.output == "json") write_out(job_.console, dump_json(list_, 2) + "\n");
  }

 private:
  /// Those that are complete; fewer when a signal came.
  std::vector<Series> measure(std::int32_t length) {
    const Prompt count = prompt_of("Count 1 to 5");
    const Prompt text = text_prompt(length);
    std::vector<Series> out;
    const auto run = [&](std::string name, const Prompt& prompt, std::int32_t tokens, bool warm) {
      if (status_ != 0) return;
      Series series;
      series.name = std::move(name);
      SequenceId held = engine_->open_sequence();
      if (warm) generate(held, prompt, tokens);
      for (std::int32_t i = 0; i < plan_.rules.repetitions && status_ == 0; ++i) {
        if (!warm) {
          engine_->close_sequence(held);
          held = engine_->open_sequence();
        }
        const Timing timing = generate(held, prompt, tokens);
        if (status_ == 0) series.add(timing);
      }
      engine_->close_sequence(held);
      if (status_ == 0) out.push_back(std::move(series));
    };
    if (plan_.rules.warm_up) {
      const SequenceId sequence = engine_->open_sequence();
      generate(sequence, count, kReplyTokens);
      engine_->close_sequence(sequence);
    }
    run(strf("first token of a %d-token prompt", length), text, 1, false);
    run("\"Count 1 to 5\", 10 tokens, cold", count, kReplyTokens, false);
    run("\"Count 1 to 5\", 10 tokens, warm", count, kReplyTokens, true);
    return out;
  }

  Timing generate(SequenceId sequence, const Prompt& prompt, std::int32_t tokens) {
    using Clock = std::chrono::steady_clock;
    Request request = request_for(profile_, prompt);
    request.max_tokens = tokens;
    request.ignore_eos = true;
    const auto began = Clock::now();
    const auto passed = [&] { return std::chrono::duration<double>(Clock::now() - began).count(); };
    engine_->generate(sequence, std::move(request));
    Timing out;
    for (;;) {
      const auto next = waiter_.next(*engine_);
      if (const auto* interrupted = std::get_if<EventWaiter::Interrupted>(&next)) {
        status_ = interrupted->status;
        engine_->cancel(sequence);
        continue;
      }
      const Event& event = std::get<Event>(next);
      if (const auto* failed = std::get_if<Failed>(&event))
        throw Error(failed->code, failed->message, failed->help);
      if (std::holds_alternative<Piece>(event) && out.first == 0) out.first = passed();
      if (const auto* finished = std::get_if<Finished>(&event)) {
        out.total = passed();
        // A first token whose text is held back shows with the end.
        if (out.first == 0) out.first = out.total;
        out.stats = finished->stats;
        return out;
      }
    }
  }

  Prompt prompt_of(const std::string& text) const {
    ChatRequest request = request_settings(profile_);
    request.messages.push_back(message("user", text));
    return engine_->render(request);
  }

  /// A prompt of exactly `length` tokens where the vocabulary allows, else of a few less.
  Prompt text_prompt(std::int32_t length) const {
    const auto words = [](std::int32_t count) {
      static constexpr std::array kWords = {"the", "river", "runs", "past", "a", "small", "town", "and"};
      std::string out;
      for (std::int32_t i = 0; i < count; ++i)
        out += (i == 0 ? "" : " ") + std::string(kWords[static_cast<std::size_t>(i) % kWords.size()]);
      return out;
    };
    std::int32_t low = 0, high = length;
    while (low < high) {
      const std::int32_t middle = (low + high + 1) / 2;
      if (std::ssize(prompt_of(words(middle)).tokens) <= length)
        low = middle;
      else
        high = middle - 1;
    }
    return prompt_of(words(low));
  }

  void report(const std::string& name, const BenchSettings& settings, const std::vector<Series>& series) {
    const std::string& format = job_.arguments.bench.output;
    if (format != "md") {
      Ordered json = json_of(name, settings, series);
      if (format == "jsonl")
        write_out(job_.console, dump_json(json, -1) + "\n");
      else
        list_.push_back(std::move(json));
      return;
    }
    TextTable table({{"seconds, median (range)"},
                     {"tokens", true},
                     {"from cache", true},
                     {"first token", true},
                     {"all", true}});
    for (const Series& one : series)
      table.add({one.name, strf("%d + %d", one.prompt, one.generated), std::to_string(one.reused),
                 seconds_text(one.first), seconds_text(one.total)});
    std::string text = printable(name) + strf(", %d threads\n\n", settings.threads) + table.markdown();
    if (status_ != 0) text += "\ninterrupted: the rows above are finished\n";
    write_out(job_.console, text + "\n");
  }

  Ordered json_of(const std::string& name, const BenchSettings& settings,
                  const std::vector<Series>& series) const {
    Ordered rows = Ordered::array();
    for (const Series& one : series)
      rows.push_back({{"test", one.name},
                      {"prompt_tokens", one.prompt},
                      {"reused_tokens", one.reused},
                      {"generated_tokens", one.generated},
                      {"first_token_median", median(one.first)},
                      {"first_token_seconds", one.first},
                      {"total_median", median(one.total)},
                      {"total_seconds", one.total}});
    Ordered out = {{"model", name},
                   {"n_threads", settings.threads},
                   {"n_ubatch", settings.ubatch},
                   {"type_k", quant(settings.kv_type).name},
                   {"rows", rows}};
    if (status_ != 0) out["partial"] = true;
    return out;
  }

  void keep(Measurement kept, const BenchSettings& settings, const std::vector<Series>& series) const {
    if (series.empty()) return;
    const auto half_range = [](const std::vector<double>& values) {
      const auto [low, high] = std::minmax_element(values.begin(), values.end());
      return (*high - *low) / 2;
    };
    for (const Series& one : series)
      kept.figures.push_back({.name = one.name,
                              .value = median(one.total),
                              .unit = "s",
                              .spread = half_range(one.total),
                              .better = Figure::Better::lower});
    kept.threads = settings.threads;
    kept.settings = {{"type_k", quant(settings.kv_type).name},
                     {"n_ubatch", settings.ubatch},
                     {"repetitions", plan_.rules.repetitions}};
    kept.result["latency"] = json_of(kept.model, settings, series);
    record(job_.paths, job_.console, kept);
  }

  const Job& job_;
  const BenchPlan& plan_;
  EventWaiter waiter_;
  std::unique_ptr<Engine> engine_;
  Profile profile_;
  Ordered list_ = Ordered::array();
  int status_ = 0;
};

}  // namespace

int bench_latency(const Job& job, const BenchPlan& plan) {
  Latency latency(job, plan);
  int status = 0;
  for (const std::string& model : plan.models)
    for (const BenchSettings& settings : plan.settings)
      if (status == 0) status = latency.run(model, settings);
  latency.finish();
  return status;
}

}  // namespace glim::app
