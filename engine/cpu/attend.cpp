#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "engine/cpu/cpu_ops.h"
#include "engine/quant/rotation.h"

namespace glim {
namespace {

constexpr float kNever = -std::numeric_limits<float>::infinity();

}  // namespace

/// One thread's pass over the cache for the queries of one unit: block by block, each decoded once for all of
/// them. The softmax is kept as a running largest score and a running sum. Source: Milakov and Gimelshein,
/// "Online normalizer calculation for softmax".
class CpuOps::Attention {
 public:
  /// With `rotated` the queries of the stage are in the basis of the cache already.
  Attention(CpuOps& ops, const Attend& stage, int thread, bool rotated)
      : ops_(ops),
        stage_(stage),
        workspace_(ops.workspaces_[static_cast<std::size_t>(thread)]),
        rotated_(rotated) {}

  void run(const AttendUnit& unit) {
    start(unit);
    const std::int32_t last = ops_.row(unit.rows.last - 1).position;
    for (std::int32_t first = 0; first <= last; first += kBlockTokens) {
      const std::int64_t count = std::min(kBlockTokens, last - first + 1);
      decode(ops_.cache_row(ops_.row(unit.rows.first), first), count);
      if (ops_.row(unit.rows.first).position + 1 >= first + count) {
        block(0, unit.rows.size() * unit.heads.size(), count);
      } else {
        rows_of_block(unit, first);
      }
    }
    finish();
  }

 private:
  void start(const AttendUnit& unit) {
    queries_ = 0;
    for (std::int64_t t = unit.rows.first; t < unit.rows.last; ++t) {
      for (std::int64_t h = unit.heads.first; h < unit.heads.last; ++h, ++queries_) {
        const auto q = static_cast<std::size_t>(queries_);
        index_[q] = static_cast<std::int32_t>(t * stage_.heads + h);
        mixed_[q] = stage_.mixed.floats(t) + h * rank_;
        std::fill_n(mixed_[q], rank_, 0.0f);
        largest_[q] = kNever;
        sum_[q] = 0;
      }
    }
  }

  void decode(std::int64_t cache_row, std::int64_t count) {
    const Tensor& cache = stage_.cache;
    tile_ = cpu::reserve(workspace_.tile, kBlockTokens * cache.cols);
    const cpu::FormatKernels& format = ops_.kernels_.format(cache.type);
    const cpu::WeightRows rows{cache.host_row(cache_row), cache.stride(), count, cache.cols};
    rotated_ ? format.decode_rotated(rows, tile_) : format.decode(rows, tile_);
  }

  /// The block that holds the positions of the unit's own rows: each row sees one position more than the one
  /// before.
  void rows_of_block(const AttendUnit& unit, std::int32_t first) {
    for (std::int64_t r = 0; r < unit.rows.size(); ++r) {
      const std::int64_t visible = ops_.row(unit.rows.first + r).position + 1 - first;
      if (visible > 0) {
        block(r * unit.heads.size(), unit.heads.size(), std::min<std::int64_t>(visible, kBlockTokens));
      }
    }
  }

  /// Adds the first `visible` rows of the decoded block to the queries [query, query + count).
  void block(std::int64_t query, std::int64_t count, std::int64_t visible) {
    const std::int64_t width = stage_.cache.cols;
    float* scores = cpu::reserve(workspace_.scores, kQueries * std::int64_t{kBlockTokens});
    ops_.kernels_.products({tile_, width, visible, width},
                           {stage_.absorbed.floats(), width, index_.data() + query, count}, scores,
                           kBlockTokens);
    for (std::int64_t q = 0; q < count; ++q)
      soften(static_cast<std::size_t>(query + q), scores + q * kBlockTokens, visible);
    ops_.kernels_.mix({.accumulators = mixed_.data() + query,
                       .queries = count,
                       .weights = scores,
                       .weight_stride = kBlockTokens,
                       .rows = tile_,
                       .row_stride = width,
                       .count = visible,
                       .cols = rank_});
  }

  /// Scores of one query become weights; what has been mixed so far is brought to the new largest score.
  void soften(std::size_t q, float* scores, std::int64_t visible) {
    float largest = largest_[q];
    for (std::int64_t j = 0; j < visible; ++j) {
      scores[j] *= stage_.scale;
      largest = std::max(largest, scores[j]);
    }
    std::fill(scores + visible, scores + kBlockTokens, kNever);
    const float sum = ops_.kernels_.exponentials(scores, largest);
    if (largest != largest_[q]) {
      const float shrink = std::exp(largest_[q] - largest);
      sum_[q] *= shrink;
      for (std::int64_t i = 0; i < rank_; ++i) mixed_[q][i] *= shrink;
      largest_[q] = largest;
    }
    sum_[q] += sum;
  }

  void finish() {
    for (std::size_t q = 0; q < static_cast<std::size_t>(queries_); ++q) {
      const float inverse = 1 / sum_[q];
      for (std::int64_t i = 0; i < rank_; ++i) mixed_[q][i] *= inverse;
      for (std::int64_t i = 0; rotated_ && i < rank_; i += kRotationValues) rotate_values_back(mixed_[q] + i);
    }
  }

  CpuOps& ops_;
  const Attend& stage_;
  cpu::Workspace& workspace_;
  const bool rotated_;
  const std::int64_t rank_ = stage_.mixed.cols / stage_.heads;
  float* tile_ = nullptr;
  std::int64_t queries_ = 0;
  std::array<std::int32_t, kQueries> index_;  ///< row of the absorbed queries [T*H, R+P]
  std::array<float*, kQueries> mixed_;
  std::array<float, kQueries> largest_, sum_;
};

void CpuOps::plan_attention(std::int64_t heads) {
  units_.clear();
  // With few rows the heads are dealt out too, so that every thread has work.
  const std::int64_t parts = std::clamp<std::int64_t>((threads() + rows() - 1) / rows(), 1, heads);
  const std::int64_t heads_of_unit = std::min((heads + parts - 1) / parts, kQueries);
  const std::int64_t rows_of_unit =
      std::min<std::int64_t>(kQueries / heads_of_unit, std::max<std::int64_t>(1, rows() / (2 * threads())));
  for (std::int64_t t = 0; t < rows();) {
    std::int64_t end = t + 1;
    while (end < rows() && end - t < rows_of_unit && row(end).sequence == row(t).sequence) ++end;
    for (std::int64_t h = 0; h < heads; h += heads_of_unit) {
      units_.push_back({{t, end}, {h, std::min(h + heads_of_unit, heads)}});
    }
    t = end;
  }
}

void CpuOps::rotate_queries(int thread, const Tensor& queries, const Tensor& rotated) {
  const Range chunks = share(rows() * queries.cols / kRotationValues, thread, threads());
  for (std::int64_t chunk = chunks.first; chunk < chunks.last; ++chunk) {
    float* out = rotated.floats() + chunk * kRotationValues;
    std::copy_n(queries.floats() + chunk * kRotationValues, kRotationValues, out);
    rotate_values(out);
  }
}

void CpuOps::attend(const Attend& given) {
  Attend stage = given;
  // Rotating the queries once and the result back costs less than rotating every cached row. The values that
  // are mixed must be whole pieces of the row.
  const bool rotated = kernels_.format(stage.cache.type).decode_rotated != nullptr &&
                       stage.mixed.cols / stage.heads % kRotationValues == 0;
  if (rotated) stage.absorbed = scratch(given.absorbed.cols);
  plan_attention(stage.heads);
  pool_.run([&](int thread) {
    if (rotated) {
      rotate_queries(thread, given.absorbed, stage.absorbed);
      pool_.barrier();
    }
    Attention attention(*this, stage, thread, rotated);
    // Dealt out in turn, because later rows see more of the cache.
    for (std::size_t u = static_cast<std::size_t>(thread); u < units_.size();
         u += static_cast<std::size_t>(threads())) {
      attention.run(units_[u]);
    }
  });
}

}  // namespace glim
