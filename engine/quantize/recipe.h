#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/quantize/file_type.h"
#include "engine/quantize/importance.h"
#include "engine/quantize/name_pattern.h"

namespace glim {

/// A tensor as a recipe sees it.
struct RecipeTensor {
  std::string name;
  std::array<std::int64_t, 4> shape;  ///< fastest varying first; unused sizes are 1
  QuantType type;                     ///< in the source

  std::int64_t values() const { return shape[0] * shape[1] * shape[2] * shape[3]; }
};

/// What the rules ask about a model besides its tensors.
struct RecipeModel {
  std::vector<RecipeTensor> tensors;
  std::int64_t blocks = 0, experts = 0, heads = 1, kv_heads = 1;
};

/// Whose table of rules a file type's name stands for.
enum class RuleBook : std::uint8_t { llama_cpp, bartowski };
std::string_view rule_book_name(RuleBook book);  ///< "llama.cpp", "bartowski"
std::optional<RuleBook> rule_book_named(std::string_view name);

struct TensorOverride {
  NamePattern pattern;
  QuantType type;
};

struct RecipeOptions {
  const FileType* file_type = nullptr;
  RuleBook rules = RuleBook::llama_cpp;
  bool pure = false;  ///< the default type everywhere, or an error where its blocks do not fit
  std::optional<QuantType> token_embedding, output;
  std::vector<TensorOverride> overrides;  ///< the first pattern that is found in a name decides
  bool importance = false;                ///< an importance matrix will be used
};

/// The format that a tensor gets, and what brought it about.
struct Assignment {
  enum class Why : std::uint8_t {
    kept,         ///< never quantised: norms, biases, routers
    rule,         ///< of the file type
    asked,        ///< an override of the user's
    does_not_fit  ///< `wanted` has longer blocks than this tensor's rows can be cut into
  } why;
  QuantType type;
  QuantType wanted;  ///< before the shape was looked at; else the same as `type`
};

/// One per tensor, in the same order. Throws E501: a type does not fit in a pure file, the rule book does not
/// know the file type. Rules: llama.cpp of mid-2026 with the ROCmFPX presets (its exceptions for Falcon and
/// for Llama of 80 blocks are left out), and the mixtures of bartowski's files of January 2026.
std::vector<Assignment> assign_types(const RecipeModel& model, const RecipeOptions& options);

/// Sentences about what is asked for and changes nothing: rules of the file type for tensors which this model
/// does not have, patterns that are found in no name.
std::vector<std::string> recipe_notes(const RecipeModel& model, const RecipeOptions& options);

/// The first tensor that would be of no use without importance for its channels and has none in `importance`
/// (null: there is no matrix); nullopt: all is well.
std::optional<std::string> lacks_importance(const RecipeModel& model, const RecipeOptions& options,
                                            std::span<const Assignment> types,
                                            const ImportanceMatrix* importance);

std::uint64_t tensor_bytes(const RecipeTensor& tensor, QuantType type);

}  // namespace glim
