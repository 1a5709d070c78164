#include <doctest/doctest.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>

#include "app/program.h"
#include "engine/base/error.h"
#include "engine/quantize/imatrix_file.h"
#include "tests/app/fake_source.h"
#include "tests/support/temp_dir.h"

namespace glim::app {
namespace {

const std::string kModels = GLIM_SOURCE_DIR "/tests/golden/model/glm-mini-";
const std::string kText = GLIM_SOURCE_DIR "/tests/golden/e2e/text.txt";

/// The program with real models, away from the user's own files.
struct MeasureFixture {
  MeasureFixture() {
    for (const char* name : {"GLIM_CONFIG_HOME", "GLIM_STATE_HOME", "GLIM_DATA_DIR"})
      setenv(name, dir.path().c_str(), 1);
  }
  ~MeasureFixture() {
    for (const char* name : {"GLIM_CONFIG_HOME", "GLIM_STATE_HOME", "GLIM_DATA_DIR"}) unsetenv(name);
  }

  int run(std::vector<std::string> words, const std::string& input = {}) {
    std::istringstream in(input);
    out.str("");
    err.str("");
    Console console{in, out, err};
    return run_program(parse_arguments(words), source, console);
  }

  int imatrix(const std::string& file, std::vector<std::string> more) {
    std::vector<std::string> words = {
        "imatrix", "-m", kModels + "Q8_0.gguf", "-f", kText, "-o", path(file), "--chunk", "64", "-t", "1"};
    words.insert(words.end(), more.begin(), more.end());
    return run(words);
  }

  std::string path(const std::string& name) const { return (dir / name).string(); }
  bool said(const std::string& text) const { return err.str().find(text) != std::string::npos; }

  TempDir dir;
  FakeSource source;
  std::ostringstream out, err;
};

ErrorCode refusal(const std::vector<std::string>& words) {
  MeasureFixture program;
  try {
    program.run(words);
  } catch (const Error& error) {
    return error.code();
  }
  return ErrorCode::E901;
}

}  // namespace

TEST_CASE("imatrix writes a file and continues it") {
  MeasureFixture program;
  CHECK(program.imatrix("a.gguf", {"--chunks", "2", "--save-every", "1"}) == 0);
  CHECK(program.out.str().empty());
  CHECK(program.said("2 chunks of 64 tokens, perplexity"));
  CHECK(program.imatrix("a.gguf", {"--chunks", "3"}) == 0);
  CHECK(program.said("continuing with what it holds (2 chunks)"));
  CHECK(program.said("1 chunks of 64 tokens"));
  CHECK(program.imatrix("whole.gguf", {"--chunks", "3"}) == 0);
  const ActivationSums parts = read_activation_sums(program.path("a.gguf"));
  const ActivationSums whole = read_activation_sums(program.path("whole.gguf"));
  CHECK(parts.chunks == 3);
  CHECK(parts.datasets == std::vector<std::string>{"text.txt"});
  // What was continued went through f32 once.
  for (const auto& [name, sums] : whole.entries) {
    CAPTURE(name);
    const ChannelSums& other = parts.entries.at(name);
    CHECK(other.counts == sums.counts);
    for (std::size_t i = 0; i < sums.squares.size(); ++i)
      CHECK(other.squares[i] == doctest::Approx(sums.squares[i]).epsilon(2 * 0x1p-24));
  }
}

TEST_CASE("imatrix merges files, but no text twice, and prints a table") {
  MeasureFixture program;
  program.imatrix("a.gguf", {"--chunks", "2"});
  const std::vector<std::string> merge = {
      "imatrix", "--in-file",          program.path("a.gguf"), "--in-file", program.path("a.gguf"),
      "-o",      program.path("b.dat")};
  CHECK(program.run(merge) == 0);
  CHECK(program.said("its texts are in there already"));
  CHECK(read_activation_sums(program.path("b.dat")).chunks == 2);
  CHECK(program.run({"imatrix", "--in-file", program.path("b.dat"), "--show-statistics"}) == 0);
  CHECK(program.out.str().find("blk.1.ffn_down_exps.weight") != std::string::npos);
  CHECK(program.imatrix("c.gguf",
                        {"--chunks", "3", "--in-file", program.path("b.dat"), "--process-output"}) == 0);
  CHECK(read_activation_sums(program.path("c.gguf")).entries.count("output.weight") == 1);
}

TEST_CASE("a signal ends imatrix with its status and no file of nothing") {
  MeasureFixture program;
  sigset_t held, before;
  sigemptyset(&held);
  sigaddset(&held, SIGINT);
  pthread_sigmask(SIG_BLOCK, &held, &before);
  kill(getpid(), SIGINT);
  CHECK(program.imatrix("a.gguf", {"--chunks", "1"}) == 130);
  CHECK(!std::filesystem::exists(program.path("a.gguf")));
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

TEST_CASE("imatrix and drift say what is missing or out of range") {
  const std::string model = kModels + "Q8_0.gguf";
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {"imatrix"},
           {"imatrix", "-m", model, "-f", kText},
           {"imatrix", "-f", kText, "-o", "x.gguf"},
           {"imatrix", "-m", model, "-f", "/none.txt", "-o", "x.gguf"},
           {"imatrix", "-m", model, "-f", kText, "-o", "x.gguf", "--chunk", "3"},
           {"imatrix", "-m", model, "-f", kText, "-o", "x.gguf", "--chunks", "-1"},
           {"imatrix", "-m", model, "-f", kText, "-o", "x.gguf", "--save-every", "0"},
           {"imatrix", "-m", model, "-f", kText, "-o", "x.gguf", "-t", "-1"},
           {"imatrix", "-m", model, "-f", kText, "-o", "x.gguf", "more"},
           {"debug", "drift", "-m", model, "-f", kText},
           {"debug", "drift", "-m", model, "--against", model},
           {"debug", "drift", "--against", model, "-f", kText},
           {"debug", "drift", "-m", model, "--against", model, "-f", kText, "--kv-type", "q9"}}) {
    CAPTURE(words.back());
    CHECK(refusal(words) == ErrorCode::E501);
  }
}

TEST_CASE("drift of several files from their base comes as a table and as JSON") {
  MeasureFixture program;
  const std::string base = kModels + "Q8_0.gguf";
  const std::vector<std::string> words = {
      "debug", "drift", "-m", kModels + "Q4_K_M.gguf", base, "--against", base, "-f", "-", "--chunk",
      "32",    "-t",    "1"};
  const std::string text =
      "The quick brown fox jumps over the lazy dog, and the other way round, many times a day.";
  std::vector<std::string> json = words;
  json.push_back("--json");
  CHECK(program.run(json, text) == 0);
  const auto report = nlohmann::json::parse(program.out.str());
  CHECK(report["against"] == base);
  REQUIRE(report["models"].size() == 2);
  CHECK(report["models"][0]["kld"]["mean"].get<double>() > 0);
  CHECK(report["models"][0]["bits_per_weight"].get<double>() < 6);
  CHECK(report["models"][0]["bytes"] == std::filesystem::file_size(kModels + "Q4_K_M.gguf"));
  CHECK(report["models"][1]["kld"]["max"] == 0);
  CHECK(report["models"][1]["top1"]["agreement"] == 1);
  CHECK(report["models"][1]["perplexity"] == report["models"][1]["base_perplexity"]);
  CHECK(program.run(words, text) == 0);
  CHECK(program.out.str().find("glm-mini-Q4_K_M.gguf") != std::string::npos);
}

}  // namespace glim::app
