#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>

#include "engine/base/thread_pool.h"
#include "engine/quant/quant_type.h"

namespace glim {

/// A tensor on its way into another format: `matrices` times `rows` rows of `columns` values.
struct RowJob {
  std::string_view name;  ///< for messages
  QuantType type;         ///< wanted; `columns` is a multiple of its block length
  std::int64_t columns, rows, matrices;
  /// Writes the values of one row, counted over all matrices. Called by several threads at once; must not
  /// throw.
  std::function<void(std::int64_t row, std::span<float> out)> read;
  std::span<const float> importance;  ///< empty, or `columns` weights for every matrix
};

/// Receives the bytes of the rows in order; false stops the work.
using RowSink = std::function<bool(std::span<const std::byte> rows)>;

/// Quantises the rows on all threads of the pool, a bounded number at a time (some megabytes, whatever the
/// size of the tensor), and hands them to the sink. A format that is of no use without importance gets equal
/// weights when there are none. False when the sink stopped it. Throws E105 naming the tensor for a value
/// that is no number or that the format cannot hold.
bool quantize_rows(ThreadPool& threads, const RowJob& job, const RowSink& sink);

}  // namespace glim
