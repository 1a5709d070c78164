#include "engine/shape/shape_file.h"

#include <algorithm>
#include <span>
#include <vector>

#include "engine/shape/shape_weights.h"

namespace glim {
namespace {

constexpr std::size_t kChunkBytes = 16u << 20;

std::size_t dimensions_of(const RecipeTensor& tensor) {
  std::size_t out = tensor.shape.size();
  while (out > 1 && tensor.shape[out - 1] == 1) --out;
  return out;
}

}  // namespace

void announce_shape(GgufWriter& writer, const ModelShape& shape) {
  for (auto& [key, value] : shape_metadata(shape)) writer.set(key, value);
  for (std::size_t i = 0; i < shape.types.size(); ++i) {
    const RecipeTensor& tensor = shape.model.tensors[i];
    writer.add_tensor(tensor.name, shape.types[i], std::span(tensor.shape).first(dimensions_of(tensor)));
  }
}

bool write_shape(const ModelShape& shape, const std::filesystem::path& path,
                 const std::function<bool(std::uint64_t, std::uint64_t)>& on_progress) {
  GgufWriter writer(path);
  announce_shape(writer, shape);
  writer.begin();
  NoiseWeights weights;
  std::vector<std::byte> chunk;
  std::uint64_t done = 0, total = 0;
  for (std::size_t i = 0; i < shape.types.size(); ++i)
    total += tensor_bytes(shape.model.tensors[i], shape.types[i]);
  for (std::size_t i = 0; i < shape.types.size(); ++i) {
    const RecipeTensor& tensor = shape.model.tensors[i];
    const std::size_t bytes_each = row_bytes(shape.types[i], tensor.shape[0]);
    const std::int64_t rows = tensor.values() / tensor.shape[0];
    const NoiseWeights::Rows noise = weights.rows(tensor.name, tensor.shape[0], shape.types[i]);
    const auto step = static_cast<std::int64_t>(std::max<std::size_t>(1, kChunkBytes / bytes_each));
    for (std::int64_t first = 0; first < rows; first += step) {
      const std::int64_t count = std::min(step, rows - first);
      chunk.resize(static_cast<std::size_t>(count) * bytes_each);
      for (std::int64_t row = 0; row < count; ++row)
        noise.fill(first + row,
                   std::span(chunk).subspan(static_cast<std::size_t>(row) * bytes_each, bytes_each));
      writer.write(chunk);
      done += chunk.size();
      if (!on_progress(done, total)) return false;
    }
  }
  writer.finish();
  return true;
}

}  // namespace glim
