#include "engine/quantize/recipe.h"

#include <algorithm>
#include <array>
#include <map>
#include <numeric>
#include <utility>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/gguf/figures.h"
#include "engine/quantize/recipe_rules.h"

namespace glim {
namespace {

constexpr std::array<std::string_view, 2> kRuleBooks = {"llama.cpp", "bartowski"};

/// Parts of names in the order in which they are looked for.
constexpr std::pair<std::string_view, Places> kPlaces[] = {
    {"attn_qkv.weight", place::attn_qkv},
    {"attn_kv_b.weight", place::attn_kv_b},
    {"attn_v.weight", place::attn_v},
    {"attn_k.weight", place::attn_k},
    {"attn_q.weight", place::attn_q},
    {"attn_output.weight", place::attn_output},
    {"attn_kv_a_mqa.weight", place::attn_kv_a},
    {"attn_q_a.weight", place::attn_q_a},
    {"attn_q_b.weight", place::attn_q_b},
    {"attn_k_b.weight", place::attn_k_b},
    {"attn_v_b.weight", place::attn_v_b},
    {"ffn_up_exps", place::up_exps},
    {"ffn_up_shexp", place::up_shexp},
    {"ffn_up", place::up},
    {"ffn_gate_exps", place::gate_exps},
    {"ffn_gate_shexp", place::gate_shexp},
    {"ffn_gate", place::gate},
    {"ffn_down_exps", place::down_exps},
    {"ffn_down_shexp", place::down_shexp},
    {"ffn_down", place::down},
};

/// Matrices that lose more than they save; vectors and what is no ".weight" stay too.
constexpr std::string_view kNeverQuantised[] = {
    "_norm.weight",
    "ffn_gate_inp.weight",
    "altup",
    "laurel",
    "per_layer_model_proj",
    "ssm_conv1d",
    "shortconv.conv.weight",
    "time_mix_first",
    "time_mix_w0",
    "time_mix_w1",
    "time_mix_w2",
    "time_mix_v0",
    "time_mix_v1",
    "time_mix_v2",
    "time_mix_a0",
    "time_mix_a1",
    "time_mix_a2",
    "time_mix_g1",
    "time_mix_g2",
    "time_mix_decay_w1",
    "time_mix_decay_w2",
    "time_mix_lerp_fused",
    "attn_rel_b.weight",
    "position_embd.weight",
    "token_types.weight",
    ".rel_pos",
};

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != text.npos;
}

bool ends_with(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

bool has_word(std::string_view words, std::string_view word) {
  for (std::size_t at = words.find(word); at != words.npos; at = words.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    if ((at == 0 || words[at - 1] == ' ') && (end == words.size() || words[end] == ' ')) return true;
  }
  return false;
}

bool is_quantised(const RecipeTensor& tensor) {
  const bool matrix = tensor.shape[1] > 1 || tensor.shape[2] > 1 || tensor.shape[3] > 1;
  if (!matrix || !ends_with(tensor.name, "weight")) return false;
  return std::none_of(std::begin(kNeverQuantised), std::end(kNeverQuantised),
                      [&](std::string_view part) { return contains(tensor.name, part); });
}

bool fits(QuantType type, const RecipeTensor& tensor) {
  return tensor.shape[0] % quant(type).block_values == 0;
}

/// What the conditions of rules are about, for one tensor.
struct Position {
  std::int64_t i = 0, n = 1, k = 0, m = 1, downs = 0;
};

bool more_bits(std::int64_t i, std::int64_t n) {
  return i < n / 8 || i >= 7 * n / 8 || (i - n / 8) % 3 == 2;
}

struct BlockTest {
  Blocks bit;
  bool (*holds)(const Position& at);
};
constexpr BlockTest kBlockTests[] = {
    {blocks::first_16th, [](const Position& at) { return at.i < at.n / 16; }},
    {blocks::first_8th, [](const Position& at) { return at.i < at.n / 8; }},
    {blocks::first_half, [](const Position& at) { return at.i < at.n / 2; }},
    {blocks::second_half, [](const Position& at) { return at.i >= at.n / 2; }},
    {blocks::last_third, [](const Position& at) { return at.i >= 2 * at.n / 3; }},
    {blocks::last_quarter, [](const Position& at) { return at.i >= 3 * at.n / 4; }},
    {blocks::last_8th, [](const Position& at) { return at.i >= 7 * at.n / 8; }},
    {blocks::middle, [](const Position& at) { return at.i >= at.n / 8 && at.i < 7 * at.n / 8; }},
    {blocks::more, [](const Position& at) { return more_bits(at.i, at.n); }},
    {blocks::more_of_name, [](const Position& at) { return more_bits(at.k, at.m); }},
    {blocks::outer_of_name, [](const Position& at) { return at.k < at.m / 8 || at.k > 7 * at.m / 8; }},
    {blocks::first_two_of_name, [](const Position& at) { return at.k < 2; }},
    {blocks::first_four_of_name, [](const Position& at) { return at.k < 4; }},
    {blocks::first_downs, [](const Position& at) { return at.downs < at.n / 8; }},
};

bool in_blocks(Blocks wanted, const Position& at) {
  if (wanted == blocks::all) return true;
  return std::any_of(std::begin(kBlockTests), std::end(kBlockTests),
                     [&](const BlockTest& test) { return (wanted & test.bit) != 0 && test.holds(at); });
}

/// One run of a recipe over a model.
class Cook {
 public:
  Cook(const RecipeModel& model, const RecipeOptions& options);

  Assignment assign(std::size_t index) const;
  Places place_of(const RecipeTensor& tensor) const;
  Needs model_facts() const;

 private:
  QuantType by_rules(std::size_t index) const;
  std::optional<QuantType> by_book(std::span<const Rule> book, std::size_t index) const;
  Needs facts(const RecipeTensor& tensor) const;
  std::optional<QuantType> asked(const RecipeTensor& tensor) const;
  Assignment fitted(const RecipeTensor& tensor, QuantType wanted, Assignment::Why why) const;

  const RecipeModel& model_;
  const RecipeOptions& options_;
  bool tied_;
  std::vector<Position> positions_;
};

Cook::Cook(const RecipeModel& model, const RecipeOptions& options)
    : model_(model), options_(options), positions_(model.tensors.size()) {
  const auto& tensors = model.tensors;
  tied_ = std::none_of(tensors.begin(), tensors.end(),
                       [](const RecipeTensor& tensor) { return tensor.name == "output.weight"; });
  // Tensors are counted block by block, whatever their order in the file.
  std::vector<std::size_t> order(tensors.size());
  std::iota(order.begin(), order.end(), 0);
  const auto key = [&](std::size_t index) {
    const auto block = block_name(tensors[index].name);
    return std::pair(block ? block->block : -1, std::string_view(tensors[index].name));
  };
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return key(a) < key(b); });
  std::map<std::string_view, std::int64_t> seen;
  std::int64_t downs = 0;
  for (const std::size_t index : order) {
    const auto block = block_name(tensors[index].name);
    Position& at = positions_[index];
    at.n = std::max<std::int64_t>(model.blocks, 1);
    at.downs = downs;
    if ((place_of(tensors[index]) & place::any_down) != 0) ++downs;
    if (!block) continue;
    at.i = block->block;
    at.k = seen[block->rest]++;
  }
  for (std::size_t index = 0; index < tensors.size(); ++index)
    if (const auto block = block_name(tensors[index].name)) positions_[index].m = seen[block->rest];
}

Places Cook::place_of(const RecipeTensor& tensor) const {
  if (tensor.name == "output.weight") return place::output;
  if (tensor.name == "token_embd.weight") return tied_ ? place::output : place::token_embd;
  for (const auto& [part, found] : kPlaces)
    if (contains(tensor.name, part)) return found;
  return place::other;
}

Needs Cook::model_facts() const {
  Needs out = options_.importance ? needs::importance : needs::no_importance;
  if (model_.heads / std::max<std::int64_t>(model_.kv_heads, 1) >= 4) out |= needs::grouped;
  if (model_.experts >= 4) out |= needs::four_experts;
  return out | (model_.experts == 8 ? needs::eight_experts : needs::not_eight_experts);
}

Needs Cook::facts(const RecipeTensor& tensor) const {
  Needs out = model_facts();
  if (tensor.shape[2] > 1) out |= needs::stacked;
  if (!fits(options_.file_type->type, tensor)) out |= needs::uneven;
  return out;
}

std::optional<QuantType> Cook::by_book(std::span<const Rule> book, std::size_t index) const {
  const RecipeTensor& tensor = model_.tensors[index];
  const Places here = place_of(tensor);
  const Needs known = facts(tensor);
  for (const Rule& rule : book) {
    if ((rule.places & here) == 0 || (rule.needs & known) != rule.needs) continue;
    if (!rule.file_types.empty() && !has_word(rule.file_types, options_.file_type->rules)) continue;
    if (in_blocks(rule.blocks, positions_[index])) return rule.type;
  }
  return std::nullopt;
}

QuantType Cook::by_rules(std::size_t index) const {
  const FileType& file_type = *options_.file_type;
  if (quant(file_type.type).block_values == 1) return file_type.type;
  const Places here = place_of(model_.tensors[index]);
  if (file_type.has_large_ends() && (here & (place::output | place::token_embd)) != 0) return QuantType::q8_0;
  if (options_.rules == RuleBook::bartowski) {
    if (const auto type = by_book(bartowski_rules(), index)) return *type;
    // His mixtures are about experts and latent attention; the rest of a model follows the common rules.
    constexpr Places common = place::down | place::gate | place::up | place::attn_qkv | place::attn_v |
                              place::attn_k | place::attn_q;
    if ((here & common) == 0) return file_type.type;
  }
  return by_book(llama_cpp_rules(), index).value_or(file_type.type);
}

std::optional<QuantType> Cook::asked(const RecipeTensor& tensor) const {
  const bool head = place_of(tensor) == place::output;
  if (head && options_.output) return options_.output;
  if (tensor.name == "token_embd.weight" && options_.token_embedding) return options_.token_embedding;
  if (options_.pure) return std::nullopt;
  for (const TensorOverride& one : options_.overrides)
    if (one.pattern.found_in(tensor.name)) return one.type;
  return std::nullopt;
}

Assignment Cook::fitted(const RecipeTensor& tensor, QuantType wanted, Assignment::Why why) const {
  if (fits(wanted, tensor)) return {why, wanted, wanted};
  const auto fallbacks =
      options_.rules == RuleBook::bartowski ? bartowski_fallbacks() : llama_cpp_fallbacks();
  for (const Fallback& one : fallbacks)
    if (one.from == wanted && fits(one.to, tensor)) return {Assignment::Why::does_not_fit, one.to, wanted};
  return {Assignment::Why::does_not_fit, QuantType::f16, wanted};
}

Assignment Cook::assign(std::size_t index) const {
  const RecipeTensor& tensor = model_.tensors[index];
  if (!is_quantised(tensor)) return {Assignment::Why::kept, tensor.type, tensor.type};
  if (const auto type = asked(tensor)) return fitted(tensor, *type, Assignment::Why::asked);
  if (!options_.pure) return fitted(tensor, by_rules(index), Assignment::Why::rule);
  const QuantType type = options_.file_type->type;
  if (!fits(type, tensor)) {
    throw Error(
        ErrorCode::E501,
        strf("%s: its rows of %lld values are no whole number of blocks of %s; leave out --pure or give "
             "it another type",
             printable(tensor.name).c_str(), static_cast<long long>(tensor.shape[0]),
             std::string(quant(type).name).c_str()));
  }
  return {Assignment::Why::rule, type, type};
}

void check_book(const RecipeOptions& options) {
  if (options.rules != RuleBook::bartowski) return;
  const std::string_view known = bartowski_file_types();
  if (has_word(known, options.file_type->rules)) return;
  throw Error(
      ErrorCode::E501,
      strf("%s: the recipe bartowski has no rules for it; use --recipe llama.cpp or another file type",
           std::string(options.file_type->name).c_str()),
      "it has rules for " + std::string(known));
}

/// "attn_v, attn_k" for the places in a rule.
std::string place_names(Places places) {
  std::string out;
  for (const auto& [part, one] : kPlaces) {
    if ((places & one) == 0) continue;
    const std::string_view name = part.substr(0, part.find('.'));
    out += (out.empty() ? "" : ", ") + std::string(name);
  }
  return out;
}

}  // namespace

std::string_view rule_book_name(RuleBook book) {
  return kRuleBooks[static_cast<std::size_t>(book)];
}

std::optional<RuleBook> rule_book_named(std::string_view name) {
  for (std::size_t i = 0; i < kRuleBooks.size(); ++i)
    if (kRuleBooks[i] == name) return static_cast<RuleBook>(i);
  return std::nullopt;
}

std::vector<Assignment> assign_types(const RecipeModel& model, const RecipeOptions& options) {
  check_book(options);
  const Cook cook(model, options);
  std::vector<Assignment> out;
  for (std::size_t i = 0; i < model.tensors.size(); ++i) out.push_back(cook.assign(i));
  return out;
}

std::vector<std::string> recipe_notes(const RecipeModel& model, const RecipeOptions& options) {
  const Cook cook(model, options);
  Places present = place::other | place::output | place::token_embd;
  for (const RecipeTensor& tensor : model.tensors) present |= cook.place_of(tensor);
  Places missing = 0;
  for (const Rule& rule : options.rules == RuleBook::bartowski ? bartowski_rules() : llama_cpp_rules()) {
    const bool named = has_word(rule.file_types, options.file_type->rules) &&
                       (rule.needs & cook.model_facts()) == rule.needs;
    if (named && !options.pure && (rule.places & present) == 0) missing |= rule.places;
  }
  std::vector<std::string> out;
  if (missing != 0) {
    out.push_back(
        strf("%s has rules of its own for %s; this model has no such tensors, so they change nothing",
             std::string(options.file_type->name).c_str(), place_names(missing).c_str()));
  }
  for (const TensorOverride& one : options.overrides) {
    const bool found =
        std::any_of(model.tensors.begin(), model.tensors.end(), [&](const RecipeTensor& tensor) {
          return is_quantised(tensor) && one.pattern.found_in(tensor.name);
        });
    if (!found)
      out.push_back(strf("the pattern \"%s\" is found in the name of no tensor that is quantised",
                         printable(one.pattern.text()).c_str()));
  }
  return out;
}

std::optional<std::string> lacks_importance(const RecipeModel& model, const RecipeOptions& options,
                                            std::span<const Assignment> types,
                                            const ImportanceMatrix* importance) {
  using enum QuantType;
  constexpr QuantType kBlind[] = {iq1_s, iq1_m, iq2_xxs, iq2_xs, iq2_s, iq3_xxs};
  for (std::size_t i = 0; i < types.size(); ++i) {
    const std::string& name = model.tensors[i].name;
    if (types[i].why == Assignment::Why::kept || name == "token_embd.weight" || name == "output.weight")
      continue;
    const QuantType type = types[i].type;
    const bool blind =
        std::find(std::begin(kBlind), std::end(kBlind), type) != std::end(kBlind) ||
        (type == q2_k && options.file_type->type == q2_k && options.file_type->needs_importance);
    if (blind && (importance == nullptr || importance->values.find(name) == importance->values.end()))
      return name;
  }
  return std::nullopt;
}

std::uint64_t tensor_bytes(const RecipeTensor& tensor, QuantType type) {
  return static_cast<std::uint64_t>(tensor.values()) / quant(type).block_values * quant(type).block_bytes;
}

}  // namespace glim
