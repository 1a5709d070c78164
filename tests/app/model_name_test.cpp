#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>

#include "app/model_name.h"
#include "app/profile_toml.h"
#include "engine/base/error.h"
#include "tests/support/temp_dir.h"

namespace glim::app {
namespace {

void touch(const std::filesystem::path& path) {
  std::ofstream(path) << "x";
}

/// Sets or removes a variable for the time of one test.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) {
    if (const char* before = std::getenv(name)) before_ = before;
    value != nullptr ? setenv(name, value, 1) : unsetenv(name);
  }
  ~Variable() { before_ ? setenv(name_, before_->c_str(), 1) : unsetenv(name_); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* name_;
  std::optional<std::string> before_;
};

ErrorCode code_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.code();
  }
  return ErrorCode::E901;
}

}  // namespace

TEST_CASE("spark is the file beside the program's profiles") {
  TempDir dir;
  const ModelPlaces places{dir.path(), {}};
  CHECK(code_of([&] { resolve_model("spark", places); }) == ErrorCode::E101);
  std::filesystem::create_directory(dir / "spark");
  touch(dir / "spark/spark.gguf");
  CHECK(resolve_model("spark", places) == (dir / "spark/spark.gguf").string());
  CHECK(resolve_model("builtin:spark", places) == (dir / "spark/spark.gguf").string());
  CHECK(code_of([&] { resolve_model("builtin:other", places); }) == ErrorCode::E101);
}

TEST_CASE("names of things that cannot be loaded say so") {
  CHECK(code_of([] { resolve_model("spark:q4_0", {}); }) == ErrorCode::E101);
  CHECK(code_of([] { resolve_model("shape:glm-4.7-flash:q4_k_x", {}); }) == ErrorCode::E501);
  CHECK(code_of([] { resolve_model("shape:glm-4.7-flash:*", {}); }) == ErrorCode::E501);
  CHECK(code_of([] { resolve_model("", {}); }) == ErrorCode::E101);
}

TEST_CASE("a shape is its own name") {
  CHECK(resolve_model("shape:glm-4.7-flash:q4_k_m:layers=2", {}) == "shape:glm-4.7-flash:q4_k_m:layers=2");
}

TEST_CASE("a folder stands for the one model in it") {
  TempDir dir;
  CHECK(code_of([&] { resolve_model(dir.path().string(), {}); }) == ErrorCode::E101);
  touch(dir / "m-00001-of-00002.gguf");
  touch(dir / "m-00002-of-00002.gguf");
  touch(dir / "readme.txt");
  CHECK(resolve_model(dir.path().string(), {}) == (dir / "m-00001-of-00002.gguf").string());
  touch(dir / "other.gguf");
  CHECK(code_of([&] { resolve_model(dir.path().string(), {}); }) == ErrorCode::E101);
}

TEST_CASE("variables and the home folder are filled in") {
  TempDir dir;
  const Variable models("GLIM_MODELS", dir.path().c_str());
  const Variable home("HOME", dir.path().c_str());
  touch(dir / "x.gguf");
  CHECK(resolve_model("${GLIM_MODELS}/x.gguf", {}) == (dir / "x.gguf").string());
  CHECK(resolve_model("~/x.gguf", {}) == (dir / "x.gguf").string());
  CHECK(code_of([] { expand_path("${GLIM_TEST_UNSET}/x"); }) == ErrorCode::E101);
  CHECK(expand_path("${unfinished") == "${unfinished");
  CHECK(expand_path("a~b") == "a~b");
}

TEST_CASE("without GLIM_MODELS the folders of the configuration are searched") {
  TempDir dir;
  const Variable models("GLIM_MODELS", nullptr);
  const ModelPlaces places{{}, {dir / "none", dir.path()}};
  CHECK(code_of([&] { resolve_model("${GLIM_MODELS}/x.gguf", places); }) == ErrorCode::E101);
  touch(dir / "x.gguf");
  CHECK(resolve_model("${GLIM_MODELS}/x.gguf", places) == (dir / "x.gguf").string());
  CHECK(resolve_model("x.gguf", places) == (dir / "x.gguf").string());
  CHECK(resolve_model("x", places) == (dir / "x.gguf").string());
}

TEST_CASE("the folders of the configuration are read from config.toml") {
  TempDir dir;
  CHECK(read_model_folders(dir / "config.toml").empty());
  std::ofstream(dir / "config.toml") << "[models]\ndirs = [\"/models\", \"here\"]\n";
  const auto folders = read_model_folders(dir / "config.toml");
  REQUIRE(folders.size() == 2);
  CHECK(folders[0] == "/models");
  CHECK(folders[1] == dir / "here");
  std::ofstream(dir / "config.toml") << "[models]\ndir = []\n";
  CHECK(code_of([&] { read_model_folders(dir / "config.toml"); }) == ErrorCode::E602);
}

}  // namespace glim::app
