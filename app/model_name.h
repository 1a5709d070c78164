#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace glim::app {

/// Told what is being done and how far it is; false ends it (E901). Called on the thread that asked.
using MakeProgress = std::function<bool(std::string_view what, std::uint64_t done, std::uint64_t total)>;

/// Where model names are looked for.
struct ModelPlaces {
  std::filesystem::path installed;             ///< holds spark/spark.gguf
  std::vector<std::filesystem::path> folders;  ///< searched for names that are no path of their own
  std::filesystem::path cache = {};            ///< takes the built-in model in other types
  MakeProgress making = {};                    ///< watches while such a type is made
};

/// Replaces a leading ~ and every ${VAR}. Throws E101 for a variable that is not set.
std::string expand_path(std::string_view path);

/// What EngineOptions::model is to be for a name: a shape itself, else the path of the GGUF file that it
/// stands for: "spark" (or "builtin:spark", and "spark:TYPE", which is quantised on first use), a file, a
/// folder that holds exactly one GGUF file or one split set, or a file name in one of the folders. A leading
/// "${GLIM_MODELS}/" stands for every folder of `places` when the variable is not set. Throws E101 (not
/// found), E501 (no such type or shape), E701 (the cache cannot be written), E901
/// (ended by its watcher).
std::string resolve_model(std::string_view name, const ModelPlaces& places);

/// The file or folder that a name which is no keyword stands for: a path, or a name in one of the folders,
/// with or without ".gguf". Empty when there is none. Throws E101 for a variable that is not set.
std::optional<std::filesystem::path> find_model_path(std::string_view name, const ModelPlaces& places);

/// The GGUF files in a folder by name, of split sets the first part; empty when it cannot be read.
std::vector<std::filesystem::path> gguf_files(const std::filesystem::path& folder);

/// True for names that are no paths ("spark", "builtin:...", "shape:...") and so must not be made relative to
/// a file.
bool is_model_keyword(std::string_view name);

/// Whether a chat template is named by its file ("x/y", "y.jinja") rather than as one of the built-in
/// formats.
bool is_template_file(std::string_view name);

}  // namespace glim::app
