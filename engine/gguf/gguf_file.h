#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "engine/base/file_map.h"
#include "engine/gguf/gguf_kind.h"
#include "engine/quant/quant_type.h"

namespace glim {

struct SplitName;

/// A metadata array. Elements are decoded once at open; strings point into the mapped file.
struct GgufArray {
  GgufKind kind;  ///< of the elements; never `array`
  std::variant<std::vector<std::int64_t>, std::vector<std::uint64_t>, std::vector<double>,
               std::vector<std::string_view>>
      values;  ///< signed integers and booleans, u64, floats, strings
  std::size_t size() const;
};

struct GgufValue {
  GgufKind kind;
  std::variant<std::int64_t, std::uint64_t, double, std::string_view, GgufArray> value;
};

/// One row of the tensor directory; every field has been checked against the file.
struct GgufTensor {
  std::string_view name;
  QuantType type;
  std::array<std::int64_t, 4> shape;  ///< fastest varying first; unused trailing sizes are 1
  std::uint32_t dimensions;           ///< 1 to 4
  std::uint64_t bytes;
  std::size_t part;       ///< index of the file of a split set
  const std::byte* data;  ///< in the mapping, valid as long as the GgufFile lives
  std::int64_t values() const { return shape[0] * shape[1] * shape[2] * shape[3]; }
};

/// An immutable, memory-mapped GGUF model (version 2 or 3, little endian), possibly split over several files.
/// The constructor reads and checks every header; after it, all views are safe to use from any thread.
/// Layout: GGUF specification; limits: GgufLimits in gguf_part.h. Throws Error E101-E105, E111.
class GgufFile {
 public:
  /// `path` is the file, or the first part of a split set (name-00001-of-0000N.gguf).
  explicit GgufFile(const std::filesystem::path& path);
  /// What `map` holds, as a file of one part.
  explicit GgufFile(std::unique_ptr<FileMap> map);

  const std::filesystem::path& path() const { return path_; }
  std::uint32_t version() const { return version_; }
  std::uint64_t file_bytes() const;  ///< all parts together
  std::size_t part_count() const { return parts_.size(); }
  const FileMap& part(std::size_t index) const { return *parts_[index]; }
  FileMap& part(std::size_t index) { return *parts_[index]; }
  /// Nothing on disk stands behind it (see FileMap).
  bool in_memory() const { return parts_.front()->in_memory(); }

  /// Metadata in file order. Keys are unique.
  const std::vector<std::pair<std::string_view, GgufValue>>& metadata() const { return metadata_; }
  const GgufValue* find(std::string_view key) const;

  /// Typed look-ups: empty when the key is absent; Error E105 naming the key when it has another type.
  /// Any integer width is accepted where the value fits; get_float takes integers too.
  std::optional<std::int64_t> get_int(std::string_view key) const;
  std::optional<double> get_float(std::string_view key) const;
  std::optional<bool> get_bool(std::string_view key) const;
  std::optional<std::string_view> get_string(std::string_view key) const;
  /// A scalar gives one element.
  std::optional<std::vector<std::int64_t>> get_ints(std::string_view key) const;
  std::optional<std::vector<double>> get_floats(std::string_view key) const;
  const std::vector<std::string_view>* get_strings(std::string_view key) const;

  const std::vector<GgufTensor>& tensors() const { return tensors_; }
  const GgufTensor* tensor(std::string_view name) const;

  /// The values of a tensor will not be read again (FileMap::release()).
  void release(const GgufTensor& tensor) const;

  /// Notes for the user that did not stop the load (gaps, trailing bytes).
  const std::vector<std::string>& warnings() const { return warnings_; }

  /// Throws E403 when a part has become shorter since it was mapped, so that what was read cannot be trusted.
  void check_intact() const;
  /// True when a part has been written to since it was mapped: worth a warning before the next reply.
  bool rewritten() const;

 private:
  void add_part(std::unique_ptr<FileMap> map, std::vector<GgufTensor> tensors);
  void add_other_parts(const SplitName& name, std::int64_t count, std::optional<std::int64_t> file_type);
  const GgufArray* find_array(std::string_view key) const;
  [[noreturn]] void wrong_type(std::string_view key, GgufKind found, const char* expected) const;

  std::filesystem::path path_;
  std::uint32_t version_ = 0;
  std::vector<std::unique_ptr<FileMap>> parts_;
  std::vector<std::pair<std::string_view, GgufValue>> metadata_;
  std::unordered_map<std::string_view, std::size_t> metadata_index_;
  std::vector<GgufTensor> tensors_;
  std::unordered_map<std::string_view, std::size_t> tensor_index_;
  std::vector<std::string> warnings_;
};

}  // namespace glim
