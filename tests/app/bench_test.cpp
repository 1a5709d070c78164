#include <doctest/doctest.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "app/bench/bench_gate.h"
#include "app/bench/number_list.h"
#include "app/bench/parallel.h"
#include "app/program.h"
#include "app/store/result_store.h"
#include "engine/base/error.h"
#include "tests/app/fake_source.h"
#include "tests/support/temp_dir.h"

namespace glim::app {
namespace {

using Ordered = nlohmann::ordered_json;

const std::string kModel = GLIM_SOURCE_DIR "/tests/golden/model/glm-mini-Q8_0.gguf";

/// The names that programs which read llama-bench's files look for, in their order.
const std::vector<std::string> kLlamaBenchFields = {"build_commit",   "build_number",
                                                    "cpu_info",       "gpu_info",
                                                    "backends",       "model_filename",
                                                    "model_type",     "model_size",
                                                    "model_n_params", "n_batch",
                                                    "n_ubatch",       "n_threads",
                                                    "cpu_mask",       "cpu_strict",
                                                    "poll",           "type_k",
                                                    "type_v",         "n_gpu_layers",
                                                    "n_cpu_moe",      "split_mode",
                                                    "main_gpu",       "no_kv_offload",
                                                    "flash_attn",     "devices",
                                                    "tensor_split",   "tensor_buft_overrides",
                                                    "use_mmap",       "use_direct_io",
                                                    "embeddings",     "no_op_offload",
                                                    "no_host",        "fit_target",
                                                    "fit_min_ctx",    "n_prompt",
                                                    "n_gen",          "n_depth",
                                                    "test_time",      "avg_ns",
                                                    "stddev_ns",      "avg_ts",
                                                    "stddev_ts"};

/// The program with a data folder of its own.
struct BenchFixture {
  BenchFixture() {
    for (const char* name : kNames) setenv(name, dir.path().c_str(), 1);
  }
  ~BenchFixture() {
    for (const char* name : kNames) unsetenv(name);
  }

  int run(std::vector<std::string> words) {
    std::istringstream in;
    out.str("");
    err.str("");
    Console console{in, out, err};
    words.insert(words.begin(), {"bench", "-m", kModel, "-t", "1", "-r", "2"});
    return run_program(parse_arguments(words), source, console);
  }
  ErrorCode refusal(const std::vector<std::string>& words) {
    try {
      run(words);
    } catch (const Error& error) {
      return error.code();
    }
    return ErrorCode::E901;
  }
  std::vector<Measurement> kept() const { return ResultStore(dir.path()).query({}); }

  static constexpr std::array kNames = {"GLIM_CONFIG_HOME", "GLIM_DATA_HOME", "GLIM_STATE_HOME"};
  TempDir dir;
  FakeSource source;
  std::ostringstream out, err;
};

BenchRow row(std::int32_t generate, std::vector<std::int64_t> ns) {
  BenchRow out;
  out.model_type = "m";
  out.result.test = {0, generate, 0};
  out.result.ns = std::move(ns);
  return out;
}

}  // namespace

TEST_CASE("lists of numbers") {
  const NumberRange any = {"-p", 0, 10000};
  const auto read = [&](std::vector<std::string> words) { return numbers_from(words, any); };
  CHECK(read({"512"}) == std::vector{512});
  CHECK(read({"1,8", "16"}) == std::vector{1, 8, 16});
  CHECK(read({"2-5"}) == std::vector{2, 3, 4, 5});
  CHECK(read({"128-512+128"}) == std::vector{128, 256, 384, 512});
  CHECK(read({"128-600*2,7"}) == std::vector{128, 256, 512, 7});
  for (const char* bad : {"", "x", "1,", "5-2", "1-", "-1", "0-8*2", "1-8*1", "1-8+0", "10001", "1-9999"}) {
    CAPTURE(bad);
    CHECK_THROWS_AS(read({bad}), const Error&);
  }
  const std::vector<std::string> pairs = {"512,128", "0,5"};
  CHECK(pairs_from(pairs, any) == std::vector<std::pair<std::int32_t, std::int32_t>>{{512, 128}, {0, 5}});
  for (const char* bad : {"512", "1,2,3", "0,0", "a,b"})
    CHECK_THROWS_AS(pairs_from(std::vector<std::string>{bad}, any), const Error&);
}

TEST_CASE("bench writes rows that programs for llama-bench read") {
  BenchFixture program;
  const std::vector<std::string> tests = {"-p", "16", "-n", "4", "-pg", "8,2", "-d", "0,32"};
  const auto with = [&](std::initializer_list<std::string> more) {
    std::vector<std::string> words = tests;
    words.insert(words.end(), more);
    return words;
  };
  CHECK(program.run(with({"-o", "json"})) == 0);
  const Ordered rows = Ordered::parse(program.out.str());
  REQUIRE(rows.size() == 6);
  std::vector<std::string> names;
  for (const auto& [name, value] : rows[0].items())
    if (names.size() < kLlamaBenchFields.size()) names.push_back(name);
  CHECK(names == kLlamaBenchFields);
  CHECK(rows[0].at("samples_ts").size() == 2);
  const std::vector<std::array<int, 3>> expected = {{16, 0, 0},  {0, 4, 0},  {8, 2, 0},
                                                    {16, 0, 32}, {0, 4, 32}, {8, 2, 32}};
  for (std::size_t i = 0; i < rows.size(); ++i) {
    CAPTURE(i);
    CHECK(rows[i].at("n_prompt") == expected[i][0]);
    CHECK(rows[i].at("n_gen") == expected[i][1]);
    CHECK(rows[i].at("n_depth") == expected[i][2]);
    const double rate = 1e9 * (expected[i][0] + expected[i][1]) / rows[i].at("samples_ns")[0].get<double>();
    CHECK(rows[i].at("samples_ts")[0].get<double>() == doctest::Approx(rate));
    CHECK(rows[i].at("glim").at("gb_per_s").get<double>() > 0);
  }
  CHECK(rows[3].at("glim").at("test") == "pp16 @ d32");
  CHECK(rows[4].at("glim").at("kv_bytes_per_token") > rows[1].at("glim").at("kv_bytes_per_token"));
  // One token needs more than one of a prompt, which shares what is read.
  CHECK(rows[1].at("glim").at("weight_bytes_per_token") > rows[0].at("glim").at("weight_bytes_per_token"));
  const std::vector<Measurement> kept = program.kept();
  REQUIRE(kept.size() == 1);
  CHECK(kept[0].kind == "bench");
  CHECK(kept[0].figures.size() == 6);
  CHECK(kept[0].file_hash.size() == 71);

  CHECK(program.run(with({"-o", "csv"})) == 0);
  std::string header = program.out.str().substr(0, program.out.str().find('\n'));
  std::string wanted;
  for (const std::string& name : kLlamaBenchFields) wanted += (wanted.empty() ? "" : ",") + name;
  CHECK(header == wanted);
  CHECK(program.run({"-p", "16", "-n", "0", "-o", "jsonl"}) == 0);
  CHECK(Ordered::parse(program.out.str()).at("n_prompt") == 16);
  CHECK(program.run({"-p", "0", "-n", "4", "-o", "sql"}) == 0);
  CHECK(program.out.str().find("CREATE TABLE IF NOT EXISTS llama_bench (\n  build_commit TEXT,\n") == 0);
  CHECK(program.run({"-p", "16", "-n", "4", "-ctk", "f16,q8_0", "--no-warmup"}) == 0);
  CHECK(program.out.str().find("| type_k |") != std::string::npos);
  CHECK(program.out.str().find("|   q8_0 |             tg4 |") != std::string::npos);
  CHECK(program.out.str().find("\nbuild: ") != std::string::npos);
}

TEST_CASE("the gate fails for a slowdown that noise does not explain") {
  const std::vector<BenchRow> now = {row(1, {100, 100}), row(2, {1000, 1000})};
  const auto before = [&](double first, double deviation) {
    TempDir dir;
    Ordered rows = {json_of(now[0]), json_of(now[1])};
    rows[0]["avg_ts"] = first;
    rows[0]["stddev_ts"] = deviation;
    std::ofstream(dir / "old.json") << rows.dump();
    return read_earlier_rows((dir / "old.json").string());
  };
  using Verdict = GateFinding::Verdict;
  const auto verdict = [&](double first, double deviation) {
    return judge(before(first, deviation), now, 0.05)[0].verdict;
  };
  CHECK(verdict(1e7, 0) == Verdict::fine);
  CHECK(verdict(1.04e7, 0) == Verdict::fine);
  CHECK(verdict(0.5e7, 0) == Verdict::fine);
  CHECK(verdict(1.2e7, 0) == Verdict::slower);
  CHECK(verdict(1.2e7, 0.3e7) == Verdict::noise);
  CHECK(passes(judge(before(1.2e7, 0.3e7), now, 0.05)));
  CHECK(!passes(judge(before(1.2e7, 0), now, 0.05)));
  const auto missing = judge(before(1e7, 0), {now[1], row(3, {1})}, 0.05);
  REQUIRE(missing.size() == 3);
  CHECK(missing[0].verdict == Verdict::missing);
  CHECK(missing[2].verdict == Verdict::fresh);
  CHECK(passes(missing));
  CHECK(!passes(judge(before(1e7, 0), {row(3, {1})}, 0.05)));
  CHECK(slowdown_from("5%") == doctest::Approx(0.05));
  CHECK(slowdown_from("0.2") == doctest::Approx(0.2));
  for (const char* bad : {"", "%", "x", "-1%", "100%", "5 %"})
    CHECK_THROWS_AS(slowdown_from(bad), const Error&);
}

TEST_CASE("bench --against ends with status 8 and names the row") {
  BenchFixture program;
  const std::vector<std::string> test = {"-p", "0", "-n", "4", "-o", "json"};
  CHECK(program.run(test) == 0);
  Ordered rows = Ordered::parse(program.out.str());
  const std::string old = (program.dir / "old.json").string();
  const auto against = [&](double rate) {
    rows[0]["avg_ts"] = rate;
    rows[0]["stddev_ts"] = 0;
    std::ofstream(old) << rows.dump();
    std::vector<std::string> words = test;
    words.insert(words.end(), {"--against", old});
    return program.run(words);
  };
  CHECK(against(1e9) == 8);
  CHECK(program.err.str().find("slower: ") != std::string::npos);
  CHECK(program.err.str().find(" tg4: ") != std::string::npos);
  CHECK(against(1e-3) == 0);
  std::ofstream(old) << "[]";
  CHECK(program.refusal({"--against", old}) == ErrorCode::E501);
  std::ofstream(old) << "{";
  CHECK(program.refusal({"--against", old}) == ErrorCode::E501);
  CHECK(program.refusal({"--against", "/none"}) == ErrorCode::E501);
}

TEST_CASE("a sweep over sequences says what does not fit") {
  BenchFixture program;
  CHECK(program.run({"-p", "8", "-n", "4", "--parallel", "1,4,8,16", "--max-seqs", "8", "--kv-budget", "64",
                     "-o", "json"}) == 0);
  const Ordered rows = Ordered::parse(program.out.str());
  REQUIRE(rows.size() == 4);
  CHECK(rows[0].at("repetitions") == 2);
  const auto samples = rows[0].at("samples_speed_tg").get<std::vector<double>>();
  REQUIRE(samples.size() == 2);
  const Spread spread = spread_of(samples);
  CHECK(rows[0].at("speed_tg").get<double>() == doctest::Approx(spread.mean));
  CHECK(rows[0].at("stddev_speed_tg").get<double>() == doctest::Approx(spread.deviation));
  const std::vector<Measurement> kept = program.kept();
  REQUIRE(!kept.empty());
  CHECK(kept.front().figures[0].name == "tg4 x1");
  CHECK(kept.front().figures[0].spread == doctest::Approx(spread.deviation));
  CHECK(rows[0].at("n_kv") == 12);
  CHECK(rows[1].at("pl") == 4);
  CHECK(rows[1].at("speed_tg").get<double>() > 0);
  CHECK(rows[2].at("skipped").get<std::string>().find("--kv-budget holds 64") != std::string::npos);
  CHECK(rows[3].at("skipped") == "needs --max-seqs 16, it is 8");
  CHECK(program.run({"-p", "8", "-n", "4", "--parallel", "1,2", "-c", "8"}) == 0);
  CHECK(program.run({"-p", "8", "-n", "4", "--parallel", "2"}) == 0);
  CHECK(program.out.str().find(" \u00b1 ") != std::string::npos);
  CHECK(program.run({"-p", "8", "-n", "4", "--parallel", "1,2", "-c", "8"}) == 0);
  CHECK(program.out.str().find("not run: needs -c 12, it is 8") != std::string::npos);
  BenchArguments arguments;
  arguments.kv_budget = "1K";
  CHECK(parallel_refusal({2, 8, 0, false}, arguments, 64).empty());
  CHECK(!parallel_refusal({3, 8, 0, false}, arguments, 64).empty());
  // A shared prompt is held once.
  CHECK(parallel_refusal({3, 10, 2, true}, arguments, 64).empty());
}

TEST_CASE("latency goes through template and sampler, with an empty cache and a warm one") {
  BenchFixture program;
  program.source.prepare = [](FakeEngine& engine) {
    for (int i = 0; i < 8; ++i) engine.replies.push_back({{"One", " two"}, FinishReason::max_tokens});
    engine.post(Ready{});
  };
  CHECK(program.run({"--latency", "-o", "json"}) == 0);
  const Ordered list = Ordered::parse(program.out.str());
  REQUIRE(list.size() == 1);
  const Ordered& rows = list[0].at("rows");
  REQUIRE(rows.size() == 3);
  // The scripted model was trained for 1024 tokens, which leaves 960 for the long prompt.
  CHECK(rows[0].at("prompt_tokens") == 960);
  CHECK(rows[1].at("prompt_tokens") == 5);  // the role and "Count 1 to 5"
  for (const Ordered& row : rows) {
    CHECK(row.at("generated_tokens") == 2);
    CHECK(row.at("total_seconds").size() == 2);
    CHECK(row.at("first_token_median") <= row.at("total_median"));
  }
  REQUIRE(program.kept().size() == 1);
  CHECK(program.kept()[0].figures.size() == 3);
  CHECK(program.kept()[0].figures[0].better == Figure::Better::lower);
  // A model that the engine refuses ends the command.
  program.source.prepare = [](FakeEngine& engine) {
    engine.post(Failed{std::nullopt, ErrorCode::E201, "too large", ""});
  };
  CHECK(program.refusal({"--latency"}) == ErrorCode::E201);
}

TEST_CASE("a signal leaves what is finished, marked") {
  sigset_t held, before;
  sigemptyset(&held);
  sigaddset(&held, SIGINT);
  pthread_sigmask(SIG_BLOCK, &held, &before);
  BenchFixture program;
  kill(getpid(), SIGINT);
  CHECK(program.run({"-o", "json"}) == 130);
  const Ordered rows = Ordered::parse(program.out.str());
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].at("partial") == true);
  CHECK(rows[0].at("planned") == 2);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

TEST_CASE("a model that cannot be opened leaves the rows of the others") {
  BenchFixture program;
  for (const std::vector<std::string>& more :
       std::vector<std::vector<std::string>>{{}, {"--parallel", "1"}}) {
    std::vector<std::string> words = {"-m",  (program.dir / "none.gguf").string(), "-p", "8", "-n", "0", "-o",
                                      "json"};
    words.insert(words.end(), more.begin(), more.end());
    CHECK(program.refusal(words) == ErrorCode::E101);
    const Ordered rows = Ordered::parse(program.out.str());
    REQUIRE(rows.size() == 2);
    CHECK(rows[1].at("partial") == true);
  }
}

TEST_CASE("bench says what is wrong with its flags") {
  BenchFixture program;
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"-p", "x"},
                                             {"-p", "0", "-n", "0"},
                                             {"-r", "0"},
                                             {"-ctk", "q9"},
                                             {"-ub", "0"},
                                             {"-o", "xml"},
                                             {"-pg", "5"},
                                             {"-p", "1-900", "-d", "1-900"},
                                             {"--parallel", "0"},
                                             {"--parallel", "1", "-o", "csv"},
                                             {"--parallel", "1", "--kv-budget", "x"},
                                             {"--parallel", "1", "-p", "0"},
                                             {"--latency", "--against", "x"},
                                             {"--against", kModel, "--max-slowdown", "x"}}) {
    CAPTURE(words.back());
    CHECK(program.refusal(words) == ErrorCode::E501);
  }
}

}  // namespace glim::app
