#include "app/bench/bench.h"

#include <algorithm>

#include "app/bench/bench_gate.h"
#include "app/bench/bench_rows.h"
#include "app/bench/latency.h"
#include "app/bench/parallel.h"
#include "app/measure_job.h"
#include "app/progress_line.h"
#include "app/store/provenance.h"
#include "app/store/result_store.h"
#include "app/text_table.h"
#include "engine/backends.h"
#include "engine/base/error.h"
#include "engine/base/memory_info.h"
#include "engine/base/text.h"
#include "engine/gguf/figures.h"
#include "engine/measure/read_bandwidth.h"
#include "engine/model_source.h"

namespace glim::app {
namespace {

constexpr std::uint64_t kLargest = std::uint64_t{512} << 20;  ///< far beyond any cache

/// "deepseek2 10.57M Q8_0": architecture, weights, file type.
std::string model_type(const GgufFile& file, const ModelConfig& config) {
  const auto count = static_cast<double>(figures(file).parameters);
  const std::string size = count >= 1e9 ? strf("%.1fB", count / 1e9) : strf("%.2fM", count / 1e6);
  return config.architecture + " " + size + " " + quant_name(file);
}

class Bench {
 public:
  Bench(const Job& job, const BenchPlan& plan)
      : job_(job), plan_(plan), stop_(job.signals), writer_(make_bench_writer(output(), job.console, plan)) {}

  int run() {
    writer_->begin();
    try {
      run_all();
    } catch (const Error&) {
      writer_->end(plan_.rows());
      throw;
    }
    writer_->end(plan_.rows());
    return stop_.status();
  }

  const std::vector<BenchRow>& rows() const { return rows_; }

 private:
  const std::string& output() const { return job_.arguments.bench.output; }

  void run_all() {
    for (const std::string& model : plan_.models) {
      for (const BenchSettings& settings : plan_.settings)
        if (!run_settings(model, settings)) return;
      loaded_.reset();
    }
  }

  /// All tests of one combination; false when a signal came. What is finished is kept either way.
  bool run_settings(const std::string& name, const BenchSettings& settings) {
    try {
      load(name, settings);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::E901 || stop_.status() == 0) throw;
      return false;
    }
    Measurement kept = provenance("bench", name, &loaded_->file());
    BenchRules rules = plan_.rules;
    rules.batch = settings.batch;
    rules.kv_type = settings.kv_type;
    bool whole = true;
    for (const BenchTest& test : plan_.tests) {
      const std::optional<BenchResult> result = run_test(name, test, rules);
      whole = result.has_value();
      if (!whole) break;
      rows_.push_back(row_of(name, settings, *result));
      writer_->row(rows_.back());
      kept.figures.push_back(figure_of(rows_.back()));
      kept.result["rows"].push_back(json_of(rows_.back()));
    }
    keep(std::move(kept), settings, whole);
    return whole;
  }

  /// Its progress has gone from the screen before its row is printed.
  std::optional<BenchResult> run_test(const std::string& name, const BenchTest& test,
                                      const BenchRules& rules) {
    const std::string what = strf("%zu of %zu: %s %s", rows_.size() + 1, plan_.rows(),
                                  printable(name).c_str(), test.name().c_str());
    if (job_.arguments.bench.progress && !job_.console.err_is_terminal) say(job_.console, "test " + what);
    ProgressLine progress(job_.console, "test");
    return loaded_->run(test, rules, [&] {
      progress.show(what, false);
      return stop_.go_on();
    });
  }

  /// Another KV type or batch needs no other weights.
  void load(const std::string& name, const BenchSettings& settings) {
    const EngineOptions options = bench_options(job_.arguments.bench, settings, name, job_.places);
    const bool same = loaded_ != nullptr && options_.model == options.model &&
                      options_.threads == options.threads && options_.batch == options.batch;
    if (same) return;
    loaded_.reset();
    options_ = options;
    ProgressLine progress(job_.console, "loading");
    loaded_ = std::make_unique<BenchModel>(options, [&] {
      progress.show(printable(name), false);
      return stop_.go_on();
    });
    limit_ = limits_.of(loaded_->weight_bytes(), settings.threads);
  }

  BenchRow row_of(const std::string& name, const BenchSettings& settings, const BenchResult& result) const {
    BenchRow row;
    row.model = name;
    row.file = options_.model;
    row.model_type = model_type(loaded_->file(), loaded_->config());
    const ModelFigures numbers = figures(loaded_->file());
    row.model_size = numbers.tensor_bytes;
    row.parameters = numbers.parameters;
    row.backend = loaded_->backend().name();
    std::transform(row.backend.begin(), row.backend.end(), row.backend.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    row.settings = settings;
    row.result = result;
    row.limit = limit_;
    row.noise = !noise_note(loaded_->file()).empty();
    return row;
  }

  void keep(Measurement kept, const BenchSettings& settings, bool whole) {
    if (kept.figures.empty()) return;
    kept.threads = settings.threads;
    kept.settings = {{"backend", loaded_->backend().name()},
                     {"type_k", quant(settings.kv_type).name},
                     {"n_batch", settings.batch},
                     {"n_ubatch", settings.ubatch},
                     {"n_gpu_layers", settings.placement.gpu_layers},
                     {"n_cpu_moe", settings.placement.cpu_moe_layers},
                     {"no_kv_offload", settings.placement.host_cache},
                     {"repetitions", plan_.rules.repetitions},
                     {"warm_up", plan_.rules.warm_up}};
    kept.result["load_seconds"] = loaded_->load_seconds();
    kept.result["weights_are_noise"] = rows_.back().noise;
    if (!whole) kept.result["partial"] = true;
    record(job_.paths, job_.console, kept);
  }

  const Job& job_;
  const BenchPlan& plan_;
  StopOnSignal stop_;
  std::unique_ptr<BenchWriter> writer_;
  EngineOptions options_;
  std::unique_ptr<BenchModel> loaded_;
  ReadLimits limits_;
  double limit_ = 0;
  std::vector<BenchRow> rows_;
};

int self_test(const Job& job, const BenchPlan& plan) {
  std::vector<std::int32_t> threads = {1};
  for (const BenchSettings& settings : plan.settings)
    if (std::find(threads.begin(), threads.end(), settings.threads) == threads.end())
      threads.push_back(settings.threads);
  std::vector<TextTable::Column> columns = {{"memory read", true}};
  for (const std::int32_t count : threads) columns.push_back({strf("%d threads", count), true});
  TextTable table(columns);
  auto json = nlohmann::ordered_json::array();
  ReadLimits limits;
  for (const std::uint64_t megabytes : {1, 4, 16, 64, 512}) {
    std::vector<std::string> cells = {strf("%d MiB", static_cast<int>(megabytes))};
    for (const std::int32_t count : threads) {
      const double rate = limits.of(megabytes << 20, count);
      cells.push_back(strf("%.1f GB/s", rate / 1e9));
      json.push_back({{"bytes", megabytes << 20}, {"threads", count}, {"gb_per_s", rate / 1e9}});
    }
    table.add(std::move(cells));
  }
  const bool as_json = job.arguments.bench.output == "json";
  write_out(job.console, as_json ? json.dump(2) + "\n" : table.markdown());
  return 0;
}

int gate(const Job& job, const std::vector<EarlierRow>& before, const std::vector<BenchRow>& rows) {
  const double allowed = slowdown_from(job.arguments.bench.max_slowdown);
  const std::vector<GateFinding> findings = judge(before, rows, allowed);
  for (const GateFinding& finding : findings) say(job.console, words_of(finding, allowed));
  if (!before.empty() && before.front().processor != processor_name() && !before.front().processor.empty())
    say(job.console, "the earlier rows are of another processor: " + printable(before.front().processor));
  if (passes(findings)) return 0;
  const bool slower = std::any_of(findings.begin(), findings.end(), [](const GateFinding& finding) {
    return finding.verdict == GateFinding::Verdict::slower;
  });
  say(job.console, slower ? "GLIM-E801: gate: failed" : "GLIM-E801: gate: failed, no row is in both runs");
  return exit_status(ErrorCode::E801);
}

}  // namespace

double ReadLimits::of(std::uint64_t bytes, std::int32_t threads) {
  std::uint64_t size = std::clamp<std::uint64_t>(bytes, 1 << 20, kLargest);
  const std::uint64_t free = memory_info().available;
  if (free > 0 && size > free / 2) return 0;
  const auto [found, fresh] = known_.try_emplace({size, threads}, 0.0);
  if (fresh) {
    ThreadPool pool(threads);
    found->second = read_bandwidth(pool, size);
  }
  return found->second;
}

int bench(const Job& job) {
  const BenchArguments& arguments = job.arguments.bench;
  const BenchPlan plan = make_bench_plan(arguments, job.places);
  if (!arguments.ignored.empty()) say(job.console, "-ngl, -fa and -ctv of llama-bench change nothing here");
  if (arguments.self_test) return self_test(job, plan);
  const bool special = !arguments.parallel.empty() || arguments.latency;
  if (!arguments.against.empty() && special)
    throw Error(ErrorCode::E501,
                "--against compares the rows of plain tests; leave --parallel and --latency out");
  if (special && arguments.output != "md" && arguments.output != "json" && arguments.output != "jsonl")
    throw Error(ErrorCode::E501,
                "--parallel and --latency are written as md, json or jsonl, not " + arguments.output);
  if (arguments.latency) return bench_latency(job, plan);
  if (!arguments.parallel.empty()) return bench_parallel(job, plan);
  std::vector<EarlierRow> before;
  if (!arguments.against.empty()) {
    before = read_earlier_rows(expand_path(arguments.against));
    slowdown_from(arguments.max_slowdown);
  }
  Bench run(job, plan);
  const int status = run.run();
  if (status != 0 || before.empty()) return status;
  return gate(job, before, run.rows());
}

}  // namespace glim::app
