#pragma once

#include <atomic>
#include <cstdint>
#include <span>

#include "engine/base/token.h"
#include "engine/tensor/tensor.h"

namespace glim {

/// Dimensions in the comments: T rows of this step · D model width · Q query rank · H heads · N unrotated and
/// P rotated values of a head's query and key · R latent rank · O value width of a head · E experts · A
/// active experts · F expert hidden width · S hidden width of the shared experts · V vocabulary. Activations
/// are f32. Weights may have any type. Outputs never alias inputs unless a stage says so.

inline constexpr int kBlockTokens = 64;   ///< rows of one KV block
inline constexpr int kMaxExperts = 1024;  ///< E never exceeds it

/// One row of a step: a token of some sequence at an absolute position.
struct Row {
  TokenId token;
  std::int32_t position;  ///< from 0
  std::int32_t sequence;  ///< index into StepRows::blocks
};

/// The rows of one step and where their sequences live in the cache. A row attends to the positions
/// 0..position of its own sequence, so rows of one sequence must come in ascending order and be stored before
/// any of them attends.
struct StepRows {
  std::span<const Row> rows;  ///< T
  std::span<const std::span<const std::int32_t>>
      blocks;                               ///< per sequence: cache block of positions 64i..64i+63
  const std::atomic<bool>* stop = nullptr;  ///< once true, the step ends early and its results mean nothing
};

/// Weights of one MLA attention layer. Source: DeepSeek-V2 report, section 2.1.
struct AttentionWeights {
  Tensor norm;             ///< [D]
  Tensor q_a, q_a_norm;    ///< [Q, D], [Q]; both empty when queries have no low-rank form
  Tensor q_b;              ///< [H*(N+P), Q], or [H*(N+P), D] without q_a
  Tensor kv_a, kv_a_norm;  ///< [R+P, D], [R]
  Tensor k_b;              ///< H matrices [R, N]
  Tensor v_b;              ///< H matrices [O, R]
  Tensor output;           ///< [D, H*O]
};

/// How the router turns logits into expert weights.
enum class Gating : std::uint8_t { softmax, sigmoid, softmax_of_selected };

struct RouterRules {
  Gating gating = Gating::sigmoid;
  std::int32_t active = 1;                   ///< A
  bool normalise = false;                    ///< divide the chosen weights by their sum
  float scale = 1;                           ///< multiplies them afterwards
  std::int32_t groups = 1, groups_used = 1;  ///< group-limited choice (DeepSeek-V3)
};

struct ExpertWeights {
  Tensor norm;                 ///< [D]
  Tensor router, router_bias;  ///< [E, D] f32; [E] f32, steers the choice only, may be empty
  Tensor gate, up, down;       ///< E matrices [F, D], [F, D], [D, F]
  Tensor shared_gate, shared_up,
      shared_down;  ///< [S, D], [S, D], [D, S]; empty when there is no shared expert
};

struct DenseWeights {
  Tensor norm;            ///< [D]
  Tensor gate, up, down;  ///< [S, D], [S, D], [D, S]
};

struct Embed {
  Tensor out, table;
};  ///< out [T, D], table [V, D]

/// down = [q_a; kv_a] · rms_norm(x)
struct LatentDown {
  Tensor q_latent;  ///< out [T, Q], not normed yet; without q_a: [T, D], the normed x
  Tensor latent;    ///< out [T, R+P], not normed or rotated yet
  Tensor x;         ///< [T, D]
  const AttentionWeights* w;
  float eps;
};

/// q = rope(q_b · rms_norm(q_latent)); cache row of (sequence, position) = [rms_norm(latent[:R]) |
/// rope(latent[R:])]
struct QueryStore {
  Tensor q;         ///< out [T, H*(N+P)], last P values of each head rotated in adjacent pairs
  Tensor q_latent;  ///< [T, Q]
  Tensor latent;    ///< [T, R+P]
  Tensor rope;      ///< [T, P]: cos and sin of P/2 angles, interleaved
  Tensor cache;     ///< this layer's [blocks*64, R+P] in the KV type
  const AttentionWeights* w;
  std::int32_t heads;
  float eps;
};

/// absorbed[h] = [k_b[h] · q[h][:N] | q[h][N:]]
struct Absorb {
  Tensor absorbed, q;
  const AttentionWeights* w;
};  ///< out [T, H*(R+P)], q [T, H*(N+P)]

/// mixed[h] = sum over positions j <= own of softmax_j(scale · absorbed[h] · cache[j]) · cache[j][:R]
struct Attend {
  Tensor mixed;     ///< out [T, H*R]
  Tensor absorbed;  ///< [T, H*(R+P)]
  Tensor cache;     ///< [blocks*64, R+P]
  std::int32_t heads;
  float scale;
};

struct Value {
  Tensor out, mixed;
  const AttentionWeights* w;
};  ///< out [T, H*O] = v_b[h] · mixed[h]

struct Output {
  Tensor x, value;
  const AttentionWeights* w;
};  ///< x [T, D] += output · value

/// normed = rms_norm(x); chosen and weight by the router; shared_hidden = silu(shared_gate·normed) *
/// (shared_up·normed)
struct Route {
  Tensor normed;         ///< out [T, D]
  Tensor chosen;         ///< out [T, A] expert indices, int32 stored in an f32-typed tensor
  Tensor weight;         ///< out [T, A]
  Tensor shared_hidden;  ///< out [T, S], untouched without a shared expert
  Tensor x;              ///< [T, D]
  const ExpertWeights* w;
  RouterRules rules;
  float eps;
};

struct ExpertUp {
  Tensor hidden, normed, chosen;
  const ExpertWeights* w;
};  ///< out hidden [T, A*F]

/// x [T, D] += sum over chosen of weight · down[e] · hidden[a]  +  shared_down · shared_hidden
struct ExpertDown {
  Tensor x, hidden, shared_hidden, chosen, weight;
  const ExpertWeights* w;
};

struct DenseUp {
  Tensor hidden, x;
  const DenseWeights* w;
  float eps;
};  ///< out [T, S] = silu(gate·n)*(up·n), n = rms_norm(x)
struct DenseDown {
  Tensor x, hidden;
  const DenseWeights* w;
};  ///< x [T, D] += down · hidden

/// out = x, for activations that other memory is to hold too
struct Copy {
  Tensor out, x;
};  ///< [T, cols]

/// logits = output · rms_norm(x[row]) for the chosen rows only
struct Head {
  Tensor logits;  ///< out [rows.size(), V]
  Tensor x;       ///< [T, D]
  Tensor norm, output;
  std::span<const std::int32_t> rows;
  float eps;
};

/// The vocabulary: one function per dependent stage of a step. A backend may queue; flush() makes results
/// readable. One thread at a time. Stages do not throw; a backend made for speed does not allocate either,
/// once it has seen a step of the same size.
class Ops {
 public:
  virtual ~Ops() = default;
  virtual void begin(const StepRows& step) = 0;  ///< the rows that all stages up to flush() work on
  virtual void embed(const Embed&) = 0;
  virtual void latent_down(const LatentDown&) = 0;
  virtual void query_store(const QueryStore&) = 0;
  virtual void absorb(const Absorb&) = 0;
  virtual void attend(const Attend&) = 0;
  virtual void value(const Value&) = 0;
  virtual void output(const Output&) = 0;
  virtual void route(const Route&) = 0;
  virtual void expert_up(const ExpertUp&) = 0;
  virtual void expert_down(const ExpertDown&) = 0;
  virtual void dense_up(const DenseUp&) = 0;
  virtual void dense_down(const DenseDown&) = 0;
  virtual void copy(const Copy&) = 0;
  virtual void head(const Head&) = 0;
  virtual void flush() = 0;
};

}  // namespace glim
