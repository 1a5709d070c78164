#include "app/imatrix.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <functional>
#include <limits>
#include <numeric>

#include "app/measure_job.h"
#include "app/progress_line.h"
#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/measure/importance_run.h"
#include "engine/quantize/imatrix_file.h"
#include "ui/numbers.h"

namespace glim::app {
namespace {

namespace fs = std::filesystem;

/// How the importance of a weight's channels is spread.
struct Spread {
  double mean = 0, peak = 0;  ///< mean square of an activation; the largest channel over the mean one
  double top = 0;             ///< share of the largest 1 % of the channels
  double used = 0;            ///< channels that would hold as much if all were alike, as a share of them
};

Spread spread_of(std::vector<float> values) {
  Spread out;
  const double sum = std::accumulate(values.begin(), values.end(), 0.0);
  const auto count = static_cast<double>(values.size());
  out.mean = sum / count;
  if (sum <= 0) return out;
  std::sort(values.begin(), values.end(), std::greater<>());
  out.peak = static_cast<double>(values.front()) / out.mean;
  const auto top = static_cast<std::ptrdiff_t>(std::ceil(count / 100));
  out.top = std::accumulate(values.begin(), values.begin() + top, 0.0) / sum;
  double entropy = 0;
  for (const float value : values) {
    const double share = static_cast<double>(value) / sum;
    if (share > 0) entropy -= share * std::log(share);
  }
  out.used = std::exp(entropy) / count;
  return out;
}

void print_statistics(const ActivationSums& sums, Console& console) {
  const ImportanceMatrix matrix = sums.importance();
  std::string out = strf("%-32s %9s %12s %12s %11s %9s %7s %7s\n", "tensor", "channels", "fewest rows",
                         "most rows", "mean square", "peak/mean", "top 1%", "used");
  for (const auto& [name, entry] : sums.entries) {
    const Spread spread = spread_of(matrix.values.at(name));
    const auto [least, most] = std::minmax_element(entry.counts.begin(), entry.counts.end());
    out += strf("%-32s %9zu %12.0f %12.0f %11.4g %9.1f %6.1f%% %6.1f%%\n", printable(name).c_str(),
                entry.squares.size(), *least, *most, spread.mean, spread.peak, 100 * spread.top,
                100 * spread.used);
  }
  write_out(console, out);
}

/// Whether `sums` holds every text of `other`, so that adding it would count them twice.
bool holds_all(const ActivationSums& sums, const ActivationSums& other) {
  return !other.datasets.empty() &&
         std::all_of(other.datasets.begin(), other.datasets.end(), [&](const std::string& name) {
           return std::find(sums.datasets.begin(), sums.datasets.end(), name) != sums.datasets.end();
         });
}

void merge(ActivationSums& sums, const ActivationSums& other, const std::string& source) {
  sums.add(other, source);
  const bool known = sums.dataset_chunks.size() == sums.datasets.size() &&
                     other.dataset_chunks.size() == other.datasets.size();
  sums.datasets.insert(sums.datasets.end(), other.datasets.begin(), other.datasets.end());
  sums.dataset_chunks.insert(sums.dataset_chunks.end(), other.dataset_chunks.begin(),
                             other.dataset_chunks.end());
  if (!known) sums.dataset_chunks.clear();
  sums.chunks += std::min(other.chunks, std::numeric_limits<std::int32_t>::max() - sums.chunks);
  if (sums.chunk_size == 0) sums.chunk_size = other.chunk_size;
}

/// What the files of -o and --in-file hold together.
ActivationSums earlier_sums(const ToolJob& job, const fs::path& out_file) {
  const ToolArguments& arguments = job.arguments;
  ActivationSums sums;
  if (!out_file.empty() && fs::exists(out_file)) {
    sums = read_activation_sums(out_file, arguments.chunk);
    say(job.console, strf("%s: continuing with what it holds (%d chunks)",
                          printable(out_file.string()).c_str(), sums.chunks));
  }
  for (const std::string& name : arguments.in_files) {
    const ActivationSums other = read_activation_sums(expand_path(name), arguments.chunk);
    if (holds_all(sums, other)) {
      say(job.console, printable(name) + ": its texts are in there already; not added again");
    } else {
      merge(sums, other, name);
    }
  }
  return sums;
}

/// One run over a text, with saving and progress.
class TextRun {
 public:
  TextRun(const ToolJob& job, fs::path out_file, ActivationSums& sums)
      : job_(job),
        out_file_(std::move(out_file)),
        sums_(sums),
        progress_(job.console, "imatrix"),
        stop_(job.signals) {}

  int run() {
    const ToolArguments& arguments = job_.arguments;
    const ImportanceJob work{measured_options(job_, arguments.model), read_measured_text(job_),
                             measured_name(job_), chunk_rules(job_), arguments.process_output};
    ImportanceWatcher watcher;
    watcher.go_on = [this] { return stop_.go_on(); };
    watcher.loaded = [this](const ImportanceProgress& done) { began_ = progress_.seconds(), show(done); };
    watcher.chunk = [this](const ImportanceProgress& done, const ActivationSums&) { after_chunk(done); };
    try {
      last_ = collect_importance(work, sums_, watcher);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::E901 || stop_.status() == 0) throw;
    }
    return stop_.status();
  }

  const ImportanceProgress& result() const { return last_; }

 private:
  void show(const ImportanceProgress& done) {
    std::string figures = strf("chunk %d of %d", done.done, done.total);
    if (done.fresh > 0) {
      const double each = (progress_.seconds() - began_) / done.fresh;
      if (done.done < done.total) figures += ", " + ui::duration(each * (done.total - done.done)) + " left";
      figures += strf(", perplexity %.4g", done.perplexity);
    }
    progress_.show(figures, done.done == done.total);
  }

  void after_chunk(const ImportanceProgress& done) {
    show(done);
    if (done.fresh % job_.arguments.save_every == 0) write_activation_sums(sums_, out_file_);
  }

  const ToolJob& job_;
  fs::path out_file_;
  ActivationSums& sums_;
  ProgressLine progress_;
  StopOnSignal stop_;
  ImportanceProgress last_;
  double began_ = 0;
};

/// Whether a text is to be run. Throws E501 for a command line that leaves nothing to do.
bool runs_text(const ToolArguments& arguments, const fs::path& out_file) {
  if (arguments.save_every < 1)
    throw Error(ErrorCode::E501,
                strf("--save-every %d is out of range; use 1 or more", arguments.save_every));
  if (!arguments.text_file.empty()) {
    require_flag(arguments.model, "imatrix", "-m", "name the model: -m FILE.gguf");
    require_flag(arguments.out_file, "imatrix", "-o", "name the file to write: -o FILE.gguf");
    return true;
  }
  if (arguments.in_files.empty() && !(arguments.show_statistics && fs::exists(out_file)))
    throw Error(ErrorCode::E501, "imatrix: there is no text",
                "name one with -f, or files to merge with --in-file");
  return false;
}

}  // namespace

int make_importance(const ToolJob& job) {
  const ToolArguments& arguments = job.arguments;
  const fs::path out_file = expand_path(arguments.out_file);
  const bool runs = runs_text(arguments, out_file);
  ActivationSums sums = earlier_sums(job, out_file);
  int status = 0;
  if (runs) {
    TextRun run(job, out_file, sums);
    status = run.run();
    if (run.result().fresh > 0)
      say(job.console, strf("%d chunks of %d tokens, perplexity %.4g", run.result().fresh, sums.chunk_size,
                            run.result().perplexity));
  }
  if (!out_file.empty() && (runs || !arguments.in_files.empty()) && !sums.entries.empty()) {
    write_activation_sums(sums, out_file);
    say(job.console, strf("%zu tensors, %d chunks in %s", sums.entries.size(), sums.chunks,
                          printable(out_file.string()).c_str()));
  }
  if (arguments.show_statistics && status == 0) print_statistics(sums, job.console);
  return status;
}

}  // namespace glim::app
