#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/model_name.h"
#include "app/tool_arguments.h"
#include "engine/quantize/quantizer.h"

namespace glim::app {

/// What `glim quantize` was asked to do, worked out as far as that is possible without writing.
struct QuantizePlan {
  std::string source_name;
  std::unique_ptr<GgufFile> source;  ///< null: a shape
  std::filesystem::path out;         ///< empty in a dry run that names none
  ImportanceMatrix importance;       ///< what options.importance points to, if it does
  QuantizeOptions options;

  RecipeModel model;
  std::vector<Assignment> types;
  std::vector<std::string> notes;  ///< what a name promises and does not do, and other surprises
  std::uint64_t bytes = 0;         ///< of the new file, or of all its parts
  std::uint64_t tensor_bytes = 0;  ///< of the weights alone
  std::uint64_t parameters = 0;
  double bits_per_weight() const;
};

/// Throws Error: E501 for what the words and flags say, what opening the files throws. The plan is not to be
/// moved: its parts refer to each other.
std::unique_ptr<QuantizePlan> plan_quantize(const ToolArguments& arguments, const ModelPlaces& places);

/// "18.133 GB = 16.888 GiB"
std::string file_size_text(std::uint64_t bytes);

/// The plan as a table for people, with its notes.
std::string plan_text(const QuantizePlan& plan);
/// {"source", "out", "file_type", "bytes", "tensors": [{"name", "shape", "type", "bytes", ...}], ...}
std::string plan_json(const QuantizePlan& plan);

}  // namespace glim::app
