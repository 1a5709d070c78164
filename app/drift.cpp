#include "app/drift.h"

#include <nlohmann/json.hpp>

#include "app/measure_job.h"
#include "app/progress_line.h"
#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/gguf/figures.h"
#include "engine/measure/drift.h"
#include "engine/model_source.h"
#include "engine/quantize/file_type.h"
#include "ui/numbers.h"

namespace glim::app {
namespace {

using Report = nlohmann::ordered_json;

struct Measured {
  std::string name;
  std::uint64_t bytes = 0;
  double bits = 0;  ///< per weight
  Drift drift;
};

Report json_of(const Measured& m) {
  const Drift& d = m.drift;
  return Report{{"model", m.name},
                {"bytes", m.bytes},
                {"bits_per_weight", m.bits},
                {"tokens", d.tokens},
                {"kld",
                 {{"mean", d.mean},
                  {"error", d.mean_error},
                  {"median", d.median},
                  {"p99", d.percentile_99},
                  {"max", d.largest}}},
                {"top1", {{"agreement", d.agreement}, {"error", d.agreement_error}}},
                {"perplexity", d.perplexity},
                {"base_perplexity", d.base_perplexity}};
}

std::string table(const std::vector<Measured>& rows, const std::string& base) {
  const Drift& first = rows.front().drift;
  std::string out = strf("%lld tokens against %s, perplexity %.5g\n\n", static_cast<long long>(first.tokens),
                         printable(base).c_str(), first.base_perplexity);
  out += strf("%-40s %9s %6s %21s %9s %9s %15s %10s\n", "file", "MB", "bits", "KL divergence, nats", "median",
              "99 %", "same top token", "perplexity");
  for (const Measured& m : rows) {
    const Drift& d = m.drift;
    out += strf("%-40s %9.2f %6.2f %11.6f +- %6.6f %9.6f %9.5f %7.2f +- %4.2f %9.4f\n",
                printable(m.name).c_str(), static_cast<double>(m.bytes) / 1e6, m.bits, d.mean, d.mean_error,
                d.median, d.percentile_99, 100 * d.agreement, 100 * d.agreement_error,
                d.perplexity / d.base_perplexity);
  }
  return out + "\nperplexity: times that of the first\n";
}

}  // namespace

int debug_drift(const ToolJob& job) {
  const ToolArguments& arguments = job.arguments;
  require_flag(arguments.model, "debug drift", "-m", "name the model to measure: -m FILE.gguf");
  require_flag(arguments.against, "debug drift", "--against", "name its base: --against FILE.gguf");
  require_flag(arguments.text_file, "debug drift", "-f", "name the text: -f FILE");
  std::vector<std::string> names = arguments.words;
  names.insert(names.begin(), arguments.model);
  DriftJob work{measured_options(job, arguments.against),
                {},
                read_measured_text(job),
                measured_name(job),
                chunk_rules(job)};
  for (const std::string& name : names) {
    work.models.push_back(measured_options(job, name));
    work.models.back().kv_type = quant_type_named(arguments.kv_type, "--kv-type");
  }
  for (const EngineOptions& options : work.models)
    if (const std::string note = noise_note(*open_model(options.model)); !note.empty())
      say(job.console, note);
  StopOnSignal stop(job.signals);
  std::vector<Drift> drifts;
  {
    ProgressLine progress(job.console, "drift");
    const auto show = [&](std::int32_t done, std::int32_t total) {
      progress.show(strf("chunk %d of %d", done, total), done == total);
    };
    try {
      drifts = measure_drift(work, {[&] { return stop.go_on(); }, show});
    } catch (const Error& error) {
      if (error.code() != ErrorCode::E901 || stop.status() == 0) throw;
    }
  }
  if (stop.status() != 0) return stop.status();
  std::vector<Measured> rows;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const std::unique_ptr<GgufFile> file = open_model(work.models[i].model);
    rows.push_back({names[i], file->file_bytes(), figures(*file).bits_per_weight(), drifts[i]});
  }
  if (!arguments.json) {
    write_out(job.console, table(rows, arguments.against));
    return 0;
  }
  Report models = Report::array();
  for (const Measured& row : rows) models.push_back(json_of(row));
  write_out(job.console,
            Report{{"against", arguments.against}, {"models", std::move(models)}}.dump(2) + "\n");
  return 0;
}

}  // namespace glim::app
