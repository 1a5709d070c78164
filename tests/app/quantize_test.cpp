#include "app/quantize.h"

#include <csignal>
#include <cstdlib>
#include <sstream>
#include <string>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "app/arguments.h"
#include "app/one_shot.h"
#include "app/program.h"
#include "app/spark_cache.h"
#include "engine/base/error.h"
#include "engine/gguf/gguf_file.h"
#include "engine/shape/shape_file.h"
#include "tests/support/temp_dir.h"
#include "tests/support/tiny_gguf.h"

namespace glim::app {
namespace {

using Json = nlohmann::json;

const std::string kMini = GLIM_SOURCE_DIR "/tests/golden/model/glm-mini-Q8_0.gguf";

/// The program at its command line, away from the user's own files.
struct Tool {
  Tool() {
    for (const char* name : {"GLIM_CONFIG_HOME", "GLIM_STATE_HOME", "GLIM_CACHE_HOME"})
      setenv(name, (dir / "home").c_str(), 1);
  }
  ~Tool() {
    for (const char* name : {"GLIM_CONFIG_HOME", "GLIM_STATE_HOME", "GLIM_CACHE_HOME"}) unsetenv(name);
  }

  int run(const std::vector<std::string>& words) {
    out.str("");
    err.str("");
    Console console{in, out, err};
    RealEngines engines;
    return run_program(parse_arguments(words), engines, console);
  }

  std::string refusal(const std::vector<std::string>& words) {
    try {
      run(words);
    } catch (const Error& error) {
      return std::string(error_name(error.code())) + " " + error.what();
    }
    return "";
  }

  TempDir dir;
  std::istringstream in;
  std::ostringstream out, err;
};

TEST_CASE("A dry run shows formats and size and writes nothing") {
  Tool tool;
  CHECK(tool.run({"quantize", kMini, "Q4_K_M", "--dry-run"}) == 0);
  const std::string text = tool.out.str();
  CHECK(text.find("blk.*.ffn_down_exps.weight") != std::string::npos);
  CHECK(text.find("bits per weight") != std::string::npos);
  CHECK(
      text.find("note: blk.*.attn_k_b.weight (2): rows of 64 values are no whole blocks of q4_k; it becomes "
                "q5_0") != std::string::npos);
  CHECK(text.find("note: the source is quantised already (q8_0") != std::string::npos);
  CHECK(std::filesystem::is_empty(tool.dir.path()));
}

TEST_CASE("The size that a dry run states is the size of the file") {
  Tool tool;
  for (const char* type : {"Q4_K_M", "Q8_0", "Q3_0_ROCMFPX_AGENT", "BF16"}) {
    CAPTURE(type);
    const std::string out = tool.dir / "m.gguf";
    CHECK(tool.run({"quantize", kMini, out, type, "--dry-run", "--json"}) == 0);
    const Json plan = Json::parse(tool.out.str());
    CHECK(tool.run({"quantize", kMini, out, type, "--threads", "2"}) == 0);
    const GgufFile file(out);
    CHECK(file.file_bytes() == plan.at("bytes").get<std::uint64_t>());
    REQUIRE(plan.at("tensors").size() == file.tensors().size());
    for (std::size_t i = 0; i < file.tensors().size(); ++i) {
      CHECK(plan["tensors"][i]["name"] == std::string(file.tensors()[i].name));
      CHECK(plan["tensors"][i]["type"] == std::string(quant(file.tensors()[i].type).name));
      CHECK(plan["tensors"][i]["bytes"] == file.tensors()[i].bytes);
    }
  }
}

TEST_CASE("A shape can be planned like a file") {
  Tool tool;
  CHECK(tool.run({"quantize", "--dry-run", "--json", "shape:glm-4.7-flash", "Q4_0_ROCMFP4_STRIX_LEAN"}) == 0);
  const Json plan = Json::parse(tool.out.str());
  CHECK(plan.at("tensors").size() == 844);
  CHECK(std::abs(plan.at("bytes").get<double>() / 1e9 - 15.988) < 0.002);
  CHECK(std::abs(plan.at("bits_per_weight").get<double>() - 4.269) < 0.001);
  CHECK(plan.at("notes").dump().find("attn_v, attn_k") != std::string::npos);
  CHECK(tool.refusal({"quantize", "shape:glm-4.7-flash", "x.gguf", "Q8_0"}).find("--dry-run") !=
        std::string::npos);
}

TEST_CASE("A written shape is loaded, answers and can be quantised again") {
  Tool tool;
  ShapeGeometry small = shape_named("shape:glm-4.7-flash:layers=2").geometry;
  small.embedding = 256, small.heads = 2, small.query_rank = 256, small.dense_width = 512;
  small.expert_width = 256, small.experts = 8, small.vocabulary = 2000, small.context = 1024;
  const std::string path = tool.dir / "noise.gguf", again = tool.dir / "again.gguf";
  for (const char* type : {"BF16", "Q4_K_M", "IQ3_XXS"}) {
    CAPTURE(type);
    write_shape(make_shape(small, file_type_named(type, "test")), path,
                [](std::uint64_t, std::uint64_t) { return true; });
    CHECK(tool.run({"quantize", path, again, "Q8_0"}) == 0);
    for (const std::string& file : {path, again}) {
      CHECK(tool.run({"run", "-m", file, "-n", "5", "-c", "256", "--think", "off", "--temp", "0",
                      "babe bi"}) == 0);
      CHECK_FALSE(tool.out.str().empty());
    }
  }
}

TEST_CASE("Flags change single tensors, split the file and reach the metadata") {
  Tool tool;
  const std::string out = tool.dir / "m.gguf";
  CHECK(tool.run({"quantize", kMini, out, "Q4_K_M", "--tensor-type", "blk\\.1\\.ffn_down=q8_0",
                  "--tensor-type", "ffn_down=q5_k", "--token-embedding-type", "q6_k", "--output-tensor-type",
                  "bf16", "--split-size", "500K", "--imatrix",
                  GLIM_SOURCE_DIR "/tests/golden/e2e/mini.imatrix.gguf"}) == 0);
  const auto first = std::filesystem::directory_iterator(tool.dir.path())->path();
  const std::string tail = first.filename().string().substr(7);
  const GgufFile file(tool.dir / ("m-00001" + tail));
  CHECK(file.part_count() > 1);
  CHECK(file.tensor("blk.1.ffn_down_exps.weight")->type == QuantType::q8_0);
  CHECK(file.tensor("blk.0.ffn_down.weight")->type == QuantType::q5_k);
  CHECK(file.tensor("token_embd.weight")->type == QuantType::q6_k);
  CHECK(file.tensor("output.weight")->type == QuantType::bf16);
  CHECK(file.get_string("quantize.imatrix.file") == "mini.imatrix.gguf");
}

TEST_CASE("What is wrong with a command is one sentence with its remedy") {
  Tool tool;
  const std::string out = tool.dir / "m.gguf";
  const auto says = [&](const std::vector<std::string>& words, const char* part) {
    const std::string message = tool.refusal(words);
    CAPTURE(message);
    CHECK(message.find(part) != std::string::npos);
    CHECK(message.find('\n') == std::string::npos);
  };
  says({"quantize", kMini, out}, "IN OUT TYPE");
  says({"quantize", kMini, out, "Q4_K_MM"}, "did you mean Q4_K_M?");
  says({"quantize", kMini, out, "IQ2_XS"}, "--imatrix");
  says({"quantize", kMini, kMini, "Q4_0"}, "replace its own source");
  says({"quantize", kMini, out, "Q4_0", "--split-size", "big"}, "--split-size big is no size");
  says({"quantize", kMini, out, "Q4_0", "--tensor-type", "ffn_down"}, "\"=\" is missing");
  says({"quantize", kMini, out, "Q4_0", "--tensor-type", "ffn_down=q9"}, "there is no format \"q9\"");
  says({"quantize", kMini, out, "Q4_K_S", "--pure"}, "leave out --pure");
  says({"quantize", kMini, out, "IQ1_S", "--recipe", "bartowski"}, "--recipe llama.cpp");
  says({"quantize", kMini, out, "Q4_0", "--threads", "-3"}, "--threads -3");
  says({"quantize", kMini, (tool.dir / "none/m.gguf").string(), "Q4_0"}, "E701");
  says({"quantize", "nowhere.gguf", out, "Q4_0"}, "E101");
  says({"quantize", kMini, out, "Q4_0", "--imatrix", "nowhere"}, "E101");
  says({"debug", "write-shape", "glm-4.7-flash", out}, "SHAPE FILE");
  says({"debug", "write-shape", "shape:glm-4.7", out}, "there is no shape");
  CHECK(std::filesystem::is_empty(tool.dir.path()));
}

TEST_CASE("A signal ends the work without a file") {
  const TempDir dir;
  std::istringstream in;
  std::ostringstream out, err;
  Console console{in, out, err};
  ToolArguments arguments;
  const ModelPlaces places;
  for (const bool shape : {false, true}) {
    Signals signals;
    const std::string path = dir / "m.gguf";
    arguments.words = {kMini, path, "Q8_0"};
    if (shape) arguments.words = {"shape:glm-4.7-flash:q4_0:layers=1", path};
    const ToolJob job{arguments, places, console, signals};
    std::raise(SIGINT);
    CHECK((shape ? debug_write_shape(job) : quantize(job)) == 128 + SIGINT);
    CHECK(err.str().find("was not written") != std::string::npos);
    CHECK(std::filesystem::is_empty(dir.path()));
  }
}

TEST_CASE("The built-in model in another type is made once and again when it has changed") {
  const TempDir dir;
  std::filesystem::create_directories(dir / "spark");
  const auto write = [&](float first) {
    std::vector<float> values(64, 0.25f);
    values[0] = first;
    TinyGguf file;
    file.set("general.architecture", std::string("toy"));
    file.tensor("token_embd.weight", {32, 2}, values);
    file.write(dir / "spark/spark.gguf");
  };
  const ModelPlaces places{dir.path(), {}, dir / "cache"};
  write(1);
  CHECK(resolve_model("spark:bf16", places) == (dir / "spark/spark.gguf").string());
  const std::string made = resolve_model("spark:q8_0", places);
  CHECK(GgufFile(made).get_int("general.file_type") == 7);
  const auto when = std::filesystem::last_write_time(made);
  CHECK(resolve_model("spark:Q8_0", places) == made);
  CHECK(std::filesystem::last_write_time(made) == when);
  const std::string other = resolve_model("spark:q4_0", places);
  write(2);
  const std::string again = resolve_model("spark:q8_0", places);
  CHECK(again != made);
  CHECK_FALSE(std::filesystem::exists(made));
  CHECK(std::filesystem::exists(other));
  CHECK_THROWS_AS(resolve_model("spark:q9_0", places), Error);
  CHECK_THROWS_AS(resolve_model("spark:iq2_xs", places), Error);
}

}  // namespace
}  // namespace glim::app
