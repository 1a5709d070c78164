#include "engine/model_source.h"

#include <algorithm>
#include <thread>

#include "engine/base/error.h"
#include "engine/base/memory_info.h"
#include "engine/base/text.h"
#include "engine/shape/shape_memory.h"

namespace glim {
namespace {

constexpr int kMostThreads = 64;  ///< beyond which memory is the limit

void check_room(const GgufFile& file) {
  const std::uint64_t needed = file.file_bytes(), available = memory_info().available;
  if (available == 0 || needed <= available) return;
  throw Error(
      ErrorCode::E201,
      strf("%s: its weights take %.2f GiB, but %.2f GiB of memory is free; choose a smaller type or cut "
           "the model with layers=N",
           printable(file.path().string()).c_str(), static_cast<double>(needed) / 0x1p30,
           static_cast<double>(available) / 0x1p30));
}

}  // namespace

std::unique_ptr<GgufFile> open_model(const std::string& name) {
  if (is_shape_name(name)) return open_shape(shape_named(name));
  return std::make_unique<GgufFile>(name);
}

void fill_weights(GgufFile& file, std::int32_t threads,
                  const std::function<bool(std::uint64_t, std::uint64_t)>& go_on) {
  if (!file.in_memory()) return;
  check_room(file);
  const int all = static_cast<int>(std::thread::hardware_concurrency());
  if (!fill_shape(file, std::clamp(threads > 0 ? threads : all, 1, kMostThreads), go_on))
    throw Error(ErrorCode::E901, "loading was cancelled");
}

CpuOptions cpu_options(const EngineOptions& options, const GgufFile& file, std::uint64_t bytes) {
  std::uint64_t largest = 0;  // is there twice for a moment
  for (const GgufTensor& tensor : file.tensors()) largest = std::max(largest, tensor.bytes);
  const std::uint64_t available = memory_info().available;
  const bool fits = available == 0 || bytes + largest <= available;
  return {.eight_bits = options.eight_bits, .file_layout = options.mmap || !fits};
}

std::string noise_note(const GgufFile& file) {
  if (!file.in_memory()) return {};
  return printable(file.path().string()) +
         ": a shape without weights, filled with noise; speed and memory are those of the model, its text "
         "means nothing";
}

}  // namespace glim
