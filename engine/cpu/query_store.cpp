#include "engine/cpu/cpu_ops.h"

namespace glim {
namespace {

/// Turns adjacent pairs by the angles of `rope` (cosine and sine of each pair, interleaved).
void rotate(const float* from, const float* rope, std::int64_t width, float* to) {
  for (std::int64_t i = 0; i < width; i += 2) {
    const float x = from[i], y = from[i + 1];
    to[i] = x * rope[i] - y * rope[i + 1];
    to[i + 1] = x * rope[i + 1] + y * rope[i];
  }
}

/// Rotates the pairs of the heads' last `width` values that begin in `own`, in every row of the queries.
void rotate_heads(const QueryStore& stage, std::int64_t count, Range own) {
  const std::int64_t width = stage.rope.cols, head = stage.q.cols / stage.heads;
  for (std::int64_t h = own.first / head; h * head < own.last; ++h) {
    const std::int64_t start = (h + 1) * head - width;
    const std::int64_t first = std::clamp<std::int64_t>((own.first - start + 1) / 2 * 2, 0, width);
    const std::int64_t last = std::clamp<std::int64_t>((own.last - start + 1) / 2 * 2, 0, width);
    for (std::int64_t t = 0; t < count; ++t) {
      float* pairs = stage.q.floats(t) + start + first;
      rotate(pairs, stage.rope.floats(t) + first, last - first, pairs);
    }
  }
}

}  // namespace

void CpuOps::query_store(const QueryStore& stage) {
  const AttentionWeights& w = *stage.w;
  const std::int64_t width = stage.rope.cols, rank = stage.latent.cols - width;
  const Tensor normed = w.q_a_norm ? scratch(stage.q_latent.cols) : stage.q_latent;
  reserve_codes({normed, rows()});
  pool_.run([&](int thread) {
    const Range range = own_rows(thread), own_queries = own(w.q_b.rows, thread);
    float* stored = cpu::reserve(workspaces_[static_cast<std::size_t>(thread)].products, stage.latent.cols);
    for (std::int64_t t = range.first; t < range.last; ++t) {
      const float* latent = stage.latent.floats(t);
      kernels_.rms_norm(latent, w.kv_a_norm.floats(), rank, stage.eps, stored);
      rotate(latent + rank, stage.rope.floats(t), width, stored + rank);
      encode_row(stage.cache.type, {stored, static_cast<std::size_t>(stage.latent.cols)},
                 stage.cache.host_row(cache_row(row(t), row(t).position)));
    }
    const cpu::Inputs in =
        w.q_a_norm ? norm_inputs(thread, {.x = stage.q_latent, .gain = w.q_a_norm, .eps = stage.eps},
                                 {normed, rows()})
                   : encoded_inputs(thread, {normed, rows()});
    multiply(thread, w.q_b, in, {stage.q.floats(), stage.q.cols});
    // A thread has whole pairs of its own unless heads have an odd width.
    if (stage.q.cols / stage.heads % 2 != 0) pool_.barrier();
    rotate_heads(stage, rows(), own_queries);
  });
}

}  // namespace glim
