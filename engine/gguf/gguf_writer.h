#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "engine/gguf/gguf_file.h"
#include "engine/gguf/metadata_writer.h"
#include "engine/quant/quant_type.h"

namespace glim {

/// Writes a GGUF file (version 3, alignment 32), or a split set of them, in one pass: first everything that
/// the header holds, then the data of the tensors in the order in which they were added. Nothing stands under
/// the final names before finish(); without it the destructor removes what has been written, and so does a
/// process that dies (see NewFile). A file of the same name is replaced, also while it is mapped. Not
/// thread-safe. Throws E701 for what the disk refuses, naming the file.
class GgufWriter {
 public:
  /// `split_bytes`: start a new part when the tensors of one would exceed this many; 0 writes one file. The
  /// parts are named NAME-00001-of-0000N.gguf; what fits into one part keeps the plain name.
  explicit GgufWriter(std::filesystem::path path, std::uint64_t split_bytes = 0);
  ~GgufWriter();
  GgufWriter(const GgufWriter&) = delete;
  GgufWriter& operator=(const GgufWriter&) = delete;

  /// Adds a key or replaces its value. All before begin().
  void set(std::string_view key, GgufOut value);
  void remove(std::string_view key);
  /// All keys of the file, of whatever kind, but those of split sets and of the alignment.
  void copy_metadata(const GgufFile& file);

  /// Before begin(). `name` has 1 to 63 bytes and comes once. `shape` is fastest varying first and has 1 to 4
  /// sizes; the first is a multiple of the block length.
  void add_tensor(std::string_view name, QuantType type, std::span<const std::int64_t> shape);

  /// Writes the headers and sets the space for everything aside.
  void begin();
  /// The next bytes of the data, of one tensor or of several; padding is the writer's business.
  void write(std::span<const std::byte> bytes);
  void finish();  ///< after the last byte of the last tensor; files get their names

  std::uint64_t total_bytes() const;  ///< that all parts will have, as announced so far
  /// What stands before the first tensor when everything goes into one part.
  std::vector<std::byte> header() const;
  /// The name of the file or of the first part, from begin() on.
  const std::filesystem::path& first_path() const;

 private:
  class Output;
  std::unique_ptr<Output> output_;
};

}  // namespace glim
