#include "engine/reference/reference_ops.h"

#include <algorithm>

#include "engine/reference/scalar.h"

namespace glim {

using namespace reference;

namespace {

std::vector<double> query(const QueryStore& stage, std::int64_t t) {
  const AttentionWeights& w = *stage.w;
  std::vector<double> latent = row_of(stage.q_latent, t);
  if (w.q_a_norm) latent = rms_norm(latent, w.q_a_norm, stage.eps);
  std::vector<double> q = multiply(w.q_b, latent);
  const std::vector<double> rope = row_of(stage.rope, t);
  const std::size_t head_width = q.size() / static_cast<std::size_t>(stage.heads);
  for (std::size_t end = head_width; end <= q.size(); end += head_width) {
    rotate(std::span(q).subspan(end - rope.size(), rope.size()), rope);
  }
  return q;
}

std::vector<float> cache_values(const QueryStore& stage, std::int64_t t) {
  std::vector<double> latent = row_of(stage.latent, t);
  const std::vector<double> rope = row_of(stage.rope, t);
  const std::size_t rank = latent.size() - rope.size();
  const std::vector<double> normed = rms_norm(std::span(latent).first(rank), stage.w->kv_a_norm, stage.eps);
  std::copy(normed.begin(), normed.end(), latent.begin());
  rotate(std::span(latent).subspan(rank), rope);
  return {latent.begin(), latent.end()};
}

}  // namespace

void ReferenceOps::query_store(const QueryStore& stage) {
  for (std::int64_t t = 0; t < rows(); ++t) {
    store(query(stage, t), stage.q, t);
    const std::int64_t row = cache_row(t, step_.rows[static_cast<std::size_t>(t)].position);
    encode_row(stage.cache.type, cache_values(stage, t), stage.cache.host_row(row));
  }
}

}  // namespace glim
