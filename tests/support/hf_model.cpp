#include "tests/support/hf_model.h"

#include <array>
#include <fstream>
#include <stdexcept>
#include <string_view>

#include "tests/support/hf_store.h"

namespace glim {
namespace {

using Json = nlohmann::ordered_json;

struct Names {
  std::string_view gguf, hf;
  bool is_projection;
};

constexpr std::array kLayerNames = {
    Names{"attn_norm.weight", "input_layernorm", false},
    Names{"attn_q_a.weight", "self_attn.q_a_proj", true},
    Names{"attn_q_a_norm.weight", "self_attn.q_a_layernorm", false},
    Names{"attn_q_b.weight", "self_attn.q_b_proj", true},
    Names{"attn_q.weight", "self_attn.q_proj", true},
    Names{"attn_kv_a_mqa.weight", "self_attn.kv_a_proj_with_mqa", true},
    Names{"attn_kv_a_norm.weight", "self_attn.kv_a_layernorm", false},
    Names{"attn_output.weight", "self_attn.o_proj", true},
    Names{"ffn_norm.weight", "post_attention_layernorm", false},
    Names{"ffn_gate.weight", "mlp.gate_proj", true},
    Names{"ffn_up.weight", "mlp.up_proj", true},
    Names{"ffn_down.weight", "mlp.down_proj", true},
    Names{"ffn_gate_inp.weight", "mlp.gate", false},
    Names{"exp_probs_b.bias", "mlp.gate.e_score_correction_bias", false},
    Names{"ffn_gate_shexp.weight", "mlp.shared_experts.gate_proj", true},
    Names{"ffn_up_shexp.weight", "mlp.shared_experts.up_proj", true},
    Names{"ffn_down_shexp.weight", "mlp.shared_experts.down_proj", true},
};

struct Setting {
  const char* hf;
  const char* gguf;
};

constexpr std::array kSizes = {
    Setting{"num_hidden_layers", "block_count"},
    Setting{"max_position_embeddings", "context_length"},
    Setting{"hidden_size", "embedding_length"},
    Setting{"intermediate_size", "feed_forward_length"},
    Setting{"num_attention_heads", "attention.head_count"},
    Setting{"num_key_value_heads", "attention.head_count"},
    Setting{"q_lora_rank", "attention.q_lora_rank"},
    Setting{"kv_lora_rank", "attention.kv_lora_rank"},
    Setting{"qk_rope_head_dim", "rope.dimension_count"},
    Setting{"v_head_dim", "attention.value_length_mla"},
    Setting{"vocab_size", "vocab_size"},
    Setting{"first_k_dense_replace", "leading_dense_block_count"},
    Setting{"n_routed_experts", "expert_count"},
    Setting{"num_experts_per_tok", "expert_used_count"},
    Setting{"n_shared_experts", "expert_shared_count"},
    Setting{"moe_intermediate_size", "expert_feed_forward_length"},
};

constexpr const char* kWords =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

std::int64_t size_of(const GgufFile& file, const std::string& name) {
  return file.get_int("deepseek2." + name).value_or(0);
}

std::string blk(std::int64_t layer) {
  return "blk." + std::to_string(layer) + ".";
}

std::string model(std::int64_t layer) {
  return "model.layers." + std::to_string(layer) + ".";
}

std::vector<float> decoded(const GgufTensor& tensor) {
  std::vector<float> out(static_cast<std::size_t>(tensor.values()));
  decode_row(tensor.type, tensor.data, out);
  return out;
}

const GgufTensor& need(const GgufFile& file, const std::string& name) {
  const GgufTensor* found = file.tensor(name);
  if (found == nullptr) throw std::runtime_error(name + " is not in the file");
  return *found;
}

std::string dtype_of(const GgufTensor& tensor) {
  return tensor.type == QuantType::f32 ? "F32" : "BF16";
}

HfTensor same(const GgufTensor& tensor, std::string base, bool is_projection) {
  HfTensor out{std::move(base), dtype_of(tensor), {}, decoded(tensor), is_projection};
  for (std::uint32_t i = tensor.dimensions; i-- > 0;) out.shape.push_back(tensor.shape[i]);
  return out;
}

}  // namespace

HfModel::HfModel(const GgufFile& file) {
  read_config(file);
  read_tokenizer(file);
  tensors.push_back(same(need(file, "token_embd.weight"), "model.embed_tokens", false));
  tensors.push_back(same(need(file, "output_norm.weight"), "model.norm", false));
  if (const GgufTensor* output = file.tensor("output.weight"))
    tensors.push_back(same(*output, "lm_head", false));
  for (std::int64_t layer = 0; layer < size_of(file, "block_count"); ++layer) read_layer(file, layer);
}

void HfModel::read_config(const GgufFile& file) {
  config = {{"architectures", {"Glm4MoeLiteForCausalLM"}},
            {"model_type", "glm4_moe_lite"},
            {"attention_bias", false},
            {"hidden_act", "silu"},
            {"n_group", 1},
            {"topk_group", 1},
            {"num_nextn_predict_layers", 0},
            {"rope_scaling", nullptr},
            {"topk_method", "noaux_tc"}};
  for (const Setting& row : kSizes) config[row.hf] = size_of(file, row.gguf);
  if (size_of(file, "attention.q_lora_rank") == 0) config["q_lora_rank"] = nullptr;
  config["qk_nope_head_dim"] =
      size_of(file, "attention.key_length_mla") - size_of(file, "rope.dimension_count");
  config["rms_norm_eps"] = file.get_float("deepseek2.attention.layer_norm_rms_epsilon").value();
  config["rope_theta"] = file.get_float("deepseek2.rope.freq_base").value();
  config["routed_scaling_factor"] = file.get_float("deepseek2.expert_weights_scale").value();
  config["norm_topk_prob"] = file.get_bool("deepseek2.expert_weights_norm").value();
  config["tie_word_embeddings"] = file.tensor("output.weight") == nullptr;
}

void HfModel::read_tokenizer(const GgufFile& file) {
  Json vocab = Json::object(), added = Json::array(), merges = Json::array();
  if (const auto* tokens = file.get_strings("tokenizer.ggml.tokens")) {
    const auto types = file.get_ints("tokenizer.ggml.token_type").value();
    for (std::size_t id = 0; id < tokens->size(); ++id) {
      const std::string text((*tokens)[id]);
      if (types[id] == 1) vocab[text] = id;
      if (types[id] == 3 || types[id] == 4)
        added.push_back({{"id", id}, {"content", text}, {"special", types[id] == 3}});
    }
    for (const std::string_view merge : *file.get_strings("tokenizer.ggml.merges")) {
      const std::size_t blank = merge.find(' ');
      // Both spellings are in use; a file may not mix them, but a reader need not care.
      if (merges.size() % 2 == 0) {
        merges.push_back(std::string(merge));
      } else {
        merges.push_back({std::string(merge.substr(0, blank)), std::string(merge.substr(blank + 1))});
      }
    }
    config["eos_token_id"] = file.get_int("tokenizer.ggml.eos_token_id").value();
    config["pad_token_id"] = file.get_int("tokenizer.ggml.padding_token_id").value();
    chat_template = file.get_string("tokenizer.chat_template").value_or("");
    if (const auto temperature = file.get_float("general.sampling.temp"))
      generation = {{"temperature", *temperature}, {"eos_token_id", {config["eos_token_id"]}}};
  } else {
    for (std::int64_t id = 0; id < size_of(file, "vocab_size"); ++id) vocab["t" + std::to_string(id)] = id;
  }
  tokenizer = {{"version", "1.0"}, {"added_tokens", added}};
  const Json split = {{"type", "Split"}, {"pattern", {{"Regex", kWords}}}, {"behavior", "Isolated"}};
  tokenizer["pre_tokenizer"] = {{"type", "Sequence"},
                                {"pretokenizers", {split, {{"type", "ByteLevel"}, {"use_regex", false}}}}};
  tokenizer["model"] = {{"type", "BPE"}, {"vocab", vocab}, {"merges", merges}};
}

void HfModel::read_layer(const GgufFile& file, std::int64_t layer) {
  for (const Names& row : kLayerNames) {
    const GgufTensor* tensor = file.tensor(blk(layer) + std::string(row.gguf));
    if (tensor != nullptr)
      tensors.push_back(same(*tensor, model(layer) + std::string(row.hf), row.is_projection));
  }
  join_kv_b(file, layer);
  split_experts(file, layer);
}

void HfModel::join_kv_b(const GgufFile& file, std::int64_t layer) {
  const GgufTensor& key = need(file, blk(layer) + "attn_k_b.weight");
  const std::int64_t nope = key.shape[0], rank = key.shape[1], heads = key.shape[2];
  const GgufTensor& value = need(file, blk(layer) + "attn_v_b.weight");
  const std::int64_t width = value.shape[1];
  const std::vector<float> k = decoded(key), v = decoded(value);
  HfTensor out{model(layer) + "self_attn.kv_b_proj", dtype_of(key), {heads * (nope + width), rank}, {}, true};
  for (std::int64_t h = 0; h < heads; ++h) {
    for (std::int64_t d = 0; d < nope; ++d)
      for (std::int64_t l = 0; l < rank; ++l)
        out.values.push_back(k[static_cast<std::size_t>((h * rank + l) * nope + d)]);
    const auto first = v.begin() + h * width * rank;
    out.values.insert(out.values.end(), first, first + width * rank);
  }
  tensors.push_back(std::move(out));
}

void HfModel::split_experts(const GgufFile& file, std::int64_t layer) {
  for (const std::string part : {"gate", "up", "down"}) {
    const GgufTensor* stack = file.tensor(blk(layer) + "ffn_" + part + "_exps.weight");
    if (stack == nullptr) return;
    const std::vector<float> all = decoded(*stack);
    const std::int64_t one = stack->shape[0] * stack->shape[1];
    for (std::int64_t e = 0; e < stack->shape[2]; ++e) {
      const std::string base = model(layer) + "mlp.experts." + std::to_string(e) + "." + part + "_proj";
      tensors.push_back({base,
                         dtype_of(*stack),
                         {stack->shape[1], stack->shape[0]},
                         {all.begin() + e * one, all.begin() + (e + 1) * one},
                         true});
    }
  }
}

HfTensor& HfModel::tensor(const std::string& base) {
  for (HfTensor& candidate : tensors)
    if (candidate.base == base) return candidate;
  throw std::runtime_error(base + " is not in the model");
}

void HfModel::remove(const std::string& base) {
  std::erase_if(tensors, [&](const HfTensor& candidate) { return candidate.base == base; });
}

HfModel HfModel::write(const std::filesystem::path& folder, HfStyle style) const {
  std::filesystem::create_directories(folder);
  HfModel stored = *this;
  TinySafetensors file;
  for (HfTensor& tensor : stored.tensors) {
    tensor.values = store(file, tensor, style);
    tensor.dtype = "F32";
  }
  file.write(folder / "model.safetensors");
  write_text_file(folder / "config.json", config.dump(2));
  write_text_file(folder / "tokenizer.json", tokenizer.dump());
  if (!generation.is_null()) write_text_file(folder / "generation_config.json", generation.dump());
  if (!chat_template.empty()) write_text_file(folder / "chat_template.jinja", chat_template);
  return stored;
}

void write_text_file(const std::filesystem::path& path, const std::string& text) {
  std::ofstream(path, std::ios::binary).write(text.data(), static_cast<std::streamsize>(text.size()));
}

}  // namespace glim
