#pragma once

#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "engine/base/random.h"
#include "tests/support/tiny_gguf.h"

namespace glim {

/// A deepseek2 model small enough to write out in a test, with random F32 weights that depend on the name of
/// the tensor only; so two spellings of the same model hold the same numbers.
struct TinyModel {
  std::string architecture = "deepseek2";
  std::int64_t layers = 3, dense_layers = 1, width = 32, heads = 3, query_rank = 16, latent_rank = 24;
  std::int64_t rope = 8, nope = 12, value = 10, hidden = 40, experts = 6, active = 2, expert_hidden = 20,
               shared = 1;
  std::int64_t vocabulary = 50;
  bool legacy_kv_b = false;    ///< attn_kv_b in place of k_b and v_b
  bool joint_gate_up = false;  ///< ffn_gate_up_exps in place of gate and up
  bool tied = false;           ///< no output.weight

  std::string key(const std::string& name) const { return architecture + "." + name; }

  static std::vector<float> values(const std::string& name, std::int64_t cols, std::int64_t count) {
    Random random(std::hash<std::string>{}(name));
    const bool gain = count == cols;
    const double size = gain ? 0.1 : 1 / std::sqrt(static_cast<double>(cols));
    std::vector<float> out(static_cast<std::size_t>(count));
    for (float& value : out) value = static_cast<float>((gain ? 1 : 0) + size * random.normal());
    return out;
  }

  TinyGguf file() const {
    TinyGguf out;
    write_keys(out);
    add(out, "token_embd.weight", {width, vocabulary});
    add(out, "output_norm.weight", {width});
    if (!tied) add(out, "output.weight", {width, vocabulary});
    for (std::int64_t i = 0; i < layers; ++i) {
      const std::string blk = "blk." + std::to_string(i) + ".";
      write_attention(out, blk);
      add(out, blk + "ffn_norm.weight", {width});
      i < dense_layers ? write_dense(out, blk) : write_experts(out, blk);
    }
    return out;
  }

  /// Per head: the rows of k_b turned over, then those of v_b.
  std::vector<float> joint_kv_b(const std::string& blk) const {
    const std::vector<float> k = values(blk + "attn_k_b.weight", nope, nope * latent_rank * heads);
    const std::vector<float> v = values(blk + "attn_v_b.weight", latent_rank, latent_rank * value * heads);
    std::vector<float> out;
    for (std::int64_t h = 0; h < heads; ++h) {
      for (std::int64_t d = 0; d < nope; ++d) {
        for (std::int64_t l = 0; l < latent_rank; ++l) {
          out.push_back(k[static_cast<std::size_t>((h * latent_rank + l) * nope + d)]);
        }
      }
      const auto first = v.begin() + h * value * latent_rank;
      out.insert(out.end(), first, first + value * latent_rank);
    }
    return out;
  }

  std::vector<float> joint_experts(const std::string& blk) const {
    const std::int64_t one = width * expert_hidden;
    const std::vector<float> gate = values(blk + "ffn_gate_exps.weight", width, one * experts);
    const std::vector<float> up = values(blk + "ffn_up_exps.weight", width, one * experts);
    std::vector<float> out;
    for (std::int64_t e = 0; e < experts; ++e) {
      out.insert(out.end(), gate.begin() + e * one, gate.begin() + (e + 1) * one);
      out.insert(out.end(), up.begin() + e * one, up.begin() + (e + 1) * one);
    }
    return out;
  }

 private:
  static void add(TinyGguf& out, const std::string& name, std::vector<std::int64_t> shape) {
    std::int64_t count = 1;
    for (const std::int64_t size : shape) count *= size;
    out.tensor(name, shape, values(name, shape[0], count));
  }

  void set(TinyGguf& out, const std::string& name, std::int64_t number) const {
    out.set(key(name), static_cast<std::uint32_t>(number));
  }

  void write_keys(TinyGguf& out) const {
    out.set("general.architecture", architecture).set("general.name", "tiny");
    set(out, "block_count", layers);
    set(out, "context_length", 512);
    set(out, "embedding_length", width);
    set(out, "feed_forward_length", hidden);
    set(out, "attention.head_count", heads);
    set(out, "attention.head_count_kv", legacy_kv_b ? heads : 1);
    set(out, "attention.q_lora_rank", query_rank);
    set(out, "attention.kv_lora_rank", latent_rank);
    set(out, "rope.dimension_count", rope);
    write_head_widths(out);
    set(out, "vocab_size", vocabulary);
    set(out, "leading_dense_block_count", dense_layers);
    set(out, "expert_count", experts);
    set(out, "expert_used_count", active);
    set(out, "expert_shared_count", shared);
    set(out, "expert_feed_forward_length", expert_hidden);
    set(out, "expert_gating_func", 2);
    out.set(key("expert_weights_norm"), true).set(key("expert_weights_scale"), 1.8f);
    out.set(key("attention.layer_norm_rms_epsilon"), 1e-5f).set(key("rope.freq_base"), 1e6f);
  }

  void write_head_widths(TinyGguf& out) const {
    // This spelling gives the head under the plain names and the cache row under the others.
    const bool swapped = architecture == "glm4moelite";
    const std::string head = swapped || legacy_kv_b ? "" : "_mla", row = swapped ? "_mla" : "";
    set(out, "attention.key_length" + head, nope + rope);
    set(out, "attention.value_length" + head, value);
    if (legacy_kv_b) return;
    set(out, "attention.key_length" + row, latent_rank + rope);
    set(out, "attention.value_length" + row, latent_rank);
  }

  void write_attention(TinyGguf& out, const std::string& blk) const {
    add(out, blk + "attn_norm.weight", {width});
    if (query_rank > 0) {
      add(out, blk + "attn_q_a.weight", {width, query_rank});
      add(out, blk + "attn_q_a_norm.weight", {query_rank});
      add(out, blk + "attn_q_b.weight", {query_rank, heads * (nope + rope)});
    } else {
      add(out, blk + "attn_q.weight", {width, heads * (nope + rope)});
    }
    add(out, blk + "attn_kv_a_mqa.weight", {width, latent_rank + rope});
    add(out, blk + "attn_kv_a_norm.weight", {latent_rank});
    if (legacy_kv_b) {
      out.tensor(blk + "attn_kv_b.weight", {latent_rank, heads * (nope + value)}, joint_kv_b(blk));
    } else {
      add(out, blk + "attn_k_b.weight", {nope, latent_rank, heads});
      add(out, blk + "attn_v_b.weight", {latent_rank, value, heads});
    }
    add(out, blk + "attn_output.weight", {heads * value, width});
  }

  void write_dense(TinyGguf& out, const std::string& blk) const {
    add(out, blk + "ffn_gate.weight", {width, hidden});
    add(out, blk + "ffn_up.weight", {width, hidden});
    add(out, blk + "ffn_down.weight", {hidden, width});
  }

  void write_experts(TinyGguf& out, const std::string& blk) const {
    add(out, blk + "ffn_gate_inp.weight", {width, experts});
    add(out, blk + "exp_probs_b.bias", {experts});
    if (joint_gate_up) {
      out.tensor(blk + "ffn_gate_up_exps.weight", {width, 2 * expert_hidden, experts}, joint_experts(blk));
    } else {
      add(out, blk + "ffn_gate_exps.weight", {width, expert_hidden, experts});
      add(out, blk + "ffn_up_exps.weight", {width, expert_hidden, experts});
    }
    add(out, blk + "ffn_down_exps.weight", {expert_hidden, width, experts});
    if (shared == 0) return;
    add(out, blk + "ffn_gate_shexp.weight", {width, shared * expert_hidden});
    add(out, blk + "ffn_up_shexp.weight", {width, shared * expert_hidden});
    add(out, blk + "ffn_down_shexp.weight", {shared * expert_hidden, width});
  }
};

}  // namespace glim
