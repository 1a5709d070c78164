#include "engine/quantize/imatrix_legacy.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/base/text.h"
#include "engine/gguf/byte_cursor.h"

namespace glim {
namespace {

constexpr std::int32_t kLargest = std::numeric_limits<std::int32_t>::max();
constexpr std::int32_t kEntries = 65536, kDatasetBytes = 65536;
constexpr std::uint64_t kEntryBytes = 4 * sizeof(std::int32_t) + 1;  ///< of the smallest entry
constexpr std::int32_t kUsualChunk = 512;

std::int32_t read_number(ByteCursor& cursor, std::int32_t low, std::int32_t high) {
  const auto value = cursor.number<std::int32_t>();
  if (value < low || value > high)
    cursor.fail(ErrorCode::E105,
                strf("%d is not possible here; give a file that was made as an importance matrix", value));
  return value;
}

/// The number of items that follow, each at least `bytes_each` long.
std::size_t read_count(ByteCursor& cursor, std::int32_t low, std::int32_t high, std::uint64_t bytes_each) {
  const auto count = static_cast<std::uint64_t>(read_number(cursor, low, high));
  if (count > cursor.remaining() / bytes_each)
    cursor.fail(ErrorCode::E104, strf("%llu items need more than the %llu bytes that remain; the file is cut "
                                      "off or no importance matrix",
                                      static_cast<unsigned long long>(count),
                                      static_cast<unsigned long long>(cursor.remaining())));
  return count;
}

std::string read_name(ByteCursor& cursor, std::int32_t low, std::int32_t high) {
  const auto raw = cursor.take(read_count(cursor, low, high, 1));
  return {reinterpret_cast<const char*>(raw.data()), raw.size()};
}

ChannelSums read_entry(ByteCursor& cursor, std::int32_t chunk_size) {
  cursor.enter("calls");
  const std::int32_t calls = read_number(cursor, 0, kLargest);
  // A file of no calls holds the means themselves.
  const double factor = calls > 0 ? std::max(chunk_size, 1) : 1;
  ChannelSums out;
  out.counts = {std::max(calls, 1) * factor};
  cursor.enter("values");
  const std::size_t count = read_count(cursor, 1, kLargest, sizeof(float));
  out.squares.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto value = static_cast<double>(cursor.number<float>());
    if (!std::isfinite(value) || value < 0)
      cursor.fail(ErrorCode::E105, "this value is no mean of squares; make the importance matrix again");
    out.squares.push_back(value * factor);
  }
  return out;
}

class LegacyWriter {
 public:
  void number(std::int32_t value) { raw(std::as_bytes(std::span(&value, 1))); }
  void text(const std::string& text) {
    number(static_cast<std::int32_t>(text.size()));
    raw(std::as_bytes(std::span(text)));
  }
  void entry(const ChannelSums& sums, std::int32_t chunk_size);
  std::vector<std::byte> take() { return std::move(bytes_); }

 private:
  void raw(std::span<const std::byte> bytes) { bytes_.insert(bytes_.end(), bytes.begin(), bytes.end()); }

  std::vector<std::byte> bytes_;
};

void LegacyWriter::entry(const ChannelSums& sums, std::int32_t chunk_size) {
  const double calls = std::clamp(std::ceil(sums.largest_count() / chunk_size), 1.0, double{kLargest});
  number(static_cast<std::int32_t>(calls));
  number(static_cast<std::int32_t>(sums.squares.size()));
  for (std::size_t i = 0; i < sums.squares.size(); ++i) {
    const double count = sums.counts[i / sums.channels()];
    const auto value = static_cast<float>((count > 0 ? sums.squares[i] / count : 1.0) * calls);
    raw(std::as_bytes(std::span(&value, 1)));
  }
}

}  // namespace

ActivationSums read_legacy_sums(std::span<const std::byte> bytes, const std::string& file,
                                std::int32_t chunk_size) {
  ByteCursor cursor(bytes, file);
  ActivationSums out;
  out.chunk_size = chunk_size;
  cursor.enter("number of entries");
  const std::size_t entries = read_count(cursor, 1, kEntries, kEntryBytes);
  for (std::size_t i = 0; i < entries; ++i) {
    cursor.enter("length of a name");
    const std::string name = read_name(cursor, 1, kImatrixNameBytes);
    if (!out.entries.try_emplace(name, read_entry(cursor, chunk_size)).second)
      cursor.fail(ErrorCode::E105,
                  "'" + printable(name) + "' is here a second time; make the importance matrix again");
  }
  if (cursor.remaining() == 0) return out;
  cursor.enter("number of chunks");
  out.chunks = read_number(cursor, 0, kLargest);
  if (cursor.remaining() == 0) return out;
  cursor.enter("name of the text");
  out.datasets = {read_name(cursor, 0, kDatasetBytes)};
  out.dataset_chunks = {out.chunks};
  return out;
}

std::vector<std::byte> legacy_bytes(const ActivationSums& sums) {
  LegacyWriter writer;
  writer.number(static_cast<std::int32_t>(sums.entries.size()));
  for (const auto& [name, entry] : sums.entries) {
    writer.text(name);
    writer.entry(entry, sums.chunk_size > 0 ? sums.chunk_size : kUsualChunk);
  }
  writer.number(sums.chunks);
  writer.text(sums.datasets.empty() ? std::string() : sums.datasets.front());
  return writer.take();
}

}  // namespace glim
