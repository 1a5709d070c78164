#include "engine/quantize/imatrix_file.h"

#include <array>
#include <cmath>
#include <cstring>
#include <limits>

#include "engine/base/error.h"
#include "engine/base/file_map.h"
#include "engine/base/new_file.h"
#include "engine/base/text.h"
#include "engine/gguf/gguf_file.h"
#include "engine/gguf/gguf_writer.h"
#include "engine/quantize/imatrix_legacy.h"

namespace glim {
namespace {

constexpr std::string_view kSquares = ".in_sum2", kCounts = ".counts";
constexpr const char* kChunkCount = "imatrix.chunk_count";
constexpr const char* kChunkSize = "imatrix.chunk_size";
constexpr const char* kDatasets = "imatrix.datasets";
/// Not part of the format of others, who skip it: what lets a run over several texts be continued.
constexpr const char* kDatasetChunks = "glim.imatrix.dataset_chunks";

[[noreturn]] void malformed(const std::filesystem::path& path, const std::string& what) {
  throw Error(ErrorCode::E105,
              printable(path.string()) + ": " + what +
                  ", so this is no usable importance matrix; make it again with glim imatrix");
}

bool is_sum(double value) {
  return std::isfinite(value) && value >= 0;
}

std::vector<double> read_values(const GgufFile& file, const GgufTensor& tensor) {
  if (tensor.type != QuantType::f32)
    malformed(file.path(), printable(tensor.name) + " does not hold F32 values");
  std::vector<double> out;
  out.reserve(static_cast<std::size_t>(tensor.values()));
  for (std::int64_t i = 0; i < tensor.values(); ++i) {
    float value;
    std::memcpy(&value, tensor.data + static_cast<std::size_t>(i) * sizeof value, sizeof value);
    if (!is_sum(static_cast<double>(value)))
      malformed(file.path(),
                printable(tensor.name) + " holds a value that is no sum of squares and no count");
    out.push_back(static_cast<double>(value));
  }
  return out;
}

ChannelSums read_entry(const GgufFile& file, const GgufTensor& squares, const std::string& name) {
  const GgufTensor* counts = file.tensor(name + std::string(kCounts));
  if (counts == nullptr) malformed(file.path(), printable(name) + " has no counts");
  ChannelSums out{read_values(file, squares), read_values(file, *counts)};
  if (out.counts.empty() || out.squares.size() % out.counts.size() != 0)
    malformed(file.path(), strf("%s has %zu values and %zu counts", printable(name).c_str(),
                                out.squares.size(), out.counts.size()));
  for (const double count : out.counts) {
    if (std::floor(count) != count)
      malformed(file.path(), printable(name) + " has a count that is no number of tokens");
  }
  return out;
}

std::int32_t read_small(const GgufFile& file, const char* key) {
  const std::int64_t value = file.get_int(key).value_or(0);
  if (value < 0 || value > std::numeric_limits<std::int32_t>::max())
    malformed(file.path(), std::string(key) + " is out of range");
  return static_cast<std::int32_t>(value);
}

void read_datasets(const GgufFile& file, ActivationSums& out) {
  if (const auto* names = file.get_strings(kDatasets)) out.datasets.assign(names->begin(), names->end());
  out.chunks = read_small(file, kChunkCount);
  out.chunk_size = read_small(file, kChunkSize);
  if (out.datasets.size() == 1) out.dataset_chunks = {out.chunks};
  const auto chunks = file.get_ints(kDatasetChunks);
  if (!chunks || chunks->size() != out.datasets.size()) return;
  out.dataset_chunks.clear();
  std::int64_t sum = 0;
  for (const std::int64_t count : *chunks) {
    if (count < 0 || count > out.chunks - sum)
      malformed(file.path(), std::string(kDatasetChunks) + " is out of range");
    sum += count;
    out.dataset_chunks.push_back(static_cast<std::int32_t>(count));
  }
}

ActivationSums read_gguf(const std::filesystem::path& path) {
  const GgufFile file(path);
  ActivationSums out;
  for (const GgufTensor& tensor : file.tensors()) {
    if (!tensor.name.ends_with(kSquares)) continue;  // of others: statistics that newer versions add
    const std::string name(tensor.name.substr(0, tensor.name.size() - kSquares.size()));
    if (name.empty()) malformed(path, "a tensor in it has no name");
    out.entries.emplace(name, read_entry(file, tensor, name));
  }
  if (out.entries.empty()) malformed(path, "there is no tensor NAME" + std::string(kSquares) + " in it");
  read_datasets(file, out);
  file.check_intact();
  return out;
}

void write_gguf(const ActivationSums& sums, const std::filesystem::path& path) {
  GgufWriter writer(path);
  writer.set("general.type", std::string("imatrix"));
  writer.set(kDatasets, sums.datasets);
  writer.set(kChunkCount, static_cast<std::uint32_t>(sums.chunks));
  writer.set(kChunkSize, static_cast<std::uint32_t>(sums.chunk_size));
  if (sums.dataset_chunks.size() == sums.datasets.size()) writer.set(kDatasetChunks, sums.dataset_chunks);
  for (const auto& [name, entry] : sums.entries) {
    GLIM_ASSERT(name.size() <= kImatrixNameBytes && !entry.counts.empty());
    const auto channels = static_cast<std::int64_t>(entry.channels());
    const auto matrices = static_cast<std::int64_t>(entry.counts.size());
    // A last size of 1 is left out.
    const std::array<std::int64_t, 2> shape{channels, matrices}, counts{1, matrices};
    const std::size_t sizes = matrices == 1 ? 1 : 2;
    writer.add_tensor(name + std::string(kSquares), QuantType::f32, std::span(shape).first(sizes));
    writer.add_tensor(name + std::string(kCounts), QuantType::f32, std::span(counts).first(sizes));
  }
  writer.begin();
  for (const auto& [name, entry] : sums.entries) {
    for (const std::vector<double>* values : {&entry.squares, &entry.counts}) {
      const std::vector<float> floats(values->begin(), values->end());
      writer.write(std::as_bytes(std::span(floats)));
    }
  }
  writer.finish();
}

}  // namespace

ActivationSums read_activation_sums(const std::filesystem::path& path, std::int32_t legacy_chunk) {
  const FileMap map(path);
  constexpr std::string_view kMagic = "GGUF";
  if (map.bytes().size() >= kMagic.size() &&
      std::memcmp(map.bytes().data(), kMagic.data(), kMagic.size()) == 0)
    return read_gguf(path);
  ActivationSums out = read_legacy_sums(map.bytes(), printable(path.string()), legacy_chunk);
  if (map.damaged())
    throw Error(ErrorCode::E104,
                printable(path.string()) + ": the file became shorter while it was read; try again");
  return out;
}

void write_activation_sums(const ActivationSums& sums, const std::filesystem::path& path) {
  GLIM_ASSERT(!sums.entries.empty());
  if (path.extension() != ".dat") return write_gguf(sums, path);
  NewFile file(path);
  file.write(legacy_bytes(sums));
  file.give_name();
}

ImportanceMatrix read_importance(const std::filesystem::path& path, const RareExperts& rare) {
  return read_activation_sums(path).importance(rare);
}

}  // namespace glim
