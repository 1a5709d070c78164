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

}  // namespace

void CpuOps::query_store(const QueryStore& stage) {
  const AttentionWeights& w = *stage.w;
  const std::int64_t width = stage.rope.cols, rank = stage.latent.cols - width;
  const std::int64_t head = stage.q.cols / stage.heads;
  const Tensor normed = w.q_a_norm ? scratch(stage.q_latent.cols) : stage.q_latent;
  reserve_codes(Slot::first, rows() * normed.cols);
  pool_.run([&](int thread) {
    const Range range = own_rows(thread);
    if (w.q_a_norm) norm_rows(thread, stage.q_latent, w.q_a_norm, stage.eps, normed);
    encode(thread, normed, rows());
    float* stored = cpu::reserve(workspaces_[static_cast<std::size_t>(thread)].products, stage.latent.cols);
    for (std::int64_t t = range.first; t < range.last; ++t) {
      const float* latent = stage.latent.floats(t);
      kernels_.rms_norm(latent, w.kv_a_norm.floats(), rank, stage.eps, stored);
      rotate(latent + rank, stage.rope.floats(t), width, stored + rank);
      encode_row(stage.cache.type, {stored, static_cast<std::size_t>(stage.latent.cols)},
                 stage.cache.host_row(cache_row(row(t), row(t).position)));
    }
    pool_.barrier();
    multiply(thread, w.q_b, inputs(normed, rows()), {stage.q.floats(), stage.q.cols});
    pool_.barrier();
    for (std::int64_t t = range.first; t < range.last; ++t) {
      for (std::int64_t h = 1; h <= stage.heads; ++h) {
        float* pairs = stage.q.floats(t) + h * head - width;
        rotate(pairs, stage.rope.floats(t), width, pairs);
      }
    }
  });
}

}  // namespace glim
