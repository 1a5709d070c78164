#include "engine/convert/checkpoint.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "engine/base/folder.h"
#include "engine/base/text.h"
#include "engine/convert/json_file.h"

namespace glim {
namespace {

namespace fs = std::filesystem;
constexpr const char* kIndex = "model.safetensors.index.json";
constexpr std::size_t kMaxParts = 4096;

std::string shown(const fs::path& path) {
  return printable(path.string());
}

/// The tensors that the index places in each file. File names are plain names, so that an index cannot make
/// the program open files elsewhere.
std::map<std::string, std::vector<std::string>> parts_of(const fs::path& index) {
  const nlohmann::json json = read_json_file(index);
  const auto fail = [&](const std::string& what) -> void {
    throw Error(ErrorCode::E120, shown(index) + ": " + what + "; fetch the file again");
  };
  if (!json.is_object() || !json.contains("weight_map") || !json["weight_map"].is_object())
    fail("there is no object \"weight_map\"");
  std::map<std::string, std::vector<std::string>> parts;
  for (const auto& [tensor, file] : json["weight_map"].items()) {
    if (!file.is_string()) fail("the tensor \"" + printable(tensor) + "\" has no file name");
    const std::string name = file.get<std::string>();
    if (name.empty() || name.find_first_of(std::string_view("/\\\0", 3)) != name.npos ||
        !name.ends_with(".safetensors"))
      fail("\"" + printable(name) + "\" is not the plain name of a safetensors file");
    parts[name].push_back(tensor);
    if (parts.size() > kMaxParts) fail(strf("it lists more than %zu files", kMaxParts));
  }
  if (parts.empty()) fail("\"weight_map\" is empty");
  return parts;
}

}  // namespace

Checkpoint::Checkpoint(const fs::path& folder) : folder_(folder) {
  std::error_code ignored;
  if (!fs::is_directory(folder, ignored))
    throw Error(ErrorCode::E101, shown(folder) +
                                     ": this is no folder; name the one that holds config.json "
                                     "and the safetensors files");
  const fs::path index = folder / kIndex;
  fs::exists(index, ignored) ? open_parts(index) : open_single();
}

void Checkpoint::open_parts(const fs::path& index) {
  for (const auto& [name, tensors] : parts_of(index)) {
    std::error_code ignored;
    if (!fs::exists(folder_ / name, ignored))
      throw Error(ErrorCode::E104, strf("%s: the part %s is missing; fetch it too", shown(folder_).c_str(),
                                        printable(name).c_str()));
    files_.push_back(std::make_unique<SafetensorsFile>(folder_ / name));
    for (const std::string& tensor : tensors) {
      const SafeTensor* found = files_.back()->tensor(tensor);
      if (found == nullptr)
        throw Error(ErrorCode::E104, strf("%s: the tensor \"%s\" is missing, although the index names this "
                                          "file for it; fetch both again",
                                          shown(folder_ / name).c_str(), printable(tensor).c_str()));
      tensors_.emplace(found->name, found);
    }
  }
}

void Checkpoint::open_single() {
  std::vector<fs::path> found = folder_entries(folder_, ".safetensors");
  const fs::path usual = folder_ / "model.safetensors";
  if (std::find(found.begin(), found.end(), usual) != found.end()) found = {usual};
  if (found.empty())
    throw Error(ErrorCode::E101, shown(folder_) +
                                     ": there is no safetensors file; name the folder that holds "
                                     "config.json and model.safetensors");
  if (found.size() > 1)
    throw Error(ErrorCode::E104,
                strf("%s: %zu safetensors files but no %s that says what they hold; fetch it "
                     "too",
                     shown(folder_).c_str(), found.size(), kIndex));
  files_.push_back(std::make_unique<SafetensorsFile>(found.front()));
  for (const SafeTensor& tensor : files_.back()->tensors()) tensors_.emplace(tensor.name, &tensor);
}

const SafeTensor* Checkpoint::tensor(std::string_view name) const {
  const auto found = tensors_.find(name);
  return found == tensors_.end() ? nullptr : found->second;
}

void Checkpoint::check_intact() const {
  for (const auto& file : files_) {
    if (file->damaged())
      throw Error(ErrorCode::E403, shown(file->path()) +
                                       ": the file became shorter while it was read; fetch "
                                       "it again");
  }
}

}  // namespace glim
