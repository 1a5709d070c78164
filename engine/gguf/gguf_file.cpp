#include "engine/gguf/gguf_file.h"

#include <limits>
#include <type_traits>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/gguf/gguf_part.h"
#include "engine/gguf/split_name.h"

namespace glim {
namespace {

constexpr std::int64_t kMaxParts = 1024;

std::string shown(const std::filesystem::path& path) {
  return printable(path.string());
}

[[noreturn]] void split_error(const std::filesystem::path& path, const std::string& sentence) {
  throw Error(ErrorCode::E104, shown(path) + ": " + sentence);
}

/// What a file says about its set.
struct SplitKeys {
  std::int64_t number;  ///< from 0
  std::int64_t count;   ///< 1 for a file of its own
};

SplitKeys split_keys(const GgufFile& file) {
  const std::int64_t count = file.get_int("split.count").value_or(1);
  const std::int64_t number = file.get_int("split.no").value_or(0);
  if (count <= 1) return {0, 1};
  if (count > kMaxParts) {
    split_error(file.path(),
                strf("key 'split.count' is %lld, at most %lld are supported; the file is damaged",
                     static_cast<long long>(count), static_cast<long long>(kMaxParts)));
  }
  return {number, count};
}

/// The name of the first part, which `file` must be.
SplitName first_name(const GgufFile& file, const SplitKeys& keys) {
  const std::optional<SplitName> name = SplitName::parse(file.path());
  const auto count = static_cast<long long>(keys.count);
  if (!name || name->count != keys.count) {
    split_error(file.path(),
                strf("this is one of %lld parts, but its name does not end in -00001-of-%05lld.gguf; give "
                     "all parts their original names",
                     count, count));
  }
  if (name->number != 1) {
    split_error(file.path(), strf("this is part %lld of %lld; open the first part, %s",
                                  static_cast<long long>(name->number), count, shown(name->path(1)).c_str()));
  }
  if (keys.number != 0) {
    split_error(file.path(),
                strf("the name says part 1 but key 'split.no' is %lld, expected 0; give all parts their "
                     "original names",
                     static_cast<long long>(keys.number)));
  }
  return *name;
}

std::unique_ptr<FileMap> map_part(const std::filesystem::path& path, const std::filesystem::path& first) {
  if (!std::filesystem::exists(path)) {
    split_error(path, strf("this part of the split set is missing; download it to the folder of %s",
                           shown(first.filename()).c_str()));
  }
  return std::make_unique<FileMap>(path);
}

const GgufValue* find_in(const GgufPart& part, std::string_view key) {
  for (const auto& [name, value] : part.metadata) {
    if (name == key) return &value;
  }
  return nullptr;
}

/// A part must not state another number, count or architecture than its place in the set says.
void check_part(const GgufFile& first, const GgufPart& part, const std::filesystem::path& path,
                SplitKeys expected) {
  const auto check = [&](std::string_view key, std::int64_t wanted) {
    const GgufValue* value = find_in(part, key);
    const auto* number = value == nullptr ? nullptr : std::get_if<std::int64_t>(&value->value);
    if (number == nullptr || *number != wanted) {
      split_error(
          path,
          strf("key '%s' is missing or not %lld; this file belongs to another set or place, download it "
               "again",
               std::string(key).c_str(), static_cast<long long>(wanted)));
    }
  };
  check("split.no", expected.number);
  check("split.count", expected.count);
  const GgufValue* architecture = find_in(part, "general.architecture");
  if (architecture == nullptr) return;
  const auto* name = std::get_if<std::string_view>(&architecture->value);
  if (name == nullptr || first.get_string("general.architecture") != *name) {
    split_error(path, "the architecture is not that of the first part; this file belongs to another set");
  }
}

}  // namespace

std::size_t GgufArray::size() const {
  return std::visit([](const auto& v) { return v.size(); }, values);
}

GgufFile::GgufFile(const std::filesystem::path& path) : GgufFile(std::make_unique<FileMap>(path)) {}

GgufFile::GgufFile(std::unique_ptr<FileMap> map) : path_(map->path()) {
  GgufPart part = read_part(*map);
  version_ = part.version;
  metadata_ = std::move(part.metadata);
  warnings_ = std::move(part.warnings);
  metadata_index_.reserve(metadata_.size());
  for (std::size_t i = 0; i < metadata_.size(); ++i) metadata_index_.emplace(metadata_[i].first, i);
  add_part(std::move(map), std::move(part.tensors));

  const SplitKeys keys = split_keys(*this);
  if (keys.count > 1 && !in_memory()) add_other_parts(first_name(*this, keys), keys.count, part.file_type);
  check_intact();
}

void GgufFile::add_other_parts(const SplitName& name, std::int64_t count,
                               std::optional<std::int64_t> file_type) {
  for (std::int64_t number = 2; number <= count; ++number) {
    auto map = map_part(name.path(number), path_);
    GgufPart part = read_part(*map, file_type);
    check_part(*this, part, map->path(), {number - 1, count});
    warnings_.insert(warnings_.end(), part.warnings.begin(), part.warnings.end());
    add_part(std::move(map), std::move(part.tensors));
  }
  const std::optional<std::int64_t> stated = get_int("split.tensors.count");
  if (stated && *stated != static_cast<std::int64_t>(tensors_.size())) {
    split_error(path_, strf("the set should have %lld tensors and has %zu; download all parts again",
                            static_cast<long long>(*stated), tensors_.size()));
  }
}

void GgufFile::add_part(std::unique_ptr<FileMap> map, std::vector<GgufTensor> tensors) {
  tensor_index_.reserve(tensor_index_.size() + tensors.size());
  for (GgufTensor& tensor : tensors) {
    tensor.part = parts_.size();
    if (!tensor_index_.emplace(tensor.name, tensors_.size()).second) {
      split_error(map->path(), strf("tensor '%s' is in another part of the set too; download all parts again",
                                    printable(tensor.name).c_str()));
    }
    tensors_.push_back(tensor);
  }
  parts_.push_back(std::move(map));
}

std::uint64_t GgufFile::file_bytes() const {
  std::uint64_t total = 0;
  for (const auto& map : parts_) total += map->bytes().size();
  return total;
}

const GgufValue* GgufFile::find(std::string_view key) const {
  const auto found = metadata_index_.find(key);
  return found == metadata_index_.end() ? nullptr : &metadata_[found->second].second;
}

const GgufTensor* GgufFile::tensor(std::string_view name) const {
  const auto found = tensor_index_.find(name);
  return found == tensor_index_.end() ? nullptr : &tensors_[found->second];
}

void GgufFile::release(const GgufTensor& tensor) const {
  parts_[tensor.part]->release({tensor.data, tensor.bytes});
}

void GgufFile::check_intact() const {
  for (const auto& map : parts_) {
    if (map->state() == FileState::shortened) {
      throw Error(ErrorCode::E403,
                  shown(map->path()) +
                      ": the file has become shorter while it was in use; restore it and load it again");
    }
  }
}

bool GgufFile::rewritten() const {
  for (const auto& map : parts_) {
    if (map->state() == FileState::rewritten) return true;
  }
  return false;
}

}  // namespace glim
