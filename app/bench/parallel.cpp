#include "app/bench/parallel.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <memory>

#include "app/bench/bench.h"
#include "app/bench/number_list.h"
#include "app/measure_job.h"
#include "app/store/measurement_json.h"
#include "app/store/provenance.h"
#include "app/store/result_store.h"
#include "engine/base/error.h"
#include "engine/base/memory_info.h"
#include "engine/base/text.h"
#include "engine/model_source.h"

namespace glim::app {
namespace {

using Ordered = nlohmann::ordered_json;

constexpr std::int32_t kMostSequences = 4096;

/// Tokens of "131072", or as many as fit into "4G", "500M".
std::int64_t budget_from(const std::string& text, std::uint64_t token) {
  double value = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const std::string unit(rest, text.data() + text.size());
  constexpr std::string_view kUnits = "KMG";
  const std::size_t power = unit.empty() ? kUnits.npos : kUnits.find(unit[0]);
  const bool known = unit.empty() || (power != kUnits.npos && (unit.size() == 1 || unit.substr(1) == "iB"));
  if (error != std::errc() || !known || !(value >= 1 && value < 1e15))
    throw Error(ErrorCode::E501,
                "--kv-budget " + printable(text) + ": write tokens such as 131072, or a size such as 4G");
  if (unit.empty()) return static_cast<std::int64_t>(value);
  const double bytes = value * std::pow(1024.0, static_cast<double>(power + 1));
  return static_cast<std::int64_t>(bytes / static_cast<double>(std::max<std::uint64_t>(token, 1)));
}

double percentile(std::vector<double> values, double share) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const double at = share * static_cast<double>(values.size() - 1);
  return values[static_cast<std::size_t>(std::lround(at))];
}

double rate(double tokens, double seconds) {
  return seconds > 0 ? tokens / seconds : 0;
}

/// One line of the table: the results of the repetitions, or why there are none.
struct ParallelRow {
  ParallelTest test;
  std::vector<ParallelResult> results;
  std::string refusal;
  double limit = 0;

  double prompt_tokens() const { return test.prompt * (test.shared_prompt ? 1.0 : test.sequences); }
  double generated() const { return static_cast<double>(test.generate) * test.sequences; }

  template <typename Value>
  std::vector<double> of_each(const Value& value) const {
    std::vector<double> out;
    for (const ParallelResult& result : results) out.push_back(value(result));
    return out;
  }
  std::vector<double> prompt_rates() const {
    return of_each([&](const ParallelResult& r) { return rate(prompt_tokens(), r.prompt_seconds); });
  }
  std::vector<double> generate_rates() const {
    return of_each([&](const ParallelResult& r) { return rate(generated(), r.generate_seconds); });
  }
  std::vector<double> total_rates() const {
    return of_each([&](const ParallelResult& r) {
      return rate(prompt_tokens() + generated(), r.prompt_seconds + r.generate_seconds);
    });
  }
  double prompt_seconds() const {
    return spread_of(of_each([](const ParallelResult& r) { return r.prompt_seconds; })).mean;
  }
  double generate_seconds() const {
    return spread_of(of_each([](const ParallelResult& r) { return r.generate_seconds; })).mean;
  }
  double seconds() const { return prompt_seconds() + generate_seconds(); }
  double bytes_per_token() const {
    return spread_of(of_each([](const ParallelResult& r) { return r.traffic.bytes(); })).mean;
  }
  double of_limit() const {
    return limit > 0 ? bytes_per_token() * spread_of(generate_rates()).mean / limit : 0;
  }
  /// Of all sequences of all repetitions.
  std::vector<double> first_tokens() const {
    std::vector<double> out;
    for (const ParallelResult& result : results)
      out.insert(out.end(), result.first_token_seconds.begin(), result.first_token_seconds.end());
    return out;
  }
};

Ordered json_of(const ParallelRow& row, const std::string& model, const BenchSettings& settings) {
  Ordered out = {{"model", model},
                 {"n_batch", settings.batch},
                 {"n_ubatch", settings.ubatch},
                 {"is_pp_shared", row.test.shared_prompt ? 1 : 0},
                 {"n_threads", settings.threads},
                 {"type_k", quant(settings.kv_type).name},
                 {"pp", row.test.prompt},
                 {"tg", row.test.generate},
                 {"pl", row.test.sequences},
                 {"n_kv", row.test.kv_tokens()}};
  if (row.results.empty()) {
    out["skipped"] = row.refusal;
    return out;
  }
  const std::vector<double> first = row.first_tokens();
  const Spread prompt = spread_of(row.prompt_rates()), generate = spread_of(row.generate_rates()),
               total = spread_of(row.total_rates());
  out.update({{"repetitions", row.results.size()},
              {"t_pp", row.prompt_seconds()},
              {"speed_pp", prompt.mean},
              {"t_tg", row.generate_seconds()},
              {"speed_tg", generate.mean},
              {"t", row.seconds()},
              {"speed", total.mean},
              {"stddev_speed_pp", prompt.deviation},
              {"stddev_speed_tg", generate.deviation},
              {"stddev_speed", total.deviation},
              {"samples_speed_tg", row.generate_rates()},
              {"speed_tg_each", generate.mean / row.test.sequences},
              {"bytes_per_token", row.bytes_per_token()},
              {"of_limit", row.limit > 0 ? Ordered(row.of_limit()) : Ordered()},
              {"first_token_p50", percentile(first, 0.5)},
              {"first_token_p95", percentile(first, 0.95)}});
  return out;
}

std::string table_head() {
  return "|    PP |     TG |    B |   N_KV |   T_PP s |         S_PP t/s |   T_TG s |         S_TG t/s |     "
         " "
         "T s |            S t/s | each t/s | of limit | TTFT p50 | TTFT p95 |\n"
         "|------:|-------:|-----:|-------:|---------:|-----------------:|---------:|-----------------:|-----"
         "-"
         "---:|-----------------:|---------:|---------:|---------:|---------:|\n";
}

std::string table_line(const ParallelRow& row) {
  const std::string head = strf("| %5d | %6d | %4d | %6lld |", row.test.prompt, row.test.generate,
                                row.test.sequences, static_cast<long long>(row.test.kv_tokens()));
  if (row.results.empty()) return head + " not run: " + row.refusal + " |\n";
  const std::vector<double> first = row.first_tokens();
  const auto rates = [](const std::vector<double>& values) {
    const Spread spread = spread_of(values);
    return strf("%8.2f \u00b1 %5.2f", spread.mean, spread.deviation);
  };
  std::string out = head + strf(" %8.3f | ", row.prompt_seconds()) + rates(row.prompt_rates()) +
                    strf(" | %8.3f | ", row.generate_seconds()) + rates(row.generate_rates()) +
                    strf(" | %8.3f | ", row.seconds()) + rates(row.total_rates()) +
                    strf(" | %8.2f |", spread_of(row.generate_rates()).mean / row.test.sequences);
  out += row.limit > 0 ? strf(" %6.0f %% |", 100 * row.of_limit()) : "        - |";
  return out + strf(" %8.3f | %8.3f |\n", percentile(first, 0.5), percentile(first, 0.95));
}

/// The sweep over all models and settings.
class Sweep {
 public:
  Sweep(const Job& job, const BenchPlan& plan) : job_(job), plan_(plan), stop_(job.signals) {
    const BenchArguments& a = job.arguments.bench;
    const auto prompts = numbers_from(a.prompts, {"--n-prompt", 0, 1 << 20});
    const auto generates = numbers_from(a.generates, {"--n-gen", 0, 1 << 20});
    for (const std::int32_t prompt : prompts.empty() ? std::vector{512} : prompts)
      for (const std::int32_t generate : generates.empty() ? std::vector{128} : generates)
        for (const std::int32_t count : numbers_from(a.parallel, {"--parallel", 1, kMostSequences})) {
          if (prompt < 1)
            throw Error(ErrorCode::E501, "--parallel needs prompts of at least one token; use -p 1 or more");
          tests_.push_back({count, prompt, generate, a.shared_prompt});
        }
  }

  int run() {
    const std::string& format = job_.arguments.bench.output;
    if (format == "json") write_out(job_.console, "[\n");
    bool whole = false;
    try {
      whole = run_all();
    } catch (const Error&) {
      end(false);
      throw;
    }
    end(whole);
    return whole ? 0 : stop_.status();
  }

 private:
  bool run_all() {
    for (const std::string& model : plan_.models)
      for (const BenchSettings& settings : plan_.settings)
        if (!run_one(model, settings)) return false;
    return true;
  }

  void end(bool whole) {
    const std::string& format = job_.arguments.bench.output;
    if (!whole && format == "md") write_out(job_.console, "\ninterrupted: the rows above are finished\n");
    if (!whole && format != "md") element({{"partial", true}});
    if (format == "json") write_out(job_.console, first_ ? "]\n" : "\n]\n");
  }

  bool run_one(const std::string& name, const BenchSettings& settings) {
    const auto go_on = [this] { return stop_.go_on(); };
    std::unique_ptr<BenchModel> model;
    try {
      model = std::make_unique<BenchModel>(bench_options(job_.arguments.bench, settings, name, job_.places),
                                           go_on);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::E901 || stop_.status() == 0) throw;
      return false;
    }
    const double limit = limits_.of(model->weight_bytes(), settings.threads);
    const std::string note = noise_note(model->file());
    if (job_.arguments.bench.output == "md")
      write_out(job_.console, strf("\n%s, %d threads, KV %s%s%s\n\n", printable(name).c_str(),
                                   settings.threads, std::string(quant(settings.kv_type).name).c_str(),
                                   note.empty() ? "" : "; ", note.c_str()) +
                                  table_head());
    Measurement kept = provenance("bench", name, &model->file());
    bool whole = true;
    for (const ParallelTest& test : tests_) {
      ParallelRow row = run_row(*model, settings, test, go_on);
      row.limit = limit;
      if (row.results.empty() && row.refusal.empty()) {
        whole = false;
        break;
      }
      if (job_.arguments.bench.output == "md")
        write_out(job_.console, table_line(row));
      else
        element(json_of(row, name, settings));
      kept.result["parallel"].push_back(json_of(row, name, settings));
      if (row.results.empty() || test.generate == 0) continue;
      const Spread generated = spread_of(row.generate_rates());
      kept.figures.push_back({.name = strf("tg%d x%d", test.generate, test.sequences),
                              .value = generated.mean,
                              .unit = "t/s",
                              .spread = generated.deviation});
    }
    kept.threads = settings.threads;
    kept.settings = {{"backend", model->backend().name()},
                     {"type_k", quant(settings.kv_type).name},
                     {"n_batch", settings.batch},
                     {"n_ubatch", settings.ubatch},
                     {"repetitions", plan_.rules.repetitions}};
    if (!whole) kept.result["partial"] = true;
    if (!kept.figures.empty()) record(job_.paths, job_.console, kept);
    return whole;
  }

  /// Without results and without a refusal when a signal came.
  ParallelRow run_row(BenchModel& model, const BenchSettings& settings, const ParallelTest& test,
                      const BenchModel::GoOn& go_on) {
    BenchRules rules = plan_.rules;
    rules.batch = settings.batch;
    rules.kv_type = settings.kv_type;
    ParallelRow row{test, {}, {}, 0};
    const std::uint64_t token = kv_bytes_per_token(model.config(), settings.kv_type);
    row.refusal = parallel_refusal(test, job_.arguments.bench, token);
    if (!row.refusal.empty()) return row;
    try {
      for (std::int32_t i = 0; i < rules.repetitions; ++i) {
        std::optional<ParallelResult> result = model.run_parallel(test, rules, go_on);
        // A row is whole or is not there.
        if (!result) return {test, {}, {}, 0};
        row.results.push_back(std::move(*result));
        rules.warm_up = false;
      }
    } catch (const Error& error) {
      if (error.code() != ErrorCode::E201 && error.code() != ErrorCode::E603) throw;
      row.refusal = error.what();
    }
    return row;
  }

  void element(const Ordered& json) {
    const bool lines = job_.arguments.bench.output == "jsonl";
    write_out(job_.console, lines ? dump_json(json, -1) + "\n" : (first_ ? "" : ",\n") + dump_json(json, 2));
    first_ = false;
  }

  const Job& job_;
  const BenchPlan& plan_;
  StopOnSignal stop_;
  ReadLimits limits_;
  std::vector<ParallelTest> tests_;
  bool first_ = true;
};

}  // namespace

std::string parallel_refusal(const ParallelTest& test, const BenchArguments& arguments, std::uint64_t token) {
  const auto tokens = static_cast<long long>(test.kv_tokens());
  const double bytes = static_cast<double>(token) * static_cast<double>(tokens);
  if (arguments.max_seqs > 0 && test.sequences > arguments.max_seqs)
    return strf("needs --max-seqs %d, it is %d", test.sequences, arguments.max_seqs);
  if (arguments.ctx > 0 && std::int64_t{test.prompt} + test.generate > arguments.ctx)
    return strf("needs -c %d, it is %d", test.prompt + test.generate, arguments.ctx);
  if (!arguments.kv_budget.empty()) {
    const auto budget = static_cast<long long>(budget_from(arguments.kv_budget, token));
    if (tokens > budget)
      return strf("needs %lld tokens of KV cache (%.2f GB), --kv-budget holds %lld", tokens, bytes / 1e9,
                  budget);
  }
  const std::uint64_t free = memory_info().available;
  if (free > 0 && bytes > static_cast<double>(free))
    return strf("needs %.2f GB for the KV cache, %.2f GB are free", bytes / 1e9,
                static_cast<double>(free) / 1e9);
  return {};
}

int bench_parallel(const Job& job, const BenchPlan& plan) {
  const BenchArguments& a = job.arguments.bench;
  if (a.max_seqs < 0 || a.ctx < 0)
    throw Error(ErrorCode::E501, "--max-seqs and -c must be 1 or more, or 0 for no limit");
  if (!a.kv_budget.empty()) budget_from(a.kv_budget, 1);
  return Sweep(job, plan).run();
}

}  // namespace glim::app
