#include "app/model_name.h"

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <system_error>

#include "app/spark_cache.h"
#include "engine/base/error.h"
#include "engine/base/folder.h"
#include "engine/base/text.h"
#include "engine/shape/model_shape.h"

namespace glim::app {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kModelsVariable = "${GLIM_MODELS}/";

Error not_found(std::string_view name, const std::string& what, std::string help = {}) {
  return Error(ErrorCode::E101, strf("%s: %s", printable(name).c_str(), what.c_str()), std::move(help));
}

bool is_first_part(const std::string& file_name) {
  const std::size_t of = file_name.rfind("-of-");
  if (of == std::string::npos || of < 6) return true;
  return file_name.compare(of - 6, 6, "-00001") == 0;
}

}  // namespace

std::vector<fs::path> gguf_files(const fs::path& folder) {
  std::vector<fs::path> files = folder_entries(folder, ".gguf");
  std::erase_if(files, [](const fs::path& path) { return !is_first_part(path.filename().string()); });
  return files;
}

namespace {

std::string only_file_in(std::string_view name, const fs::path& folder) {
  const std::vector<fs::path> files = gguf_files(folder);
  if (files.empty()) throw not_found(name, "the folder holds no GGUF file; name the file that you want");
  if (files.size() == 1) return files.front().string();
  std::string list;
  for (std::size_t i = 0; i < std::min<std::size_t>(files.size(), 5); ++i)
    list += (i == 0 ? "" : ", ") + printable(files[i].filename().string(), 60);
  throw not_found(name, strf("the folder holds %zu models; name one of them", files.size()),
                  "for example " + list + (files.size() > 5 ? ", ..." : ""));
}

std::optional<fs::path> find_in_folders(const std::string& name, const ModelPlaces& places) {
  std::error_code ignored;
  for (const fs::path& folder : places.folders) {
    const fs::path path = folder / name;
    if (fs::exists(path, ignored)) return path;
  }
  return std::nullopt;
}

std::string built_in(std::string_view name, const ModelPlaces& places) {
  const std::size_t colon = std::min(name.find(':'), name.size());
  if (name.substr(0, colon) != "spark")
    throw not_found(name,
                    "there is no built-in model of this name; the one that comes with glim is \"spark\"");
  const fs::path path = places.installed / "spark" / "spark.gguf";
  std::error_code ignored;
  if (!fs::exists(path, ignored))
    throw not_found(path.string(),
                    "the built-in model is missing; name a GGUF file with -m or set GLIM_DATA_DIR",
                    "glim looks for spark/spark.gguf in the folder that holds its profiles.toml");
  if (colon == name.size()) return path.string();
  return spark_in_type(path, name.substr(colon + 1), places.cache, places.making).string();
}

}  // namespace

bool is_model_keyword(std::string_view name) {
  return name == "spark" || name.substr(0, 6) == "spark:" || name.substr(0, 8) == "builtin:" ||
         is_shape_name(name);
}

bool is_template_file(std::string_view name) {
  constexpr std::string_view ending = ".jinja";
  return name.find('/') != name.npos ||
         (name.size() > ending.size() && name.substr(name.size() - ending.size()) == ending);
}

std::string expand_path(std::string_view path) {
  std::string out;
  if (path == "~" || path.substr(0, 2) == "~/") {
    const char* home = std::getenv("HOME");
    out = home == nullptr ? "" : home;
    path.remove_prefix(1);
  }
  while (!path.empty()) {
    const std::size_t start = path.find("${");
    const std::size_t end = start == path.npos ? path.npos : path.find('}', start);
    if (end == path.npos) break;
    const std::string name(path.substr(start + 2, end - start - 2));
    const char* value = std::getenv(name.c_str());
    if (value == nullptr)
      throw not_found(path, strf("the environment variable %s is not set", printable(name).c_str()),
                      strf("set it, for example: export %s=~/models", printable(name).c_str()));
    out.append(path.substr(0, start)).append(value);
    path.remove_prefix(end + 1);
  }
  return out.append(path);
}

std::optional<fs::path> find_model_path(std::string_view name, const ModelPlaces& places) {
  if (name.starts_with(kModelsVariable) && std::getenv("GLIM_MODELS") == nullptr)
    return find_in_folders(std::string(name.substr(kModelsVariable.size())), places);
  const std::string path = expand_path(name);
  std::error_code ignored;
  if (fs::exists(path, ignored)) return path;
  if (path.find('/') != std::string::npos) return std::nullopt;
  for (const std::string& candidate : {path, path + ".gguf"})
    if (auto found = find_in_folders(candidate, places)) return found;
  return std::nullopt;
}

std::string resolve_model(std::string_view name, const ModelPlaces& places) {
  if (name.empty())
    throw not_found("model.path", "no model is named; use \"spark\" or the path of a GGUF file");
  if (is_shape_name(name)) return shape_named(name).name;
  if (name.substr(0, 8) == "builtin:") return built_in(name.substr(8), places);
  if (is_model_keyword(name)) return built_in(name, places);

  if (const auto path = find_model_path(name, places)) {
    std::error_code ignored;
    return fs::is_directory(*path, ignored) ? only_file_in(name, *path) : path->string();
  }
  if (name.starts_with(kModelsVariable) && std::getenv("GLIM_MODELS") == nullptr)
    throw not_found(name.substr(kModelsVariable.size()),
                    "the file is in none of the model folders; set GLIM_MODELS to the folder that holds it",
                    "or list your folders under [models] dirs in config.toml");
  throw not_found(expand_path(name), "no such file; check the path, or use \"spark\" for the built-in model");
}

}  // namespace glim::app
