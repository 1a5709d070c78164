#include "engine/quantize/row_quantizer.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/quantize/encode.h"

namespace glim {
namespace {

/// Small enough to answer soon to whoever wants to stop, large enough to keep all threads busy.
constexpr std::int64_t kChunkValues = 1 << 20;

float largest_value(QuantType type) {
  return type == QuantType::f16 ? 65504.0f : std::numeric_limits<float>::max();
}

bool all_within(std::span<const float> values, float limit) {
  return std::all_of(values.begin(), values.end(),
                     [limit](float value) { return std::fabs(value) <= limit; });
}

/// The rows of one chunk, dealt out to the threads one by one because their cost differs.
class Chunk {
 public:
  Chunk(const RowJob& job, std::span<const float> importance, std::span<std::byte> out)
      : job_(job), importance_(importance), out_(out), row_bytes_(row_bytes(job.type, job.columns)) {}

  void run(ThreadPool& threads, std::vector<std::vector<float>>& buffers, Range rows) {
    next_ = rows.first;
    threads.run([&](int thread) {
      std::vector<float>& buffer = buffers[static_cast<std::size_t>(thread)];
      for (std::int64_t row = next_++; row < rows.last; row = next_++) convert(row, row - rows.first, buffer);
    });
    if (bad_row_ < std::numeric_limits<std::int64_t>::max()) fail();
  }

 private:
  void convert(std::int64_t row, std::int64_t place, std::span<float> values) {
    job_.read(row, values);
    if (!all_within(values, largest_value(job_.type))) {
      std::int64_t seen = bad_row_;
      while (row < seen && !bad_row_.compare_exchange_weak(seen, row)) {
      }
      return;
    }
    const auto columns = static_cast<std::size_t>(job_.columns);
    std::span<const float> weights = importance_;
    if (weights.size() > columns)
      weights = weights.subspan(static_cast<std::size_t>(row / job_.rows) * columns, columns);
    quantize_row(job_.type, values, weights, out_.data() + static_cast<std::size_t>(place) * row_bytes_);
  }

  [[noreturn]] void fail() const {
    throw Error(
        ErrorCode::E105,
        strf("tensor '%s' holds a value in row %lld that is no number or too large for %s; the source "
             "is damaged or needs another type, fetch it again or choose a wider type",
             printable(job_.name).c_str(), static_cast<long long>(bad_row_.load()),
             std::string(quant(job_.type).name).c_str()));
  }

  const RowJob& job_;
  std::span<const float> importance_;
  std::span<std::byte> out_;
  std::size_t row_bytes_;
  std::atomic<std::int64_t> next_ = 0, bad_row_ = std::numeric_limits<std::int64_t>::max();
};

}  // namespace

bool quantize_rows(ThreadPool& threads, const RowJob& job, const RowSink& sink) {
  GLIM_ASSERT(can_quantize(job.type));
  const auto columns = static_cast<std::size_t>(job.columns);
  const std::int64_t rows = job.rows * job.matrices;
  const std::int64_t step =
      std::min(rows, std::max<std::int64_t>(threads.size(), kChunkValues / job.columns));
  const std::size_t bytes_each = row_bytes(job.type, job.columns);
  std::vector<std::byte> out(static_cast<std::size_t>(step) * bytes_each);
  std::vector<std::vector<float>> buffers(static_cast<std::size_t>(threads.size()),
                                          std::vector<float>(columns));
  std::vector<float> equal;
  std::span<const float> importance = job.importance;
  if (importance.empty() && needs_importance(job.type)) {
    equal.assign(columns, 1.0f);
    importance = equal;
  }
  Chunk chunk(job, importance, out);
  for (std::int64_t first = 0; first < rows; first += step) {
    const Range range = {first, std::min(first + step, rows)};
    chunk.run(threads, buffers, range);
    if (!sink(std::span(out).first(static_cast<std::size_t>(range.size()) * bytes_each))) return false;
  }
  return true;
}

}  // namespace glim
