#include "app/model_list.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>

#include "engine/base/error.h"
#include "tests/support/temp_dir.h"

namespace glim::app {
namespace {

using Names = std::vector<std::string>;

void touch(const std::filesystem::path& path) {
  std::ofstream(path) << "x";
}

Names expanded(const Names& words, const ModelPlaces& places = {}) {
  return expand_model_names(words, places);
}

ErrorCode refusal(const Names& words) {
  try {
    expanded(words);
  } catch (const Error& error) {
    return error.code();
  }
  return ErrorCode::E901;
}

bool has(const Names& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

TEST_CASE("commas separate names and nothing comes twice") {
  CHECK(expanded({"spark:q8_0,spark", "shape:glm-4.7-flash:q4_k_m:layers=2,spark"}) ==
        Names{"spark:q8_0", "spark", "shape:glm-4.7-flash:q4_k_m:layers=2"});
  CHECK(expanded({"/no/such/file.gguf"}) == Names{"/no/such/file.gguf"});
  CHECK(refusal({"spark,"}) == ErrorCode::E501);
  CHECK(refusal({""}) == ErrorCode::E501);
}

TEST_CASE("a star stands for the 27 published types of a shape, and other parts stay") {
  const Names all = expanded({"shape:glm-4.7-flash:*"});
  CHECK(all.size() == 27);
  CHECK(all.front() == "shape:glm-4.7-flash:bf16");
  CHECK(all.back() == "shape:glm-4.7-flash:iq2_xxs");
  CHECK(has(all, "shape:glm-4.7-flash:q3_k_xl"));
  CHECK(!has(all, "shape:glm-4.7-flash:iq1_s"));
  const Names cut = expanded({"shape:glm-4.7-flash-reap:*:layers=4:recipe=bartowski"});
  CHECK(cut.size() == 27);
  CHECK(has(cut, "shape:glm-4.7-flash-reap:q4_k_m:layers=4:recipe=bartowski"));
  for (const std::string& name : cut) CHECK_NOTHROW(resolve_model(name, {}));
}

TEST_CASE("a star stands for the types that the built-in model can be made in") {
  const Names all = expanded({"spark:*"});
  CHECK(has(all, "spark:bf16"));
  CHECK(has(all, "spark:q4_k_m"));
  CHECK(all.size() > 15);
}

TEST_CASE("a folder stands for its models, also one of the model folders") {
  TempDir dir;
  CHECK(refusal({dir.path().string()}) == ErrorCode::E101);
  const std::filesystem::path models = dir / "GLM, all";
  std::filesystem::create_directory(models);
  touch(models / "b.gguf");
  touch(models / "a-00001-of-00002.gguf");
  touch(models / "a-00002-of-00002.gguf");
  const Names files = {(models / "a-00001-of-00002.gguf").string(), (models / "b.gguf").string()};
  CHECK(expanded({models.string()}) == files);
  CHECK(expanded({"GLM, all"}, ModelPlaces{{}, {dir.path()}, {}}) == files);
}

}  // namespace glim::app
