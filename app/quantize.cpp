#include "app/quantize.h"

#include <algorithm>
#include <optional>
#include <thread>

#include "app/progress_line.h"
#include "app/quantize_plan.h"
#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/shape/model_shape.h"
#include "engine/shape/shape_file.h"
#include "ui/numbers.h"

namespace glim::app {
namespace {

/// The console's own thread is one of them.
int threads_for(std::int32_t asked) {
  constexpr int kMost = 256;
  if (asked < 0 || asked > kMost)
    throw Error(ErrorCode::E501,
                strf("--threads %d is out of range; use 1 to %d, or 0 for all", asked, kMost));
  if (asked > 0) return asked;
  return std::clamp(static_cast<int>(std::thread::hardware_concurrency()), 1, kMost);
}

int cancelled(const ToolJob& job, const std::filesystem::path& path, int signal) {
  say(job.console, strf("cancelled; %s was not written", printable(path.string()).c_str()));
  return 128 + signal;
}

int write_quantised(const ToolJob& job, QuantizePlan& plan) {
  plan.options.threads = threads_for(job.arguments.threads);
  for (const std::string& note : plan.notes) say(job.console, "note: " + note);
  say(job.console,
      strf("%s as %s: %s", printable(plan.source_name).c_str(),
           std::string(plan.options.recipe.file_type->name).c_str(), file_size_text(plan.bytes).c_str()));
  std::optional<int> signal;
  double seconds = 0;
  {
    ProgressLine line(job.console, "quantizing");
    quantize_file(*plan.source, plan.out, plan.options, [&](const QuantizeProgress& progress) {
      line.update(progress.done, progress.total, printable(progress.tensor, 40));
      if (!signal) signal = job.signals.take();
      return !signal;
    });
    seconds = line.seconds();
  }
  if (signal) return cancelled(job, plan.out, *signal);
  say(job.console,
      strf("wrote %s: %s, %.3f bits per weight, in %s", printable(plan.out.string()).c_str(),
           file_size_text(plan.bytes).c_str(), plan.bits_per_weight(), ui::duration(seconds).c_str()));
  if (job.arguments.json) write_out(job.console, plan_json(plan));
  return 0;
}

}  // namespace

int quantize(const ToolJob& job) {
  const auto plan = plan_quantize(job.arguments, job.places);
  if (!job.arguments.dry_run) return write_quantised(job, *plan);
  write_out(job.console, job.arguments.json ? plan_json(*plan) : plan_text(*plan));
  return 0;
}

int debug_write_shape(const ToolJob& job) {
  const std::vector<std::string>& words = job.arguments.words;
  if (words.size() != 2 || !is_shape_name(words[0]))
    throw Error(ErrorCode::E501,
                "debug write-shape: write glim debug write-shape SHAPE FILE, for example: glim "
                "debug write-shape shape:glm-4.7-flash:q4_k_m:layers=4 noise.gguf");
  const ModelShape shape = shape_named(words[0]);
  const std::filesystem::path path = expand_path(words[1]);
  std::optional<int> signal;
  {
    ProgressLine line(job.console, "writing");
    write_shape(shape, path, [&](std::uint64_t done, std::uint64_t total) {
      line.update(done, total, "");
      if (!signal) signal = job.signals.take();
      return !signal;
    });
  }
  if (signal) return cancelled(job, path, *signal);
  say(job.console, strf("wrote %s: %s of noise; its text means nothing", printable(path.string()).c_str(),
                        file_size_text(std::filesystem::file_size(path)).c_str()));
  return 0;
}

}  // namespace glim::app
