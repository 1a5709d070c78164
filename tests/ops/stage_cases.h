#pragma once

#include "engine/quant/cache_types.h"
#include "tests/ops/stage_fixture.h"

/// The stages with the cases that every backend is tested with.
namespace glim::stage_cases {

/// Sizes of a test; the letters are those of ops.h.
struct Shape {
  std::int64_t d, q, h, n, p, r, o, e, a, f, s, v;
};

inline constexpr Shape kBlocky = {.d = 256,
                                  .q = 256,
                                  .h = 3,
                                  .n = 64,
                                  .p = 32,
                                  .r = 256,
                                  .o = 32,
                                  .e = 5,
                                  .a = 2,
                                  .f = 256,
                                  .s = 512,
                                  .v = 300};
/// Nothing is a multiple of a vector.
inline constexpr Shape kOdd = {
    .d = 37, .q = 21, .h = 2, .n = 5, .p = 6, .r = 19, .o = 7, .e = 7, .a = 3, .f = 13, .s = 9, .v = 50};

/// Rows of one or more sequences: {first position, count} of each.
struct Part {
  std::int32_t first, count;
};

struct Case {
  Shape shape;
  std::vector<Part> parts;
  QuantType type, kv;
};

/// Cached rows are whole blocks of every format.
inline constexpr Shape kWide = {
    .d = 64, .q = 64, .h = 3, .n = 32, .p = 64, .r = 128, .o = 32, .e = 3, .a = 2, .f = 32, .s = 64, .v = 40};
/// The same, but blocks of 64 reach from the latent values into the others.
inline constexpr Shape kStraddling = {
    .d = 64, .q = 64, .h = 3, .n = 32, .p = 32, .r = 96, .o = 32, .e = 3, .a = 2, .f = 32, .s = 64, .v = 40};

/// The cache gives every sequence blocks in a mixed-up order.
class Step {
 public:
  explicit Step(const std::vector<Part>& parts) {
    std::int32_t next = 0;
    for (const Part& part : parts) {
      const std::int32_t count = (part.first + part.count + kBlockTokens - 1) / kBlockTokens;
      tables_.emplace_back();
      for (std::int32_t i = count; i-- > 0;) tables_.back().push_back(next + i);
      next += count;
      for (std::int32_t i = 0; i < part.count; ++i) {
        rows_.push_back({i % 7, part.first + i, static_cast<std::int32_t>(tables_.size()) - 1});
      }
    }
    blocks = next;
    views_.assign(tables_.begin(), tables_.end());
  }
  StepRows rows() const { return {rows_, views_}; }
  std::int64_t count() const { return std::ssize(rows_); }
  std::int32_t blocks = 0;

 private:
  std::vector<Row> rows_;
  std::vector<std::vector<std::int32_t>> tables_;
  std::vector<std::span<const std::int32_t>> views_;
};

inline constexpr float kEps = 1e-5f;

inline AttentionWeights attention_weights(Side& side, const Case& c) {
  const Shape& s = c.shape;
  AttentionWeights w;
  w.norm = side.weight(QuantType::f32, s.d);
  w.q_a = side.weight(c.type, s.d, s.q);
  w.q_a_norm = side.weight(QuantType::f32, s.q);
  w.q_b = side.weight(c.type, s.q, s.h * (s.n + s.p));
  w.kv_a = side.weight(c.type, s.d, s.r + s.p);
  w.kv_a_norm = side.weight(QuantType::f32, s.r);
  w.k_b = side.weight(c.type, s.n, s.r, s.h);
  w.v_b = side.weight(c.type, s.r, s.o, s.h);
  w.output = side.weight(c.type, s.h * s.o, s.d);
  return w;
}

/// Length of a normed row: every value is at most gain, their mean square at most one.
inline double normed_length(const Tensor& gain) {
  return std::sqrt(static_cast<double>(gain.cols)) * largest(values_of(gain));
}

inline double gated_tolerance(const Tensor& gate, const Tensor& up, double input_length) {
  const double g = longest_row(gate) * input_length, u = longest_row(up) * input_length;
  // The slope of silu is at most 1.1; the last term is for the exponential.
  return 1.1 * dot_tolerance(g, gate.cols) * u + dot_tolerance(u, up.cols) * g + g * u * 0x1p-21;
}

inline std::vector<Result> run_embed(Side& side, const Case& c, const Step& step) {
  const Tensor table = side.weight(c.type, c.shape.d, 7), out = side.zeros(c.shape.d, step.count());
  side.backend->ops().embed({out, table});
  return {{"embed", side.read(out), 0}};
}

inline std::vector<Result> run_latent_down(Side& side, const Case& c, const Step& step) {
  AttentionWeights w = attention_weights(side, c);
  const Tensor x = side.activations(c.shape.d, step.count());
  const Tensor q_latent = side.zeros(c.shape.q, step.count()),
               latent = side.zeros(c.shape.r + c.shape.p, step.count());
  side.backend->ops().latent_down({q_latent, latent, x, &w, kEps});
  const double length = normed_length(w.norm);
  std::vector<Result> out = {
      {"q_latent", side.read(q_latent), dot_tolerance(longest_row(w.q_a) * length, c.shape.d)},
      {"latent", side.read(latent), dot_tolerance(longest_row(w.kv_a) * length, c.shape.d)}};
  w.q_a = {};
  const Tensor normed = side.zeros(c.shape.d, step.count());
  side.backend->ops().latent_down({normed, latent, x, &w, kEps});
  out.push_back({"normed", side.read(normed), length * 0x1p-20});
  return out;
}

/// Two roundings of a stored value may fall on two sides of an edge.
inline double storage_tolerance(QuantType kv, double size) {
  switch (kv) {
    case QuantType::f32:
      return size * 0x1p-20;
    case QuantType::f16:
      return size * 0x1p-10;
    case QuantType::bf16:
      return size * 0x1p-7;
    case QuantType::q8_0:
      return size * 1.01 / 127;
    default:
      return size * 0.25;  // the widest cell of four bits, and less than two of three bits
  }
}

inline std::vector<Result> run_query_store(Side& side, const Case& c, const Step& step) {
  const AttentionWeights w = attention_weights(side, c);
  const Shape& s = c.shape;
  const QuantType kv = (s.r + s.p) % quant(c.kv).block_values == 0 ? c.kv : QuantType::f16;
  const Tensor q = side.zeros(s.h * (s.n + s.p), step.count());
  const Tensor q_latent = side.activations(s.q, step.count()),
               latent = side.activations(s.r + s.p, step.count());
  const Tensor rope = side.zeros(s.p, step.count()),
               cache = side.zeros(s.r + s.p, step.blocks * kBlockTokens, kv);
  for (std::int64_t i = 0; i < s.p * step.count(); i += 2) {
    const double angle = side.random.uniform() * 6;
    rope.floats()[i] = static_cast<float>(std::cos(angle));
    rope.floats()[i + 1] = static_cast<float>(std::sin(angle));
  }
  side.backend->ops().query_store(
      {q, q_latent, latent, rope, cache, &w, static_cast<std::int32_t>(s.h), kEps});
  const double magnitude = longest_row(w.q_b) * normed_length(w.q_a_norm);
  const std::vector<float> stored = side.read(cache);
  return {{"q", side.read(q), 2 * dot_tolerance(magnitude, s.q)},
          {"cache", stored, storage_tolerance(kv, largest(stored))}};
}

inline std::vector<Result> run_absorb(Side& side, const Case& c, const Step& step) {
  const AttentionWeights w = attention_weights(side, c);
  const Shape& s = c.shape;
  const Tensor q = side.activations(s.h * (s.n + s.p), step.count());
  const Tensor absorbed = side.zeros(s.h * (s.r + s.p), step.count());
  side.backend->ops().absorb({absorbed, q, &w});
  return {{"absorbed", side.read(absorbed), dot_tolerance(longest_row(w.k_b) * longest_row(q), s.n)}};
}

inline std::vector<Result> run_attend(Side& side, const Case& c, const Step& step) {
  const Shape& s = c.shape;
  const std::int64_t width = s.r + s.p;
  const QuantType kv = width % quant(c.kv).block_values == 0 ? c.kv : QuantType::f16;
  const Tensor absorbed = side.activations(s.h * width, step.count()),
               mixed = side.zeros(s.h * s.r, step.count());
  const Tensor cache = side.cache(kv, width, step.blocks * kBlockTokens);
  const float scale = 0.2f;
  side.backend->ops().attend({mixed, absorbed, cache, static_cast<std::int32_t>(s.h), scale});
  // An error of a score changes its weight, and the sum of the weights, by the same factor.
  const double score =
      static_cast<double>(scale) * dot_tolerance(longest_row(cache) * longest_row(absorbed), width);
  const double weights = 2 * score + static_cast<double>(step.blocks * kBlockTokens + 16) * 0x1p-24;
  return {{"mixed", side.read(mixed), weights * largest(values_of(cache))}};
}

inline std::vector<Result> run_value_and_output(Side& side, const Case& c, const Step& step) {
  const AttentionWeights w = attention_weights(side, c);
  const Shape& s = c.shape;
  const Tensor mixed = side.activations(s.h * s.r, step.count()), value = side.zeros(s.h * s.o, step.count());
  side.backend->ops().value({value, mixed, &w});
  const Tensor other = side.activations(s.h * s.o, step.count()), x = side.activations(s.d, step.count());
  side.backend->ops().output({x, other, &w});
  const double sum = longest_row(w.output) * longest_row(other) + longest_row(x);
  return {{"value", side.read(value), dot_tolerance(longest_row(w.v_b) * longest_row(mixed), s.r)},
          {"output", side.read(x), dot_tolerance(sum, s.h * s.o)}};
}

inline std::vector<Result> run_experts(Side& side, const Case& c, const Step& step) {
  const Shape& s = c.shape;
  ExpertWeights w;
  w.norm = side.weight(QuantType::f32, s.d);
  w.router = side.weight(QuantType::f32, s.d, s.e);
  w.router_bias = side.weight(QuantType::f32, s.e);
  w.gate = side.weight(c.type, s.d, s.f, s.e);
  w.up = side.weight(c.type, s.d, 2 * s.f, s.e).slice(s.f, s.f);  // as the second half of a joint tensor
  w.down = side.weight(c.type, s.f, s.d, s.e);
  w.shared_gate = side.weight(c.type, s.d, s.s);
  w.shared_up = side.weight(c.type, s.d, s.s);
  w.shared_down = side.weight(c.type, s.s, s.d);
  const std::int64_t t = step.count();
  const Tensor x = side.activations(s.d, t), normed = side.zeros(s.d, t), chosen = side.zeros(s.a, t);
  const Tensor weight = side.zeros(s.a, t), shared = side.zeros(s.s, t), hidden = side.zeros(s.a * s.f, t);
  const RouterRules rules{
      .gating = Gating::sigmoid, .active = static_cast<std::int32_t>(s.a), .normalise = true, .scale = 1.8f};
  Ops& ops = side.backend->ops();
  ops.route({normed, chosen, weight, shared, x, &w, rules, kEps});
  const double length = normed_length(w.norm);
  ops.flush();
  std::vector<float> indices(chosen.ints(), chosen.ints() + s.a * t);
  // The slope of a sigmoid is at most 1/4; normalising doubles the error of a weight at most.
  const double logit = dot_tolerance(longest_row(w.router) * length, s.d);
  std::vector<Result> out = {
      {"chosen", indices, 0},
      {"weight", side.read(weight), 1.8 * (static_cast<double>(s.a) * logit + 0x1p-20)},
      {"shared_hidden", side.read(shared), gated_tolerance(w.shared_gate, w.shared_up, length)}};
  const Tensor input = side.activations(s.d, t);
  ops.expert_up({hidden, input, chosen, &w});
  out.push_back({"hidden", side.read(hidden), gated_tolerance(w.gate, w.gate, longest_row(input))});
  const Tensor up = side.activations(s.a * s.f, t), shared_up = side.activations(s.s, t),
               factors = side.activations(s.a, t);
  ops.expert_down({x, up, shared_up, chosen, factors, &w});
  const double routed =
      longest_row(w.down) * longest_row(up) * largest(values_of(factors)) * static_cast<double>(s.a);
  const double sum = routed + longest_row(w.shared_down) * longest_row(shared_up) + longest_row(x);
  out.push_back({"expert_down", side.read(x), dot_tolerance(sum, std::max(s.f, s.s))});
  return out;
}

inline std::vector<Result> run_dense_and_head(Side& side, const Case& c, const Step& step) {
  const Shape& s = c.shape;
  const DenseWeights w{side.weight(QuantType::f32, s.d), side.weight(c.type, s.d, s.s),
                       side.weight(c.type, s.d, s.s), side.weight(c.type, s.s, s.d)};
  const Tensor output = side.weight(c.type, s.d, s.v), x = side.activations(s.d, step.count());
  const Tensor hidden = side.zeros(s.s, step.count());
  Ops& ops = side.backend->ops();
  ops.dense_up({hidden, x, &w, kEps});
  std::vector<Result> out = {
      {"dense_up", side.read(hidden), gated_tolerance(w.gate, w.gate, normed_length(w.norm))}};
  const Tensor other = side.activations(s.s, step.count());
  ops.dense_down({x, other, &w});
  out.push_back({"dense_down", side.read(x),
                 dot_tolerance(longest_row(w.down) * longest_row(other) + longest_row(x), s.s)});
  const Tensor copied = side.zeros(s.d, step.count());
  ops.copy({copied, x});
  out.push_back({"copy", side.read(copied), out.back().tolerance});
  std::vector<std::int32_t> wanted;
  for (std::int32_t i = 0; i < step.count(); i += 2) wanted.push_back(i);
  const Tensor logits = side.zeros(s.v, std::ssize(wanted)), final = side.activations(s.d, step.count());
  ops.head({logits, final, w.norm, output, wanted, kEps});
  out.push_back(
      {"logits", side.read(logits), dot_tolerance(longest_row(output) * normed_length(w.norm), s.d)});
  return out;
}

struct Stage {
  const char* name;
  std::vector<Result> (*run)(Side& side, const Case& c, const Step& step);
};

inline constexpr Stage kStages[] = {{"embed", run_embed},
                                    {"latent_down", run_latent_down},
                                    {"query_store", run_query_store},
                                    {"absorb", run_absorb},
                                    {"attend", run_attend},
                                    {"value, output", run_value_and_output},
                                    {"route, expert_up, expert_down", run_experts},
                                    {"dense_up, dense_down, head", run_dense_and_head}};

/// Formats that stages treat alike are represented by these; kernels_test.cpp decodes and multiplies all.
/// With scales beside the weights: NVFP4; without a kernel of its own: TQ1_0.
inline constexpr QuantType kFormats[] = {QuantType::f32,    QuantType::f16,    QuantType::bf16,
                                         QuantType::q8_0,   QuantType::q5_1,   QuantType::q4_k,
                                         QuantType::q6_k,   QuantType::iq2_xs, QuantType::q3_k,
                                         QuantType::iq4_nl, QuantType::nvfp4,  QuantType::tq1_0};

inline std::vector<Case> cases() {
  const std::vector<Part> one = {{0, 1}}, late = {{130, 1}}, odd = {{61, 7}},
                          several = {{0, 5}, {70, 1}, {3, 9}}, many = {{20, 101}};
  std::vector<Case> out;
  for (const QuantType type : kFormats) {
    out.push_back({kBlocky, late, type, QuantType::f16});
    out.push_back({kBlocky, several, type, QuantType::q8_0});
  }
  for (const QuantType type : {QuantType::f32, QuantType::f16, QuantType::bf16}) {
    for (const std::vector<Part>& parts : {one, late, odd, several}) {
      out.push_back({kOdd, parts, type, type == QuantType::bf16 ? QuantType::f16 : type});
    }
  }
  for (const QuantType kv : kCacheTypes) {
    out.push_back({kWide, several, QuantType::f16, kv});
    if (quant(kv).block_values == 64) out.push_back({kStraddling, odd, QuantType::f16, kv});
  }
  out.push_back({kBlocky, many, QuantType::q8_0, QuantType::f32});
  out.push_back({kBlocky, odd, QuantType::f32, QuantType::bf16});
  return out;
}

inline std::vector<Result> run_on(std::unique_ptr<Backend> backend, const Stage& stage, const Case& c) {
  Side side(std::move(backend));
  const Step step(c.parts);
  side.backend->ops().begin(step.rows());
  std::vector<Result> out = stage.run(side, c, step);
  side.backend->ops().flush();
  return out;
}

}  // namespace glim::stage_cases
