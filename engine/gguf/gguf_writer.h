#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "engine/gguf/gguf_file.h"
#include "engine/quant/quant_type.h"

namespace glim {

/// A metadata value to be written; the alternative is the kind in the file.
using GgufOut =
    std::variant<std::uint8_t, std::int8_t, std::uint16_t, std::int16_t, std::uint32_t, std::int32_t, float,
                 bool, std::string, std::uint64_t, std::int64_t, double, std::vector<std::int32_t>,
                 std::vector<std::uint32_t>, std::vector<float>, std::vector<bool>, std::vector<std::string>>;

/// Writes a GGUF file (version 3, alignment 32), or a split set of them, in one pass: first everything that
/// the header holds, then the data of the tensors in the order in which they were added. Nothing stands under
/// the final names before finish(); without it the destructor removes what has been written, and so does a
/// process that dies. Not thread-safe. Throws E701 for what the disk refuses, naming the file.
class GgufWriter {
 public:
  /// `split_bytes`: start a new part when the tensors of one would exceed this many; 0 writes one file. The
  /// parts are named NAME-00001-of-0000N.gguf.
  explicit GgufWriter(std::filesystem::path path, std::uint64_t split_bytes = 0);
  ~GgufWriter();
  GgufWriter(const GgufWriter&) = delete;
  GgufWriter& operator=(const GgufWriter&) = delete;

  /// Adds a key or replaces its value.
  void set(std::string_view key, GgufOut value);
  void remove(std::string_view key);
  /// All keys of the file, of whatever kind, but those of split sets.
  void copy_metadata(const GgufFile& file);

  /// Before begin(). `shape` is fastest varying first; its first size is a multiple of the block length.
  void add_tensor(std::string_view name, QuantType type, std::span<const std::int64_t> shape);

  void begin();  ///< writes the headers; the totals are known from here on
  /// The next bytes of the data; padding is the writer's business.
  void write(std::span<const std::byte> bytes);
  void finish();  ///< after the last byte of the last tensor; files get their names

  std::uint64_t total_bytes() const;  ///< of all parts, from begin() on

 private:
  class Output;
  std::unique_ptr<Output> output_;
};

}  // namespace glim
