#include <doctest/doctest.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "app/program.h"
#include "app/report/bandwidth.h"
#include "app/report/machine.h"
#include "app/report/model_label.h"
#include "app/report/report_work.h"
#include "app/report/statistics.h"
#include "app/store/provenance.h"
#include "app/store/result_store.h"
#include "engine/base/error.h"
#include "engine/model_source.h"
#include "tests/support/temp_dir.h"

namespace glim::app {
namespace {

using Json = nlohmann::json;

const std::string kModels = GLIM_SOURCE_DIR "/tests/golden/model/glm-mini-";
const std::string kText = GLIM_SOURCE_DIR "/tests/golden/e2e/text.txt";

/// The program with real engines, away from the user's own files.
struct ReportFixture {
  ReportFixture() {
    for (const char* name : kNames) setenv(name, dir.path().c_str(), 1);
  }
  ~ReportFixture() {
    for (const char* name : kNames) unsetenv(name);
  }

  int run(std::vector<std::string> words) {
    words.insert(words.begin(), "report");
    std::istringstream in;
    out.str("");
    err.str("");
    Console console{in, out, err};
    return run_program(parse_arguments(words), source, console);
  }
  Json json(std::vector<std::string> words) {
    words.push_back("--json");
    status = run(std::move(words));
    return Json::parse(out.str());
  }
  std::string path(const std::string& name) const { return (dir / name).string(); }
  bool printed(const std::string& text) const { return out.str().find(text) != std::string::npos; }

  static constexpr const char* kNames[] = {"GLIM_CONFIG_HOME", "GLIM_STATE_HOME", "GLIM_DATA_DIR",
                                           "GLIM_DATA_HOME", "GLIM_CACHE_HOME"};
  TempDir dir;
  RealEngines source;
  std::ostringstream out, err;
  int status = 0;
};

ErrorCode refusal(const std::vector<std::string>& words) {
  ReportFixture program;
  try {
    program.run(words);
  } catch (const Error& error) {
    return error.code();
  }
  return ErrorCode::E901;
}

const Json* row_named(const Json& report, const std::string& name) {
  for (const Json& row : report["rows"])
    if (row["name"] == name) return &row;
  return nullptr;
}

}  // namespace

TEST_CASE("one report has size, memory, speed and quality of several files") {
  ReportFixture program;
  const Json report = program.json({kModels + "Q8_0.gguf", kModels + "Q4_K_M.gguf", "-c", "64,128", "-f",
                                    kText, "--chunk", "32", "--chunks", "3", "--quick", "-t", "1", "-o",
                                    program.path("r.html"), "-o", program.path("r.csv")});
  CHECK(program.status == 0);
  REQUIRE(report["rows"].size() == 2);
  CHECK(report["reference"] == "glm-mini-Q8_0");
  const Json* row = row_named(report, "glm-mini-Q4_K_M");
  REQUIRE(row != nullptr);
  const Json& figures = (*row)["figures"];
  CHECK((*row)["quant"] == "Q4_K_M");
  CHECK((*row)["model"] == "glm-mini");
  CHECK(figures["file_size"]["value"] == std::filesystem::file_size(kModels + "Q4_K_M.gguf"));
  CHECK(figures["file_size"]["kind"] == "measured");
  for (const char* name : {"generation_rate", "prompt_rate", "load", "latency_cold", "latency_warm", "kld"}) {
    CAPTURE(name);
    CHECK(figures[name]["kind"] == "measured");
    CHECK(figures[name]["value"].get<double>() > 0);
  }
  CHECK((*row_named(report, "glm-mini-Q8_0"))["figures"]["kld"]["value"] == 0);
  const Json& memory = (*row)["memory"];
  REQUIRE(memory.size() == 2);
  CHECK(memory[1]["kv"]["kind"] == "planned");
  CHECK(memory[1]["kv"]["value"].get<double>() == 2 * memory[0]["kv"]["value"].get<double>());
  CHECK(std::filesystem::exists(program.path("r.html")));
  CHECK(std::filesystem::exists(program.path("r.csv")));
}

TEST_CASE("a report over shapes has the published sizes and the memory at 65536 tokens") {
  ReportFixture program;
  const std::string flash = "shape:glm-4.7-flash:";
  const Json report = program.json({flash + "bf16," + flash + "q8_0," + flash + "q4_k_m," + flash + "iq2_xxs",
                                    "shape:glm-4.7-flash-reap:q8_0", "-c", "65536", "--no-speed", "-o",
                                    program.path("r.md")});
  CHECK(program.status == 0);
  CHECK(report["rows"].size() == 5);
  struct Published {
    const char* name;
    double gigabytes;
  };
  // Names and sizes in GB of the published quants (GB of 10^9 bytes); ours differ where their makers have
  // measured importance or later rules, which is a few percent.
  for (const auto& [name, gigabytes] :
       {Published{"bf16", 59.91}, {"q8_0", 31.84}, {"q4_k_m", 18.47}, {"iq2_xxs", 7.62}}) {
    CAPTURE(name);
    const Json* row = row_named(report, std::string("glm-4.7-flash:") + name);
    REQUIRE(row != nullptr);
    const Json& size = (*row)["figures"]["file_size"];
    CHECK(size["kind"] == "planned");
    CHECK(size["value"].get<double>() == doctest::Approx(gigabytes * 1e9).epsilon(0.07));
    const Json& at = (*row)["memory"][0];
    CHECK(at["kv"]["value"] == 65536.0 * 54144);
    CHECK((*row)["figures"]["kld"]["why"] == "shape: weights are noise");
    CHECK((*row)["figures"]["generation_rate"]["kind"] == "estimated");
  }
  CHECK(row_named(report, "glm-4.7-flash-reap:q8_0") != nullptr);
  // Within a model the quant alone differs, between the models at the same quant the model alone.
  bool model = false;
  for (const Json& impact : report["impacts"]) model = model || impact["factor"] == "model";
  CHECK(model);
}

TEST_CASE("a model that cannot be opened says why and the others go on") {
  ReportFixture program;
  const Json report = program.json({kModels + "Q8_0.gguf", "/none.gguf", "-c", "64", "--no-speed"});
  CHECK(program.status == 0);
  CHECK(report["partial"] == true);
  REQUIRE(report["rows"].size() == 2);
  CHECK(report["rows"][1]["failure"].get<std::string>().find("GLIM-E101: /none.gguf") == 0);
  CHECK(report["rows"][0]["failure"].is_null());
  CHECK(program.run({"/none.gguf", "-c", "64"}) == 3);
  CHECK(program.printed("! none: GLIM-E101"));
}

TEST_CASE("a set of prompts is asked and reported row by row, by kind of prompt") {
  ReportFixture program;
  std::ofstream(program.dir / "set.jsonl")
      << R"({"id": "one", "prompt": "The first text", "tags": ["short"], "expect": "/./"})"
      << "\n"
      << R"({"id": "two", "prompt": "Another one", "tags": ["short", "other"]})"
      << "\n";
  const Json report =
      program.json({kModels + "Q4_K_M.gguf", "shape:glm-4.7-flash:q8_0", kModels + "Q8_0.gguf", "--prompts",
                    program.path("set.jsonl"), "-n", "6", "-c", "64", "--no-speed", "-t", "1"});
  CHECK(program.status == 0);
  CHECK(report["set"] == "set.jsonl");
  REQUIRE(report["prompts"].size() == 2);
  const Json& answers = report["prompts"][1]["answers"];
  REQUIRE(answers.size() == 3);  // in the order of the rows
  REQUIRE(report["rows"][1]["name"] == "shape:glm-4.7-flash:q8_0");
  CHECK(answers[1]["stop"] == "not asked");
  for (const std::size_t asked : {0, 2}) {
    CHECK(answers[asked]["tokens"].size() <= 6);
    CHECK(!answers[asked]["tokens"].empty());
  }
  CHECK(report["reference"] == "glm-mini-Q8_0");
  const Json& row = *row_named(report, "glm-mini-Q4_K_M");
  REQUIRE(row["categories"].size() == 2);
  const Json &both = row["categories"][0], &other = row["categories"][1];
  CHECK(both["category"] == "short");
  CHECK(both["prompts"] == 2);
  CHECK(other["prompts"] == 1);
  CHECK(other["tokens"].get<int>() < both["tokens"].get<int>());
  CHECK(both["kld"]["value"].get<double>() > 0);
  CHECK(row["figures"]["kld"]["value"] == both["kld"]["value"]);  // all prompts are short
  CHECK(row["figures"]["rms_delta_p"]["value"].get<double>() > 0);
  CHECK(row["figures"]["generation_rate"]["kind"] == "measured");
  CHECK(report["rows"][1]["figures"]["kld"]["why"] == "shape: weights are noise");
  REQUIRE(!row["checks"].empty());
  CHECK(row["checks"][0]["name"] == "one");
  CHECK_THROWS_AS(program.run({kModels + "Q8_0.gguf", "--prompts", program.path("none.jsonl")}), Error);
}

TEST_CASE("results of tasks and scenarios come from the store, and what is missing says why") {
  ReportFixture program;
  const std::string first = kModels + "Q8_0.gguf", second = kModels + "Q4_K_M.gguf";
  const auto add = [&](const std::string& file, const char* kind, const Json& result, const char* kv) {
    Measurement one = provenance(kind, file, open_model(file).get());
    one.settings = {{"kv_type", kv}, {"limit", 4}};
    one.result = nlohmann::ordered_json::parse(result.dump());
    ResultStore(program.dir.path()).add(one);
  };
  const auto task = [](double share, const char* answers) {
    return Json{
        {"tasks",
         {{{"task", "mmlu"},
           {"questions", 4},
           {"asked", "1"},
           {"seconds_per_question", 0.5},
           {"measures", {{{"measure", "acc"}, {"share", share}, {"error", 0.1}, {"answers", answers}}}}}}}};
  };
  add(first, "eval", task(0.75, "1110"), "f16");
  add(second, "eval", task(1, "1111"), "f16");  // older than the next
  add(second, "eval", task(0, "0000"), "f16");
  add(second, "eval", task(1, "1111"), "q8_0");
  add(first, "suite",
      Json{{"suites",
            {{"mesh", {{"tests", {{{"test", "coding"}, {"result", "FAIL"}, {"failures", {"no code"}}}}}}}}}},
      "f16");
  const Json report = program.json({first, second, "-c", "64", "--no-speed", "-t", "1"});
  const auto check = [&](const char* row, const std::string& suite) {
    for (const Json& one : (*row_named(report, row))["checks"])
      if (one["suite"] == suite) return one;
    return Json();
  };
  const Json best = check("glm-mini-Q8_0", "mmlu, limit 4"),
             other = check("glm-mini-Q4_K_M", "mmlu, limit 4");
  CHECK(best["score"]["value"] == 0.75);
  CHECK(best["paired"] == "");
  CHECK(best["rate"]["value"] == 0.5);
  CHECK(other["score"]["value"] == 0);
  CHECK(other["paired"] == "0 better, 3 worse, p = 0.25");
  CHECK(check("glm-mini-Q8_0", "mesh")["result"] == "FAIL: no code");
  CHECK(check("glm-mini-Q4_K_M", "mesh")["result"] == "not run");
  CHECK(check("glm-mini-Q4_K_M", "mesh")["rate"]["why"].get<std::string>().find("--suite mesh") !=
        std::string::npos);
}

TEST_CASE("limits of power are read from what the system shows") {
  const TempDir dir;
  const auto write = [&](const std::string& file, const char* text) {
    const std::filesystem::path path = dir / file;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text << "\n";
  };
  CHECK(report::power_limits(dir.path()).empty());
  write("class/powercap/intel-rapl:0/name", "package-0");
  write("class/powercap/intel-rapl:0/constraint_0_name", "long_term");
  write("class/powercap/intel-rapl:0/constraint_0_power_limit_uw", "65000000");
  write("class/powercap/intel-rapl:0:0/name", "core");
  write("class/powercap/intel-rapl:0:0/constraint_0_power_limit_uw", "1000000");
  write("class/hwmon/hwmon3/name", "amdgpu");
  write("class/hwmon/hwmon3/power1_cap", "120500000");
  write("class/hwmon/hwmon4/power1_cap", "no number");
  CHECK(report::power_limits(dir.path()) == "package-0 65 W (long term), amdgpu 120.5 W");
  const auto facts = report::machine_facts("cpu", dir.path());
  CHECK(std::find(facts.begin(), facts.end(),
                  std::pair<std::string, std::string>(
                      "power limits", "package-0 65 W (long term), amdgpu 120.5 W")) != facts.end());
}

TEST_CASE("a signal ends a report with what is there, marked") {
  ReportFixture program;
  sigset_t held, before;
  sigemptyset(&held);
  sigaddset(&held, SIGINT);
  pthread_sigmask(SIG_BLOCK, &held, &before);
  kill(getpid(), SIGINT);
  const Json report = program.json({kModels + "Q8_0.gguf", "-c", "64", "--quick", "-t", "1"});
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  CHECK(program.status == 130);
  CHECK(report["partial"] == true);
  CHECK(report["rows"][0]["memory"][0]["total"]["kind"] == "planned");
  CHECK(report["rows"][0]["figures"]["latency_cold"]["why"] == "stopped before it was measured");
}

TEST_CASE("speeds at a depth and with several streams") {
  ReportFixture program;
  const Json report = program.json(
      {kModels + "Q8_0.gguf", "-c", "64", "--quick", "-t", "1", "-d", "32", "--parallel", "1,2"});
  const Json& row = report["rows"][0];
  REQUIRE(row["depths"].size() == 1);
  CHECK(row["depths"][0]["prompt"]["value"].get<double>() > 0);
  CHECK(row["depths"][0]["generation"]["value"].get<double>() > 0);
  REQUIRE(row["parallel"].size() == 2);
  CHECK(row["parallel"][1]["total"]["value"].get<double>() ==
        doctest::Approx(2 * row["parallel"][1]["per_stream"]["value"].get<double>()));
}

TEST_CASE("report refuses what cannot be meant") {
  const std::string model = kModels + "Q8_0.gguf";
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {},
           {model, "-o", "r.pdf"},
           {model, "-c", "x"},
           {model, "-c", "0"},
           {model, "-c", "64,,128"},
           {model, "-r", "0"},
           {model, "-t", "-1"},
           {model, "--chunk", "3"},
           {model, "-d", "-5"},
           {model, "--parallel", "0"},
           {model, "--speed", "--no-speed"},
           {model, "--kv-type", "q9"},
           {model, "--baseline", "nobody"},
           {"shape:glm-4.7-flash:*", "--reference", "shape:glm-4.7-flash-reap:*", "-c", "64"},
           {model, "-c", "64", "--no-speed", "-f", "/none.txt"}}) {
    CAPTURE(words.size());
    CAPTURE((words.empty() ? "" : words.back()));
    CHECK(refusal(words) == ErrorCode::E501);
  }
}

TEST_CASE("estimates come from the bytes that a token reads and never replace what was measured") {
  report::Report report;
  report.rows.resize(3);
  report.rows[0][report::Metric::token_bytes] = report::planned(report::Unit::bytes, 2e9);
  report.rows[0][report::Metric::generation_rate] = report::measured(report::Unit::tokens_per_second, 10);
  report.rows[0][report::Metric::bandwidth] = report::measured(report::Unit::bytes_per_second, 20e9);
  report.rows[1][report::Metric::token_bytes] = report::planned(report::Unit::bytes, 4e9);
  report::estimate_speeds(report, 1);
  CHECK(report.rows[0][report::Metric::generation_rate].measured());
  CHECK(report.rows[1][report::Metric::generation_rate].kind == report::FigureKind::estimated);
  CHECK(report.rows[1][report::Metric::generation_rate].value == doctest::Approx(5));
  CHECK(!report.rows[2][report::Metric::generation_rate].present());
  CHECK(report::memory_bandwidth(1) > 1e8);
}

TEST_CASE("lists of numbers") {
  CHECK(report::numbers_of("8192,64k", "-c", 1, 1 << 20) == std::vector<std::int64_t>{8192, 65536});
  CHECK(report::numbers_of("", "-c", 1, 10).empty());
  CHECK_THROWS_AS(report::numbers_of("99999999999999999999", "-c", 1, 10), Error);
}

TEST_CASE("models are told from their quants by name") {
  using report::model_without_quant;
  CHECK(model_without_quant("shape:glm-4.7-flash-reap:q8_0", "Q8_0") == "glm-4.7-flash-reap");
  CHECK(model_without_quant("shape:glm-4.7-flash:q4_k_m:layers=4", "Q4_K_M") == "glm-4.7-flash:layers=4");
  CHECK(model_without_quant("spark", "BF16") == "spark");
  CHECK(model_without_quant("/m/zai-org_GLM-4.7-Flash-Q4_K_M.gguf", "Q4_K_M") == "zai-org_GLM-4.7-Flash");
  CHECK(model_without_quant("GLM-4.7-Flash-bf16-00001-of-00002.gguf", "BF16") == "GLM-4.7-Flash");
  CHECK(model_without_quant("q8_0.gguf", "Q8_0") == "q8_0");
  CHECK(model_without_quant("odd.gguf", "") == "odd");
}

TEST_CASE("statistics of repetitions") {
  using namespace report;
  const report::Figure mean = mean_of(Unit::seconds, {1, 2, 3, 4, 5}, "");
  CHECK(mean.value == 3);
  CHECK(*mean.spread == doctest::Approx(1.5811388));
  CHECK(*mean_with_error(Unit::seconds, {1, 2, 3, 4, 5}, "").spread == doctest::Approx(0.70710678));
  const report::Figure median = median_of(Unit::seconds, {5, 1, 2}, "");
  CHECK(median.value == 2);
  CHECK(median.range == std::pair<double, double>{1, 5});
  CHECK(mean_of(Unit::seconds, {}, "why").why == "why");
  CHECK(!mean_of(Unit::seconds, {1}, "").spread);
  CHECK(quantile({1, 2, 3, 4}, 0.5) == 2.5);
  CHECK(quantile({4, 1}, 1) == 4);
  CHECK(quantile({}, 0.5) == 0);
}

}  // namespace glim::app
