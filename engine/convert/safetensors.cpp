#include "engine/convert/safetensors.h"

#include <algorithm>
#include <cstring>
#include <numeric>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/convert/safetensors_header.h"

namespace glim {
namespace {

using Ull = unsigned long long;
constexpr std::uint64_t kLengthBytes = 8;

[[noreturn]] void malformed(const std::string& file, const std::string& what) {
  throw Error(ErrorCode::E120, file + ": " + what + "; the file is damaged, fetch it again");
}

/// The JSON text, whose length stands in front of it.
std::string_view header_text(std::span<const std::byte> bytes, const std::string& file) {
  if (bytes.size() < kLengthBytes)
    throw Error(ErrorCode::E104, strf("%s: %zu bytes are too few for a safetensors file; fetch it again",
                                      file.c_str(), bytes.size()));
  std::uint64_t length = 0;
  std::memcpy(&length, bytes.data(), sizeof length);
  if (length > SafetensorsLimits::header_bytes)
    malformed(file, strf("the header claims %llu bytes, which is above every safetensors file",
                         static_cast<Ull>(length)));
  if (length > bytes.size() - kLengthBytes)
    throw Error(ErrorCode::E104,
                strf("%s: truncated download: the header of %llu bytes is cut off; fetch the "
                     "rest of the file",
                     file.c_str(), static_cast<Ull>(length)));
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()) + kLengthBytes,
                              static_cast<std::size_t>(length));
  if (text.empty() || text.front() != '{') malformed(file, "the header does not start with \"{\"");
  return text;
}

std::string quoted(const SafeEntry& entry) {
  return "\"" + printable(entry.name) + "\"";
}

/// Every tensor begins where the one before it ends, and the last ends with the file.
void check_tiling(const std::vector<SafeEntry>& entries, std::uint64_t available, const std::string& file) {
  std::uint64_t place = 0;
  for (const SafeEntry& entry : entries) {
    const std::string name = quoted(entry);
    if (entry.end < entry.begin) malformed(file, "the tensor " + name + " ends before it begins");
    if (entry.end - entry.begin != entry.bytes)
      malformed(file,
                strf("the tensor %s takes %llu bytes in the file, but its shape needs %llu", name.c_str(),
                     static_cast<Ull>(entry.end - entry.begin), static_cast<Ull>(entry.bytes)));
    if (entry.begin < place) malformed(file, "the tensor " + name + " overlaps another one");
    if (entry.begin > place) malformed(file, "there is a gap in front of the tensor " + name);
    if (entry.end > available)
      throw Error(ErrorCode::E104,
                  strf("%s: truncated download: the tensor %s needs %llu bytes of data, the "
                       "file has %llu; fetch the rest of the file",
                       file.c_str(), name.c_str(), static_cast<Ull>(entry.end), static_cast<Ull>(available)));
    place = entry.end;
  }
  if (place != available)
    malformed(file, strf("%llu bytes follow the last tensor", static_cast<Ull>(available - place)));
}

}  // namespace

const SafeTypeInfo& safe_type(SafeType type) {
  return kSafeTypes[static_cast<std::size_t>(type)];
}

std::optional<SafeType> safe_type_from_name(std::string_view name) {
  const auto found = std::find_if(kSafeTypes.begin(), kSafeTypes.end(),
                                  [name](const auto& row) { return row.name == name; });
  if (found == kSafeTypes.end()) return std::nullopt;
  return found->type;
}

std::int64_t SafeTensor::values() const {
  return std::accumulate(shape.begin(), shape.end(), std::int64_t{1}, std::multiplies<>());
}

SafetensorsFile::SafetensorsFile(const std::filesystem::path& path) : map_(path) {
  const std::string file = printable(path.string());
  const std::string_view text = header_text(map_.bytes(), file);
  std::vector<SafeEntry> entries = read_safetensors_header(text, file);
  std::sort(entries.begin(), entries.end(), [](const SafeEntry& a, const SafeEntry& b) {
    return a.begin != b.begin ? a.begin < b.begin : a.end < b.end;
  });
  const std::span<const std::byte> data = map_.bytes().subspan(kLengthBytes + text.size());
  check_tiling(entries, data.size(), file);
  tensors_.reserve(entries.size());
  for (SafeEntry& entry : entries) {
    tensors_.push_back(
        {std::move(entry.name), entry.type, std::move(entry.shape),
         data.subspan(static_cast<std::size_t>(entry.begin), static_cast<std::size_t>(entry.bytes))});
  }
  for (std::size_t i = 0; i < tensors_.size(); ++i) index_.emplace(tensors_[i].name, i);
}

const SafeTensor* SafetensorsFile::tensor(std::string_view name) const {
  const auto found = index_.find(name);
  return found == index_.end() ? nullptr : &tensors_[found->second];
}

}  // namespace glim
