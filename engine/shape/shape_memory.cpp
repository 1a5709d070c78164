#include "engine/shape/shape_memory.h"

#include <algorithm>
#include <span>

#include "engine/base/thread_pool.h"
#include "engine/shape/shape_file.h"
#include "engine/shape/shape_weights.h"

namespace glim {
namespace {

constexpr std::int64_t kRoundBytes = 64 << 20;  ///< written between two looks at the progress

}  // namespace

std::unique_ptr<GgufFile> open_shape(const ModelShape& shape) {
  GgufWriter writer(shape.name);
  announce_shape(writer, shape);
  return std::make_unique<GgufFile>(
      std::make_unique<FileMap>(shape.name, writer.header(), writer.total_bytes()));
}

bool fill_shape(GgufFile& file, int threads,
                const std::function<bool(std::uint64_t, std::uint64_t)>& on_progress) {
  const std::span<std::byte> memory = file.part(0).make_writable();
  ThreadPool pool(threads);
  NoiseWeights weights;
  std::uint64_t done = 0, total = 0;
  for (const GgufTensor& tensor : file.tensors()) total += tensor.bytes;
  for (const GgufTensor& tensor : file.tensors()) {
    const NoiseWeights::Rows noise = weights.rows(tensor.name, tensor.shape[0], tensor.type);
    std::byte* data = memory.data() + (tensor.data - memory.data());
    const std::size_t bytes_each = row_bytes(tensor.type, tensor.shape[0]);
    const std::int64_t rows = tensor.values() / tensor.shape[0];
    const std::int64_t step = std::max<std::int64_t>(1, kRoundBytes / static_cast<std::int64_t>(bytes_each));
    for (std::int64_t first = 0; first < rows; first += step) {
      if (!on_progress(done, total)) return false;
      const std::int64_t count = std::min(step, rows - first);
      pool.run([&](int thread) {
        const Range own = share(count, thread, pool.size());
        for (std::int64_t row = first + own.first; row < first + own.last; ++row)
          noise.fill(row, {data + static_cast<std::size_t>(row) * bytes_each, bytes_each});
      });
      done += static_cast<std::uint64_t>(count) * bytes_each;
    }
  }
  return on_progress(done, total);
}

}  // namespace glim
