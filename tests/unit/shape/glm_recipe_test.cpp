#include <fstream>
#include <map>
#include <string>

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "engine/base/text.h"
#include "engine/shape/model_shape.h"

namespace glim {
namespace {

using Json = nlohmann::json;

RecipeOptions options_for(std::string_view type, RuleBook rules, bool importance) {
  RecipeOptions out;
  out.file_type = &file_type_named(type, "test");
  out.rules = rules;
  out.importance = importance;
  return out;
}

std::uint64_t bytes_of(const RecipeModel& model, const RecipeOptions& options) {
  const std::vector<Assignment> types = assign_types(model, options);
  std::uint64_t out = 0;
  for (std::size_t i = 0; i < types.size(); ++i) out += tensor_bytes(model.tensors[i], types[i].type);
  return out;
}

/// "attn_k_b.weight" of "blk.3.attn_k_b.weight".
std::string class_of(const std::string& name) {
  return name.starts_with("blk.") ? name.substr(name.find('.', 4) + 1) : name;
}

TEST_CASE("The rules of llama.cpp give every tensor of GLM-4.7-Flash the type that its own files have") {
  const Json maps = Json::parse(std::ifstream(GLIM_SOURCE_DIR "/tests/golden/e2e/glm_types.json"));
  int checked = 0;
  for (const auto& [key, shape_name] :
       {std::pair{"flash", "shape:glm-4.7-flash"}, {"reap", "shape:glm-4.7-flash-reap"}}) {
    const RecipeModel model = shape_named(shape_name).model;
    for (const auto& [name, golden] : maps.at(key).items()) {
      CAPTURE(name);
      const bool importance = name.find("(imatrix)") != name.npos;
      const std::string type = name.substr(0, name.find(' '));
      // The dry runs behind the other rows were made without a matrix, which those files cannot be.
      const RecipeOptions options = options_for(type, RuleBook::llama_cpp, importance);
      CHECK(bytes_of(model, options) == golden.at("tensor_bytes").get<std::uint64_t>());
      std::map<std::string, std::map<std::string, int>> classes;
      const std::vector<Assignment> types = assign_types(model, options);
      for (std::size_t i = 0; i < types.size(); ++i)
        ++classes[class_of(model.tensors[i].name)][std::string(quant(types[i].type).name)];
      std::map<std::string, std::map<std::string, int>> expected;
      for (const auto& [tensor, counts] : golden.at("types").items())
        for (const auto& [written, count] : counts.items()) {
          std::string lower = written;
          for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
          expected[tensor][lower] = count.get<int>();
        }
      CHECK(classes == expected);
      ++checked;
    }
  }
  CHECK(checked == 82);
}

struct SizeRow {
  const char* type;
  double bartowski, llama_cpp;  ///< GB with metadata
};

TEST_CASE("The 27 published sizes of bartowski's files follow from his rules") {
  constexpr SizeRow rows[] = {
      {"BF16", 59.91, 59.909},   {"Q8_0", 31.84, 31.843},   {"Q6_K_L", 24.98, 24.768},
      {"Q6_K", 24.83, 24.615},   {"Q5_K_L", 21.76, 21.460}, {"Q5_K_M", 21.57, 21.264},
      {"Q5_K_S", 20.85, 20.664}, {"Q4_1", 18.95, 18.807},   {"Q4_K_L", 18.71, 18.368},
      {"Q4_K_M", 18.47, 18.133}, {"Q4_K_S", 17.78, 17.072}, {"Q4_0", 17.39, 17.008},
      {"IQ4_NL", 17.15, 16.956}, {"IQ4_XS", 16.25, 16.033}, {"Q3_K_XL", 14.78, 15.869},
      {"Q3_K_L", 14.50, 15.592}, {"Q3_K_M", 14.07, 14.380}, {"IQ3_M", 13.98, 13.211},
      {"Q3_K_S", 13.48, 13.034}, {"IQ3_XS", 12.71, 12.344}, {"IQ3_XXS", 12.25, 11.646},
      {"Q2_K_L", 11.35, 11.353}, {"Q2_K", 11.04, 11.043},   {"IQ2_M", 9.85, 9.898},
      {"IQ2_S", 8.78, 9.014},    {"IQ2_XS", 8.67, 8.869},   {"IQ2_XXS", 7.62, 7.970},
  };
  constexpr double kMetadata = 0.0093;
  const RecipeModel model = shape_named("shape:glm-4.7-flash").model;
  for (const SizeRow& row : rows) {
    CAPTURE(row.type);
    const auto size = [&](RuleBook rules) {
      return static_cast<double>(bytes_of(model, options_for(row.type, rules, true))) / 1e9 + kMetadata;
    };
    CHECK(std::abs(size(RuleBook::bartowski) - row.bartowski) < 0.006);
    CHECK(std::abs(size(RuleBook::llama_cpp) - row.llama_cpp) < 0.0011);
  }
}

TEST_CASE("The sizes of the ROCmFPX presets are those of the table for both models") {
  constexpr struct {
    const char* type;
    double flash, reap;
  } rows[] = {
      {"Q4_0_ROCMFP4", 19.578, 15.037},
      {"Q4_0_ROCMFP4_LEAN", 16.914, 13.001},
      {"Q4_0_ROCMFP4_COHERENT", 16.956, 13.043},
      {"Q4_0_ROCMFP4_FAST", 15.939, 12.243},
      {"Q4_0_ROCMFP4_FAST_COHERENT", 16.030, 12.334},
      {"Q4_0_ROCMFP4_STRIX", 16.030, 12.334},
      {"Q4_0_ROCMFP4_STRIX_LEAN", 15.988, 12.292},
      {"Q3_0_ROCMFPX", 16.446, 12.634},
      {"Q6_0_ROCMFPX", 24.681, 18.954},
      {"Q8_0_ROCMFPX", 30.907, 23.738},
      {"Q3_0_ROCMFPX_AGENT", 21.764, 16.705},
      {"Q6_0_ROCMFPX_AGENT", 27.695, 21.274},
      {"Q8_0_ROCMFPX_AGENT", 31.388, 24.109},
      {"Q6_0_ROCMFPX_STRIX_LEAN", 18.798, 14.479},
      {"Q6_0_ROCMFPX_STRIX_SPEED", 16.256, 12.560},
      {"Q6_0_ROCMFPX_STRIX_QUALITY", 26.940, 20.718},
      {"MXFP4_MOE", 16.968, 13.272},
      {"Q8_0", 31.843, 24.457},
      {"Q4_K_M", 18.133, 13.934},
      {"IQ4_XS", 16.033, 12.337},
      {"BF16", 59.909, 46.011},
  };
  const RecipeModel flash = shape_named("shape:glm-4.7-flash").model;
  const RecipeModel reap = shape_named("shape:glm-4.7-flash-reap").model;
  for (const auto& row : rows) {
    CAPTURE(row.type);
    const RecipeOptions options = options_for(row.type, RuleBook::llama_cpp, true);
    constexpr double kMetadata = 0.0093;
    CHECK(std::abs(static_cast<double>(bytes_of(flash, options)) / 1e9 + kMetadata - row.flash) < 0.0011);
    CHECK(std::abs(static_cast<double>(bytes_of(reap, options)) / 1e9 + kMetadata - row.reap) < 0.0011);
  }
}

TEST_CASE("A preset that names tensors which a model with latent attention lacks is reported") {
  const RecipeModel model = shape_named("shape:glm-4.7-flash").model;
  const auto notes = recipe_notes(model, options_for("Q4_0_ROCMFP4_STRIX_LEAN", RuleBook::llama_cpp, false));
  REQUIRE(notes.size() == 1);
  CHECK(notes[0].find("Q4_0_ROCMFP4_STRIX_LEAN") != std::string::npos);
  CHECK(notes[0].find("attn_v, attn_k") != std::string::npos);
  CHECK(recipe_notes(model, options_for("Q6_K", RuleBook::llama_cpp, false)).empty());
}

}  // namespace
}  // namespace glim
