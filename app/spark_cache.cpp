#include "app/spark_cache.h"

#include <algorithm>
#include <fstream>
#include <string>
#include <system_error>
#include <thread>

#include <nlohmann/json.hpp>

#include "app/paths.h"
#include "engine/base/error.h"
#include "engine/base/folder.h"
#include "engine/base/text.h"
#include "engine/gguf/gguf_file.h"
#include "engine/measure/importance_run.h"
#include "engine/quantize/imatrix_file.h"
#include "engine/quantize/quantizer.h"
#include "engine/text/chat_template.h"

namespace glim::app {
namespace {

namespace fs = std::filesystem;

constexpr int kMostThreads = 16;
constexpr std::int32_t kCalibrationChunks = 32;
/// Few tokens reach some experts of so short a text; their neighbours decide with them.
constexpr RareExperts kRareExperts{64};

/// FNV-1a over eight bytes at a time, so that a model that has been trained further is noticed.
std::uint64_t fingerprint(std::span<const std::byte> bytes) {
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (std::size_t at = 0; at < bytes.size(); at += sizeof hash) {
    std::uint64_t word = 0;
    std::copy_n(bytes.data() + at, std::min(sizeof word, bytes.size() - at),
                reinterpret_cast<std::byte*>(&word));
    hash = (hash ^ word) * 0x100000001b3u;
  }
  return hash ^ (hash >> 32);
}

/// Files of the same type that were made from an older source.
void remove_outdated(const fs::path& folder, const std::string& prefix, const fs::path& current) {
  for (const fs::path& path : folder_entries(folder)) {
    const std::string name = path.filename().string();
    std::error_code ignored;
    if (name.starts_with(prefix) && name.size() == current.filename().string().size() && path != current)
      fs::remove(path, ignored);
  }
}

bool tell(const MakeProgress& progress, std::string_view what, std::uint64_t done, std::uint64_t total) {
  return !progress || progress(what, done, total);
}

[[noreturn]] void ended() {
  throw Error(ErrorCode::E901, "making a quant of the built-in model was cancelled");
}

/// The questions of the held-out set, each as the chat template writes it. They are what the model is asked,
/// so the channels that matter for them matter for its users.
std::string calibration_text(const GgufFile& model, const fs::path& questions) {
  std::ifstream stream(questions);
  if (!stream)
    throw Error(ErrorCode::E501,
                strf("%s: this type of spark needs an importance matrix, whose text is missing; "
                     "install glim again or use a larger type",
                     printable(questions.string()).c_str()));
  const std::string chat_template(model.get_string("tokenizer.chat_template").value_or(""));
  std::string out;
  for (std::string line; std::getline(stream, line);) {
    const nlohmann::json entry = nlohmann::json::parse(line, nullptr, false);
    if (!entry.is_object() || !entry.contains("messages") || !entry["messages"].is_array()) continue;
    ChatRequest request;
    for (const nlohmann::json& message : entry["messages"])
      request.messages.push_back({message.value("role", "user"), message.value("content", "")});
    out += render_source(chat_template, request) + "\n";
  }
  return out;
}

ImportanceMatrix importance_of(const GgufFile& model, const fs::path& kept, const MakeProgress& progress) {
  std::error_code ignored;
  if (fs::exists(kept, ignored)) return read_activation_sums(kept).importance(kRareExperts);
  const fs::path questions = model.path().parent_path() / "heldout.jsonl";
  ImportanceJob job;
  job.engine.model = model.path().string();
  job.text = calibration_text(model, questions);
  job.dataset = questions.filename().string();
  job.chunks = {.size = 512, .limit = kCalibrationChunks, .specials = true};
  ImportanceWatcher watcher;
  ImportanceProgress at{0, kCalibrationChunks};
  const auto show = [&](const ImportanceProgress& now) { at = now; };
  watcher.loaded = show;
  watcher.chunk = [&](const ImportanceProgress& now, const ActivationSums&) { show(now); };
  bool go_on = true;
  watcher.go_on = [&] {
    return go_on = tell(progress, "importance matrix", static_cast<std::uint64_t>(at.done),
                        static_cast<std::uint64_t>(at.total));
  };
  ActivationSums sums;
  collect_importance(job, sums, watcher);
  if (!go_on) ended();
  write_activation_sums(sums, kept);
  return sums.importance(kRareExperts);
}

}  // namespace

fs::path spark_in_type(const fs::path& source, std::string_view type, const fs::path& cache,
                       const MakeProgress& progress) {
  const FileType& file_type = file_type_named(type, "spark:" + std::string(type));
  if (file_type.name == "BF16") return source;
  const GgufFile file(source);
  const std::string prefix = "spark-" + std::string(file_type.name) + "-";
  const fs::path folder = cache / "gguf";
  const auto print = static_cast<unsigned long long>(fingerprint(file.part(0).bytes()));
  const fs::path path = folder / (prefix + strf("%016llx.gguf", print));
  std::error_code ignored;
  if (fs::exists(path, ignored)) return path;
  create_private_folder(folder);
  QuantizeOptions options;
  options.recipe.file_type = &file_type;
  options.threads = std::clamp(static_cast<int>(std::thread::hardware_concurrency()), 1, kMostThreads);
  ImportanceMatrix importance;
  if (file_type.needs_importance) {
    const std::string name = strf("spark-importance-%016llx.gguf", print);
    importance = importance_of(file, folder / name, progress);
    remove_outdated(folder, "spark-importance-", folder / name);
    options.importance = &importance;
    options.importance_file = name;
    options.recipe.importance = true;
  }
  const std::string what = "quantizing to " + std::string(file_type.name);
  const bool written = quantize_file(file, path, options, [&](const QuantizeProgress& at) {
    return tell(progress, what, at.done, at.total);
  });
  if (!written) ended();
  remove_outdated(folder, prefix, path);
  return path;
}

}  // namespace glim::app
