#include "engine/shape/model_shape.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <optional>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/shape/shape_vocab.h"

namespace glim {
namespace {

constexpr std::string_view kPrefix = "shape:", kLayers = "layers=", kRecipe = "recipe=";

constexpr ShapeGeometry kFlash = {.name = "glm-4.7-flash",
                                  .label = "GLM-4.7-Flash",
                                  .blocks = 47,
                                  .dense_blocks = 1,
                                  .embedding = 2048,
                                  .heads = 20,
                                  .query_rank = 768,
                                  .latent = 512,
                                  .rope = 64,
                                  .nope = 192,
                                  .value = 256,
                                  .dense_width = 10240,
                                  .expert_width = 1536,
                                  .experts = 64,
                                  .experts_used = 4,
                                  .experts_shared = 1,
                                  .vocabulary = 154880,
                                  .context = 202752};

constexpr ShapeGeometry reap() {
  ShapeGeometry out = kFlash;
  out.name = "glm-4.7-flash-reap";
  out.label = "GLM-4.7-Flash-REAP-23B-A3B";
  out.experts = 48;
  return out;
}

constexpr std::array kShapes = {kFlash, reap()};

/// Adds tensors block by block.
class TensorList {
 public:
  void add(const std::string& name, std::int64_t x, std::int64_t y = 1, std::int64_t z = 1) {
    const bool steers = name.find("ffn_gate_inp") != name.npos;
    tensors_.push_back({name, {x, y, z, 1}, y == 1 || steers ? QuantType::f32 : QuantType::bf16});
  }
  std::vector<RecipeTensor> take() { return std::move(tensors_); }

 private:
  std::vector<RecipeTensor> tensors_;
};

void add_attention(TensorList& list, const ShapeGeometry& g, const std::string& block) {
  list.add(block + "attn_norm.weight", g.embedding);
  list.add(block + "attn_q_a.weight", g.embedding, g.query_rank);
  list.add(block + "attn_q_a_norm.weight", g.query_rank);
  list.add(block + "attn_q_b.weight", g.query_rank, g.heads * (g.nope + g.rope));
  list.add(block + "attn_kv_a_mqa.weight", g.embedding, g.latent + g.rope);
  list.add(block + "attn_kv_a_norm.weight", g.latent);
  list.add(block + "attn_k_b.weight", g.nope, g.latent, g.heads);
  list.add(block + "attn_v_b.weight", g.latent, g.value, g.heads);
  list.add(block + "attn_output.weight", g.heads * g.value, g.embedding);
  list.add(block + "ffn_norm.weight", g.embedding);
}

void add_feed_forward(TensorList& list, const ShapeGeometry& g, const std::string& block, bool dense) {
  if (dense) {
    list.add(block + "ffn_gate.weight", g.embedding, g.dense_width);
    list.add(block + "ffn_up.weight", g.embedding, g.dense_width);
    list.add(block + "ffn_down.weight", g.dense_width, g.embedding);
    return;
  }
  const std::int64_t shared = g.expert_width * g.experts_shared;
  list.add(block + "ffn_gate_inp.weight", g.embedding, g.experts);
  list.add(block + "exp_probs_b.bias", g.experts);
  list.add(block + "ffn_gate_exps.weight", g.embedding, g.expert_width, g.experts);
  list.add(block + "ffn_up_exps.weight", g.embedding, g.expert_width, g.experts);
  list.add(block + "ffn_down_exps.weight", g.expert_width, g.embedding, g.experts);
  list.add(block + "ffn_gate_shexp.weight", g.embedding, shared);
  list.add(block + "ffn_up_shexp.weight", g.embedding, shared);
  list.add(block + "ffn_down_shexp.weight", shared, g.embedding);
}

RecipeModel model_of(const ShapeGeometry& g) {
  TensorList list;
  list.add("token_embd.weight", g.embedding, g.vocabulary);
  list.add("output_norm.weight", g.embedding);
  list.add("output.weight", g.embedding, g.vocabulary);
  for (std::int64_t i = 0; i < g.blocks; ++i) {
    const std::string block = strf("blk.%lld.", static_cast<long long>(i));
    add_attention(list, g, block);
    add_feed_forward(list, g, block, i < g.dense_blocks);
  }
  return {.tensors = list.take(), .blocks = g.blocks, .experts = g.experts, .heads = g.heads, .kv_heads = 1};
}

Error bad_name(std::string_view name, const std::string& what) {
  std::string known;
  for (const ShapeGeometry& shape : kShapes) known += (known.empty() ? "" : ", ") + std::string(shape.name);
  return Error(
      ErrorCode::E501, strf("%s: %s", printable(name).c_str(), what.c_str()),
      "shapes: " + known + "; for example shape:glm-4.7-flash:q4_k_m or shape:glm-4.7-flash:layers=4");
}

const ShapeGeometry& geometry_named(std::string_view word, std::string_view name) {
  std::vector<std::string_view> known;
  for (const ShapeGeometry& shape : kShapes) {
    if (shape.name == word) return shape;
    known.push_back(shape.name);
  }
  const std::string_view near = nearest(word, known);
  throw bad_name(name, strf("there is no shape \"%s\"; %s", printable(word, 60).c_str(),
                            near.empty() ? "use one of those listed below"
                                         : ("did you mean " + std::string(near) + "?").c_str()));
}

std::int64_t layers_from(std::string_view text, const ShapeGeometry& geometry, std::string_view name) {
  std::int64_t layers = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), layers);
  if (error != std::errc() || end != text.data() + text.size() || layers < 1 || layers > geometry.blocks) {
    throw bad_name(name, strf("layers=%s is no number from 1 to %lld; write for example layers=4",
                              printable(text, 20).c_str(), static_cast<long long>(geometry.blocks)));
  }
  return layers;
}

RuleBook rules_from(std::string_view text, std::string_view name) {
  if (const auto rules = rule_book_named(text)) return *rules;
  throw bad_name(name, strf("there is no recipe \"%s\"; write recipe=llama.cpp or recipe=bartowski",
                            printable(text, 20).c_str()));
}

std::string_view take_word(std::string_view& rest) {
  const std::size_t end = std::min(rest.find(':'), rest.size());
  const std::string_view word = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return word;
}

}  // namespace

bool is_shape_name(std::string_view name) {
  return name.starts_with(kPrefix);
}

ModelShape shape_named(std::string_view name) {
  GLIM_ASSERT(is_shape_name(name));
  std::string_view rest = name.substr(kPrefix.size());
  ShapeGeometry geometry = geometry_named(take_word(rest), name);
  const FileType* type = nullptr;
  bool cut = false;
  std::optional<RuleBook> rules;
  while (!rest.empty()) {
    const std::string_view word = take_word(rest);
    if (word.starts_with(kLayers) && !cut) {
      geometry.blocks = layers_from(word.substr(kLayers.size()), geometry, name);
      cut = true;
    } else if (word.starts_with(kRecipe) && !rules) {
      rules = rules_from(word.substr(kRecipe.size()), name);
    } else if (word.find('=') == word.npos && type == nullptr) {
      type = &file_type_named(word, name);
    } else {
      throw bad_name(name, strf("\"%s\" is one part too many; a shape has one type, one layers=N and one "
                                "recipe=NAME",
                                printable(word, 40).c_str()));
    }
  }
  ModelShape shape = make_shape(geometry, type != nullptr ? *type : file_type_named("BF16", name),
                                rules.value_or(RuleBook::llama_cpp));
  shape.name = name;
  return shape;
}

ModelShape make_shape(const ShapeGeometry& geometry, const FileType& file_type, RuleBook rules) {
  ModelShape shape = {std::string(geometry.name), geometry, &file_type, rules, model_of(geometry), {}};
  RecipeOptions options;
  options.file_type = &file_type;
  options.rules = rules;
  options.importance = file_type.needs_importance;
  for (const Assignment& one : assign_types(shape.model, options)) shape.types.push_back(one.type);
  return shape;
}

std::string plain_name(const ModelShape& shape) {
  std::string out(kPrefix);
  out.append(shape.geometry.name).append(":");
  for (const char c : shape.file_type->name)
    out += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  const auto whole = std::find_if(kShapes.begin(), kShapes.end(), [&](const ShapeGeometry& known) {
    return known.name == shape.geometry.name && known.blocks == shape.geometry.blocks;
  });
  if (whole == kShapes.end())
    out.append(strf(":%s%lld", std::string(kLayers).c_str(), static_cast<long long>(shape.geometry.blocks)));
  if (shape.rules != RuleBook::llama_cpp) out.append(":").append(kRecipe).append(rule_book_name(shape.rules));
  return out;
}

std::vector<std::pair<std::string, GgufOut>> shape_metadata(const ModelShape& shape) {
  const ShapeGeometry& g = shape.geometry;
  const std::string arch = "deepseek2";
  std::vector<std::pair<std::string, GgufOut>> out = {
      {"general.architecture", arch},
      {"general.type", std::string("model")},
      {"general.name", std::string(g.label) + " (noise)"},
      {"general.description", std::string("made by glim from ") + plain_name(shape) +
                                  ": true names, sizes and formats, weights without meaning"},
  };
  const auto number = [&](const char* key, std::int64_t value) {
    out.emplace_back(arch + "." + key, static_cast<std::uint32_t>(value));
  };
  number("block_count", g.blocks);
  number("context_length", g.context);
  number("embedding_length", g.embedding);
  number("feed_forward_length", g.dense_width);
  number("attention.head_count", g.heads);
  number("attention.head_count_kv", 1);
  out.emplace_back(arch + ".rope.freq_base", 1e6f);
  out.emplace_back(arch + ".attention.layer_norm_rms_epsilon", 1e-5f);
  number("expert_used_count", g.experts_used);
  number("expert_group_count", 1);
  number("expert_group_used_count", 1);
  number("expert_gating_func", 2);
  number("leading_dense_block_count", g.dense_blocks);
  number("vocab_size", g.vocabulary);
  number("attention.q_lora_rank", g.query_rank);
  number("attention.kv_lora_rank", g.latent);
  number("attention.key_length", g.latent + g.rope);
  number("attention.value_length", g.latent);
  number("attention.key_length_mla", g.nope + g.rope);
  number("attention.value_length_mla", g.value);
  number("expert_feed_forward_length", g.expert_width);
  number("expert_count", g.experts);
  number("expert_shared_count", g.experts_shared);
  out.emplace_back(arch + ".expert_weights_scale", 1.8f);
  out.emplace_back(arch + ".expert_weights_norm", true);
  number("rope.dimension_count", g.rope);
  out.emplace_back("general.quantization_version", std::uint32_t{2});
  out.emplace_back("general.file_type", shape.file_type->code);
  for (auto& key : shape_vocabulary(g.vocabulary)) out.push_back(std::move(key));
  return out;
}

}  // namespace glim
