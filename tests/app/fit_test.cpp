#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <sstream>

#include "app/byte_size.h"
#include "app/fit/fit_report.h"
#include "app/fit/load_history.h"
#include "app/model_list.h"
#include "app/program.h"
#include "app/quantize_plan.h"
#include "engine/base/error.h"
#include "engine/base/text.h"
#include "tests/app/fake_source.h"
#include "tests/support/temp_dir.h"
#include "ui/text_layout.h"

namespace glim::app {
namespace {

using Words = std::vector<std::string>;

const std::string kModel = GLIM_SOURCE_DIR "/tests/golden/model/glm-mini-Q8_0.gguf";
const std::string kFlash = "shape:glm-4.7-flash:q4_k_m";

/// The program away from the user's own files.
struct FitFixture {
  FitFixture() {
    for (const char* name : {"GLIM_CONFIG_HOME", "GLIM_STATE_HOME", "GLIM_DATA_DIR", "GLIM_DATA_HOME"})
      setenv(name, dir.path().c_str(), 1);
  }
  ~FitFixture() {
    for (const char* name : {"GLIM_CONFIG_HOME", "GLIM_STATE_HOME", "GLIM_DATA_DIR", "GLIM_DATA_HOME"})
      unsetenv(name);
  }

  int run(Words words) {
    words.insert(words.begin(), "fit");
    std::istringstream in;
    out.str("");
    err.str("");
    Console console{in, out, err};
    return run_program(parse_arguments(words), source, console);
  }

  nlohmann::json json(Words words, int status = 0) {
    words.push_back("--json");
    CHECK(run(words) == status);
    return nlohmann::json::parse(out.str());
  }

  ErrorCode refusal(const Words& words) {
    try {
      run(words);
    } catch (const Error& error) {
      return error.code();
    }
    return ErrorCode::E901;
  }

  bool shows(const std::string& text) const { return out.str().find(text) != std::string::npos; }

  TempDir dir;
  FakeSource source;
  std::ostringstream out, err;
};

}  // namespace

TEST_CASE("the KV table of GLM-4.7-Flash, to the byte") {
  constexpr struct {
    const char* type;
    std::uint64_t token, at_64k;
  } rows[] = {
      {"f32", 108'288, 7'096'762'368}, {"f16", 54'144, 3'548'381'184},  {"bf16", 54'144, 3'548'381'184},
      {"q8_0", 28'764, 1'885'077'504}, {"q5_1", 20'304, 1'330'642'944}, {"q5_0", 18'612, 1'219'756'032},
      {"q4_0", 15'228, 997'982'208},   {"iq4_nl", 15'228, 997'982'208},
  };
  constexpr std::int32_t contexts[] = {4096, 32'768, 65'536, 131'072, 202'752};
  FitFixture program;
  const auto report = program.json({"-m", kFlash, "-c", "4k,32k,64k,128k,max", "--vram", "64G", "--kv-type",
                                    "f32,f16,bf16,q8_0,q5_1,q5_0,q4_0,iq4_nl"});
  const auto& cases = report["models"][0]["cases"];
  REQUIRE(cases.size() == std::size(rows) * std::size(contexts));
  std::size_t at = 0;
  for (const auto& row : rows) {
    for (const std::int32_t ctx : contexts) {
      CAPTURE(row.type);
      CAPTURE(ctx);
      const auto& one = cases[at++];
      CHECK(one["kv_type"] == row.type);
      CHECK(one["ctx"] == ctx);
      CHECK(one["kv_token_bytes"] == row.token);
      CHECK(one["kv_bytes"] == row.token * static_cast<std::uint64_t>(ctx));
      if (ctx == 65'536) CHECK(one["kv_bytes"] == row.at_64k);
      CHECK(one["total_bytes"] == one["weight_bytes"].get<std::uint64_t>() +
                                      one["kv_bytes"].get<std::uint64_t>() +
                                      one["scratch_bytes"].get<std::uint64_t>());
    }
  }
  CHECK(report["models"][0]["noise"] == true);
}

TEST_CASE("types of a shape have the sizes that quantize would write, and the same KV cache") {
  FitFixture program;
  for (const std::string& recipe : {std::string(), std::string(":recipe=bartowski")}) {
    std::string names;
    for (const char* type : {"q8_0", "q4_k_m", "q3_k_xl", "iq2_xxs"})
      names += (names.empty() ? "" : ",") + ("shape:glm-4.7-flash:" + std::string(type) + recipe);
    const auto report = program.json({"-m", names, "-c", "65536", "--vram", "96G"});
    REQUIRE(report["models"].size() == 4);
    for (const auto& row : report["models"]) {
      const std::string name = row["model"];
      CAPTURE(name);
      ToolArguments dry;
      dry.words = {"shape:glm-4.7-flash", split_words(name, ':')[2]};
      dry.dry_run = true;
      if (!recipe.empty()) dry.recipe = "bartowski";
      const auto plan = plan_quantize(dry, {});
      CHECK(row["file_bytes"] == plan->bytes);
      CHECK(row["weight_bytes"] == plan->tensor_bytes);
      CHECK(row["cases"][0]["kv_bytes"] == 3'548'381'184);
    }
  }
}

TEST_CASE("verdicts, exit status and remedies that hold when they are tried") {
  FitFixture program;
  CHECK(program.json({"-m", kFlash, "-c", "65536", "--vram", "32G"})["models"][0]["cases"][0]["verdict"] ==
        "fits");
  CHECK(program.json({"-m", kFlash, "-c", "65536", "--vram", "22G"})["models"][0]["cases"][0]["verdict"] ==
        "tight");
  const Words asked = {"-m", kFlash, "-c", "65536", "--parallel", "2", "--vram", "23G"};
  const auto report = program.json(asked, 4);
  CHECK(report["fits"] == false);
  CHECK(report["models"][0]["cases"][0]["verdict"] == "no");
  CHECK(report["models"][0]["cases"][0]["left_bytes"].get<std::int64_t>() < 0);
  Words kinds;
  for (const auto& remedy : report["remedies"]) {
    kinds.push_back(remedy["kind"]);
    CAPTURE(kinds.back());
    Words words = asked;
    const std::string change = remedy["change"];
    const std::size_t blank = change.find(' ');
    if (blank == change.npos) {
      words[1] = change;
    } else {
      for (const std::string& word : {change.substr(0, blank), change.substr(blank + 1)}) {
        const auto known = std::find(words.begin(), words.end(), word);
        if (known != words.end()) words.erase(known, known + 2);
      }
      words.push_back(change.substr(0, blank));
      words.push_back(change.substr(blank + 1));
    }
    const auto changed = program.json(words);
    CHECK(changed["models"][0]["cases"][0]["total_bytes"] == remedy["total_bytes"]);
    CHECK(changed["fits"] == true);
  }
  CHECK(kinds == Words{"context", "kv_type", "parallel", "cpu_moe_layers", "model"});
  // One block more of the longest context is too much.
  const std::int32_t longest = report["models"][0]["longest"][0]["ctx"];
  CHECK(longest == report["remedies"][0]["ctx"]);
  Words more = asked;
  more[3] = std::to_string(longest + 64);
  CHECK(program.json(more, 4)["fits"] == false);
  CHECK(program.run({"-m", kModel, "--vram", "1M"}) == 4);
  CHECK(program.shows("NO: "));
}

TEST_CASE("weights that have no room are named, least used first") {
  const GgufFile file(kModel);
  std::uint64_t embedding = 0, experts = 0, all = 0;
  bool head = false;
  for (const GgufTensor& tensor : file.tensors()) {
    all += tensor.bytes;
    head = head || tensor.name == "output.weight";
    if (tensor.name == "token_embd.weight") embedding = tensor.bytes;
    if (tensor.name.find("_exps.") != tensor.name.npos) experts += tensor.bytes;
  }
  REQUIRE(head);
  REQUIRE(experts > 0);
  Plan plan;
  plan.weight_bytes = all;
  plan.weights_stay = false;
  const auto groups = [&](std::uint64_t missing) {
    plan.available_bytes = all - missing;
    return spilled_groups(file, plan);
  };
  CHECK(groups(0).empty());
  const auto little = groups(embedding / 2);
  REQUIRE(little.size() == 1);
  CHECK(little[0].group == "embedding");
  CHECK(little[0].bytes == embedding);
  CHECK(little[0].spilled == embedding / 2);
  const auto more = groups(embedding + experts / 4);
  REQUIRE(more.size() == 2);
  CHECK(more[1].group == "routed experts");
  CHECK(more[1].spilled == experts / 4);
  CHECK(groups(embedding + experts + 1).size() == 3);
  plan.weights_stay = true;  // then it does not fit at all
  CHECK(groups(embedding).empty());
}

TEST_CASE("fit plans for the backend that is named") {
  FitFixture program;
  CHECK(program.run({"-m", kModel, "--backend", "reference", "-c", "64"}) == 0);
  CHECK(program.refusal({"-m", kModel, "--backend", "abacus"}) == ErrorCode::E301);
}

TEST_CASE("one model is a block, several are a table that is no wider than the terminal") {
  FitFixture program;
  CHECK(program.run({kModel, "-c", "512", "--kv-type", "q8_0"}) == 0);
  for (const char* text : {"weights", "KV cache", "scratch", "available", "free on this machine",
                           "FITS: ", "longest context that fits: 2 048 tokens"}) {
    CAPTURE(text);
    CHECK(program.shows(text));
  }
  CHECK(program.run({"-m", "shape:glm-4.7-flash:q8_0,shape:glm-4.7-flash:q4_k_m,/none.gguf", "--vram", "24G",
                     "-c", "8k,64k"}) == 0);
  CHECK(program.shows("GLIM-E101"));
  CHECK(program.shows("18.132"));  // GB of the file
  CHECK(program.shows("largest that fits 65 536 tokens with a tenth to spare"));

  FitReport report;
  report.memory = {std::uint64_t{24} << 30, true};
  report.contexts = {8192, 65536, 131072};
  report.kv_types = {QuantType::f16};
  report.ubatch = 256;
  FitRow row;
  row.name = "shape:glm-4.7-flash:q4_k_m";
  Plan plan;
  plan.weight_bytes = std::uint64_t{17} << 30;
  plan.available_bytes = report.memory.bytes;
  for (const std::int32_t ctx : report.contexts) row.cells.push_back({{ctx, QuantType::f16, 1}, plan, {}});
  row.longest = {{QuantType::f16, report.memory.bytes, 65536}, {QuantType::f16, std::uint64_t{8} << 30, {}}};
  report.rows = {row, row};
  report.rows[1].name = "shape:glm-4.7-flash:q8_0";
  for (const int width : {40, 60, 80, 160}) {
    std::istringstream lines(fit_text(report, width));
    for (std::string line; std::getline(lines, line);) {
      CAPTURE(line);
      CHECK(ui::display_width(line) <= width);
    }
  }
}

TEST_CASE("a model without a flag is that of the default profile, and -P takes its context and KV type") {
  FitFixture program;
  std::ofstream(program.dir / "profiles.toml")
      << "schema = 1\ndefault = \"mine\"\n[profile.mine]\nmodel.path = \"" << kModel
      << "\"\ncontext.ctx = 1024\ncontext.ubatch = 32\nkv.type_k = \"q8_0\"\n";
  for (const Words& words : {Words{}, Words{"-P", "mine"}}) {
    const auto report = program.json(words);
    CHECK(report["profile"] == "mine");
    CHECK(report["ubatch"] == 32);
    CHECK(report["models"][0]["model"] == kModel);
    CHECK(report["models"][0]["cases"][0]["ctx"] == 1024);
    CHECK(report["models"][0]["cases"][0]["kv_type"] == "q8_0");
  }
  CHECK(program.json({"-P", "mine", "-c", "512"})["models"][0]["cases"][0]["ctx"] == 512);
  CHECK(program.json({"-m", kModel})["models"][0]["cases"][0]["ctx"] == 2048);
  CHECK(program.refusal({"-P", "none"}) == ErrorCode::E602);
}

TEST_CASE("every load is kept with what was planned and what it took") {
  FitFixture program;
  CHECK(program.run({"--history"}) == 0);
  CHECK(program.shows("no model has been loaded yet"));
  FakeEngine engine({});
  engine.numbers.planned = {1000, 500, 500};
  engine.numbers.actual = {1000, 500, 480};
  engine.numbers.ctx = 4096;
  record_load(program.dir.path(), "a.gguf", engine);
  engine.numbers.actual = {1000, 500, 560};
  record_load(program.dir.path(), "b.gguf", engine);
  const auto history = program.json({"--history"});
  REQUIRE(history["loads"].size() == 2);
  CHECK(history["loads"][0]["model"] == "b.gguf");
  CHECK(history["loads"][0]["ctx"] == 4096);
  CHECK(history["loads"][0]["error"].get<double>() == doctest::Approx(0.03));
  CHECK(history["loads"][1]["actual"]["total_bytes"] == 1980);
  CHECK(history["median_error"].get<double>() == doctest::Approx(0.02));
  CHECK(program.run({"--history"}) == 0);
  CHECK(program.shows("median error 2.00 % of 2 loads"));
}

TEST_CASE("what cannot be is refused by name") {
  FitFixture program;
  for (const Words& words : std::vector<Words>{{kModel, "--vram", "much"},
                                               {kModel, "--vram", "0G"},
                                               {kModel, "--kv-type", "q9"},
                                               {kModel, "--parallel", "0"},
                                               {kModel, "--ubatch-size", "-1"},
                                               {"shape:glm-4.7-flash:q9"}}) {
    CAPTURE(words.back());
    CHECK(program.refusal(words) == ErrorCode::E501);
  }
  CHECK(program.refusal({kModel, "-c", "none"}) == ErrorCode::E603);
  CHECK(program.refusal({kModel, "-c", "4096"}) == ErrorCode::E603);
  CHECK(program.refusal({"/none.gguf"}) == ErrorCode::E101);
}

TEST_CASE("sizes are read with their units") {
  CHECK(bytes_from("24G", "--x", 1024) == std::uint64_t{24} << 30);
  CHECK(bytes_from("24G", "--x", 1000) == 24'000'000'000);
  CHECK(bytes_from("24GB", "--x", 1024) == 24'000'000'000);
  CHECK(bytes_from("1.5GiB", "--x", 1000) == std::uint64_t{3} << 29);
  CHECK(bytes_from("123", "--x", 1024) == 123);
  for (const char* text : {"", "G", "1T", "-1G", "1GG", "1e30", "nan"})
    CHECK_THROWS_AS(bytes_from(text, "--x", 1024), Error);
}

}  // namespace glim::app
