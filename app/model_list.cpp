#include "app/model_list.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <system_error>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/quantize/file_type.h"
#include "engine/shape/model_shape.h"

namespace glim::app {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kAny = ":*";

/// Where ":*" stands as a part of its own.
std::size_t find_wildcard(std::string_view name) {
  for (std::size_t at = name.find(kAny); at != name.npos; at = name.find(kAny, at + 1)) {
    const std::size_t end = at + kAny.size();
    if (end == name.size() || name[end] == ':') return at;
  }
  return name.npos;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

class NameList {
 public:
  explicit NameList(const ModelPlaces& places) : places_(places) {}

  void add_word(const std::string& word) {
    if (!is_model_keyword(word) && find_model_path(word, places_)) return add_name(word);
    for (const std::string& name : split_words(word, ',')) {
      if (name.empty())
        throw Error(ErrorCode::E501, "\"" + printable(word) + "\": there is an empty name between commas");
      add_name(name);
    }
  }

  std::vector<std::string> take() { return std::move(names_); }

 private:
  void add(std::string name) {
    if (std::find(names_.begin(), names_.end(), name) == names_.end()) names_.push_back(std::move(name));
  }

  void add_name(const std::string& name) {
    const std::size_t any = find_wildcard(name);
    const bool spark = name.starts_with("spark:") || name.starts_with("builtin:spark:");
    if (any != name.npos && (spark || is_shape_name(name))) return add_types(name, any);
    if (is_model_keyword(name)) return add(name);
    const std::optional<fs::path> path = find_model_path(name, places_);
    std::error_code ignored;
    if (!path || !fs::is_directory(*path, ignored)) return add(name);
    const std::vector<fs::path> files = gguf_files(*path);
    if (files.empty())
      throw Error(ErrorCode::E101,
                  printable(name) + ": the folder holds no GGUF file; name the folder or file that you want");
    for (const fs::path& file : files) add(file.string());
  }

  void add_types(const std::string& name, std::size_t any) {
    for (const FileType& type : kFileTypes)
      if (type.published) add(name.substr(0, any + 1) + lower(type.name) + name.substr(any + kAny.size()));
  }

  const ModelPlaces& places_;
  std::vector<std::string> names_;
};

}  // namespace

std::vector<std::string> expand_model_names(std::span<const std::string> words, const ModelPlaces& places) {
  NameList list(places);
  for (const std::string& word : words) list.add_word(word);
  return list.take();
}

}  // namespace glim::app
