#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "engine/base/token.h"
#include "tests/support/tiny_model.h"

namespace glim {

/// The forward pass of TinyModel written down once more, in double precision and with keys and values
/// expanded per head, telling every input of a weight. Source: DeepSeek-V2 and V3 reports.
class PlainForward {
 public:
  using Vector = std::vector<double>;
  /// weight, matrix of a stack, input
  using Seen = std::function<void(const std::string&, std::int64_t, const Vector&)>;

  PlainForward(const TinyModel& model, Seen seen) : m_(model), seen_(std::move(seen)) {}

  void run(const std::vector<TokenId>& tokens) {
    std::vector<Vector> x;
    for (const TokenId token : tokens) x.push_back(row("token_embd.weight", m_.width, m_.vocabulary, token));
    for (std::int64_t i = 0; i < m_.layers; ++i) {
      blk_ = "blk." + std::to_string(i) + ".";
      attention(x);
      for (Vector& row : x) {
        const Vector n = norm(row, "ffn_norm");
        add(row, i < m_.dense_layers ? gated(n, "", m_.hidden) : experts(n));
      }
    }
    blk_.clear();
    for (const Vector& row : x) seen_("output.weight", 0, norm(row, "output_norm"));
  }

 private:
  Vector row(const std::string& name, std::int64_t cols, std::int64_t rows, std::int64_t index) const {
    const std::vector<float> all = TinyModel::values(name, cols, cols * rows);
    return {all.begin() + index * cols, all.begin() + (index + 1) * cols};
  }

  /// Rows of matrix `index` of a stack of `count`.
  std::vector<Vector> matrix(const std::string& name, std::int64_t cols, std::int64_t rows,
                             std::int64_t index = 0, std::int64_t count = 1) const {
    const std::vector<float> all = TinyModel::values(name, cols, cols * rows * count);
    std::vector<Vector> out;
    for (std::int64_t r = index * rows; r < (index + 1) * rows; ++r) {
      out.emplace_back(all.begin() + r * cols, all.begin() + (r + 1) * cols);
    }
    return out;
  }

  static double dot(const Vector& a, const Vector& b) {
    double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
    return sum;
  }
  static void add(Vector& a, const Vector& b, double factor = 1) {
    for (std::size_t i = 0; i < a.size(); ++i) a[i] += factor * b[i];
  }
  static Vector part(const Vector& v, std::int64_t first, std::int64_t count) {
    return {v.begin() + first, v.begin() + first + count};
  }

  /// Weight `name` times x, which is told; `index` of `count` matrices.
  Vector product(const std::string& name, const Vector& x, std::int64_t rows, std::int64_t index = 0,
                 std::int64_t count = 1) const {
    seen_(blk_ + name + ".weight", index, x);
    Vector out;
    for (const Vector& r : matrix(blk_ + name + ".weight", std::ssize(x), rows, index, count)) {
      out.push_back(dot(r, x));
    }
    return out;
  }

  Vector norm(const Vector& x, const std::string& name) const {
    const Vector gain = row(blk_ + name + ".weight", std::ssize(x), 1, 0);
    const double inverse = 1 / std::sqrt(dot(x, x) / static_cast<double>(x.size()) + 1e-5);
    Vector out;
    for (std::size_t i = 0; i < x.size(); ++i) out.push_back(x[i] * inverse * gain[i]);
    return out;
  }

  Vector rotated(const Vector& x, std::size_t position) const {
    Vector out = x;
    for (std::size_t i = 0; i < x.size(); i += 2) {
      const double exponent = -static_cast<double>(i) / static_cast<double>(x.size());
      const double angle = static_cast<double>(position) * std::pow(1e6, exponent);
      out[i] = x[i] * std::cos(angle) - x[i + 1] * std::sin(angle);
      out[i + 1] = x[i] * std::sin(angle) + x[i + 1] * std::cos(angle);
    }
    return out;
  }

  void attention(std::vector<Vector>& x) const {
    const std::int64_t head = m_.nope + m_.rope;
    std::vector<Vector> queries, latents, turned;
    for (std::size_t t = 0; t < x.size(); ++t) {
      const Vector n = norm(x[t], "attn_norm");
      const Vector q_latent = norm(product("attn_q_a", n, m_.query_rank), "attn_q_a_norm");
      queries.push_back(product("attn_q_b", q_latent, m_.heads * head));
      const Vector latent = product("attn_kv_a_mqa", n, m_.latent_rank + m_.rope);
      latents.push_back(norm(part(latent, 0, m_.latent_rank), "attn_kv_a_norm"));
      turned.push_back(rotated(part(latent, m_.latent_rank, m_.rope), t));
    }
    for (std::size_t t = 0; t < x.size(); ++t) {
      Vector out;
      for (std::int64_t h = 0; h < m_.heads; ++h) {
        const Vector q = part(queries[t], h * head, m_.nope);
        const Vector q_rope = rotated(part(queries[t], h * head + m_.nope, m_.rope), t);
        const Vector weights =
            attend(q, q_rope, h, {latents.begin(), latents.begin() + std::ptrdiff_t(t) + 1}, turned);
        Vector mixed(static_cast<std::size_t>(m_.latent_rank));
        for (std::size_t j = 0; j <= t; ++j) add(mixed, latents[j], weights[j]);
        const Vector value = product("attn_v_b", mixed, m_.value, h, m_.heads);
        out.insert(out.end(), value.begin(), value.end());
      }
      add(x[t], product("attn_output", out, m_.width));
    }
  }

  /// Softmax of the scores of one query against the expanded keys of all positions so far.
  Vector attend(const Vector& q, const Vector& q_rope, std::int64_t h, const std::vector<Vector>& latents,
                const std::vector<Vector>& turned) const {
    seen_(blk_ + "attn_k_b.weight", h, q);
    const auto k_b = matrix(blk_ + "attn_k_b.weight", m_.nope, m_.latent_rank, h, m_.heads);
    Vector weights;
    double sum = 0;
    for (std::size_t j = 0; j < latents.size(); ++j) {
      Vector key(static_cast<std::size_t>(m_.nope));
      for (std::size_t r = 0; r < k_b.size(); ++r) add(key, k_b[r], latents[j][r]);
      const double score =
          (dot(q, key) + dot(q_rope, turned[j])) / std::sqrt(static_cast<double>(m_.nope + m_.rope));
      weights.push_back(std::exp(score));
      sum += weights.back();
    }
    for (double& weight : weights) weight /= sum;
    return weights;
  }

  Vector gated(const Vector& n, const std::string& suffix, std::int64_t hidden, std::int64_t index = 0,
               std::int64_t count = 1) const {
    Vector h = product("ffn_gate" + suffix, n, hidden, index, count);
    const Vector up = product("ffn_up" + suffix, n, hidden, index, count);
    for (std::size_t i = 0; i < h.size(); ++i) h[i] = h[i] / (1 + std::exp(-h[i])) * up[i];
    return product("ffn_down" + suffix, h, m_.width, index, count);
  }

  Vector experts(const Vector& n) const {
    Vector scores = product("ffn_gate_inp", n, m_.experts);
    for (double& score : scores) score = 1 / (1 + std::exp(-score));
    Vector ranks = scores;
    add(ranks, row(blk_ + "exp_probs_b.bias", m_.experts, 1, 0));
    std::vector<std::size_t> order(scores.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return ranks[a] > ranks[b]; });
    order.resize(static_cast<std::size_t>(m_.active));
    double sum = 0;
    for (const std::size_t e : order) sum += scores[e];
    Vector out = gated(n, "_shexp", m_.shared * m_.expert_hidden);
    for (const std::size_t e : order) {
      const Vector down = gated(n, "_exps", m_.expert_hidden, static_cast<std::int64_t>(e), m_.experts);
      add(out, down, scores[e] / sum * static_cast<double>(1.8f));
    }
    return out;
  }

  TinyModel m_;
  Seen seen_;
  std::string blk_;
};

}  // namespace glim
