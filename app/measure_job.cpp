#include "app/measure_job.h"

#include <filesystem>
#include <fstream>
#include <iterator>

#include "engine/base/error.h"
#include "engine/base/text.h"

namespace glim::app {

std::string read_measured_text(const ToolJob& job) {
  const std::string& path = job.arguments.text_file;
  if (path == "-") return {std::istreambuf_iterator<char>(job.console.in), {}};
  std::ifstream stream(expand_path(path), std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(stream), {}};
  if (!stream.is_open() || stream.bad())
    throw Error(ErrorCode::E501, printable(path) + ": cannot read the text; check the path");
  return text;
}

std::string measured_name(const ToolJob& job) {
  const std::string& path = job.arguments.text_file;
  return path == "-" ? "standard input" : std::filesystem::path(path).filename().string();
}

ChunkRules chunk_rules(const ToolJob& job) {
  constexpr std::int32_t kShortest = 4, kLongest = 1 << 20;
  const ToolArguments& arguments = job.arguments;
  if (arguments.chunk < kShortest || arguments.chunk > kLongest)
    throw Error(ErrorCode::E501,
                strf("--chunk %d is out of range; use %d to %d", arguments.chunk, kShortest, kLongest));
  if (arguments.chunks < 0)
    throw Error(ErrorCode::E501,
                strf("--chunks %d is out of range; use 0 for all, or more", arguments.chunks));
  return {.size = arguments.chunk, .limit = arguments.chunks, .specials = arguments.specials};
}

EngineOptions measured_options(const ToolJob& job, const std::string& name) {
  constexpr std::int32_t kMostThreads = 256;
  EngineOptions options;
  options.model = resolve_model(name, job.places);
  options.backend = job.arguments.backend;
  options.threads = job.arguments.threads;
  if (options.threads < 0 || options.threads > kMostThreads)
    throw Error(ErrorCode::E501, strf("--threads %d is out of range; use 1 to %d, or 0 for one per core",
                                      options.threads, kMostThreads));
  return options;
}

void require_flag(const std::string& value, const char* command, const char* flag, const char* help) {
  if (!value.empty()) return;
  throw Error(ErrorCode::E501, std::string(command) + ": " + flag + " is missing", help);
}

}  // namespace glim::app
