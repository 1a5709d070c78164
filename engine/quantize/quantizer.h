#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/gguf/gguf_file.h"
#include "engine/gguf/gguf_writer.h"
#include "engine/quantize/recipe.h"

namespace glim {

/// What the rules need to know of a file. Throws E105 for keys of a wrong type.
RecipeModel recipe_model(const GgufFile& file);

struct QuantizeOptions {
  RecipeOptions recipe;
  const ImportanceMatrix* importance = nullptr;  ///< not owned; recipe.importance says the same
  std::string importance_file;                   ///< its name, for the metadata
  std::uint64_t split_bytes = 0;                 ///< see GgufWriter
  int threads = 1;
};

struct QuantizeProgress {
  std::uint64_t done, total;  ///< bytes of the new file
  std::string_view tensor;
  std::size_t index, count;  ///< of the tensor, from 0
};

/// Announces everything to `writer` that the new file's header holds: the source's keys, those that tell how
/// it was made, and the tensors.
void announce_quantised(GgufWriter& writer, const GgufFile& source, const RecipeModel& model,
                        const std::vector<Assignment>& types, const QuantizeOptions& options);

/// Sentences about entries of the importance matrix that will not be used. Throws E105 for one that belongs
/// to a tensor of another size.
std::vector<std::string> check_importance(const RecipeModel& model, const std::vector<Assignment>& types,
                                          const ImportanceMatrix& importance);

/// Writes `source` in the formats of the recipe to `path`, tensor by tensor in the order of the source, with
/// a bounded number of rows in memory. `on_progress` is called some times a second on the calling thread;
/// false cancels. Returns false when it was cancelled; then, and when it throws, nothing stands at `path`.
/// Tensors that have their format already are copied. Throws E501 (types that do not fit, importance that is
/// missing), E105 (values that are no numbers), E403 (the source shrank), E701.
bool quantize_file(const GgufFile& source, const std::filesystem::path& path, const QuantizeOptions& options,
                   const std::function<bool(const QuantizeProgress&)>& on_progress);

}  // namespace glim
