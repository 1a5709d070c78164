#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/gguf/metadata_writer.h"
#include "engine/quantize/recipe.h"

namespace glim {

/// The sizes of a model of GLM-4.7-Flash's kind: latent attention, a dense first block, then blocks of routed
/// experts and a shared one.
struct ShapeGeometry {
  std::string_view name, label;
  std::int64_t blocks, dense_blocks, embedding, heads;
  std::int64_t query_rank, latent, rope, nope, value;  ///< of attention; the last three per head
  std::int64_t dense_width, expert_width, experts, experts_used, experts_shared;
  std::int64_t vocabulary, context;
};

/// Everything about a model but its weights: names, sizes and formats of its tensors. No model is needed to
/// ask how large it is, whether it fits and how fast it runs.
struct ModelShape {
  std::string name;  ///< as it was asked for
  ShapeGeometry geometry;
  const FileType* file_type;
  RuleBook rules;
  RecipeModel model;             ///< the tensors in BF16, vectors and routers in F32
  std::vector<QuantType> types;  ///< of the tensors as the file type has them
};

/// True for names that begin with "shape:".
bool is_shape_name(std::string_view name);

/// The shape "shape:MODEL[:TYPE][:layers=N][:recipe=BOOK]": MODEL is glm-4.7-flash or glm-4.7-flash-reap,
/// TYPE a file type (default BF16), N cuts the model to its first blocks, BOOK says whose mixture TYPE stands
/// for (llama.cpp, the default, or bartowski). Throws E501 with a suggestion.
ModelShape shape_named(std::string_view name);

/// The same for any sizes. The types are those that a file has which was made with an importance matrix when
/// the file type needs one, and without where it does not.
ModelShape make_shape(const ShapeGeometry& geometry, const FileType& file_type,
                      RuleBook rules = RuleBook::llama_cpp);

/// The one way of writing the name of a shape: "shape:glm-4.7-flash:q4_k_m:layers=4".
std::string plain_name(const ModelShape& shape);

/// Keys of the file, the made-up vocabulary included; `general.name` says that the weights are noise.
std::vector<std::pair<std::string, GgufOut>> shape_metadata(const ModelShape& shape);

}  // namespace glim
