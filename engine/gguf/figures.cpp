#include "engine/gguf/figures.h"

#include <algorithm>
#include <charconv>
#include <initializer_list>
#include <string>

#include "engine/base/checked.h"
#include "engine/base/error.h"
#include "engine/quant/cache_types.h"

namespace glim {
namespace {

constexpr std::int64_t kMaxLayers = 4096;
constexpr std::int64_t kMaxWidth = 1 << 20;
constexpr std::int64_t kMaxContext = 1 << 30;

/// Keys of the file's architecture, lenient: what cannot be used is absent.
class Keys {
 public:
  explicit Keys(const GgufFile& file) : file_(file) {
    const GgufValue* value = file.find("general.architecture");
    const auto* name = value == nullptr ? nullptr : std::get_if<std::string_view>(&value->value);
    if (name != nullptr) prefix_ = std::string(*name) + ".";
  }

  /// A whole number from `low` to `high`.
  std::optional<std::int64_t> number(const char* key, std::int64_t low, std::int64_t high) const {
    const std::vector<std::int64_t> all = numbers(key, low, high);
    return all.size() == 1 ? std::optional(all[0]) : std::nullopt;
  }

  /// One number, or one per layer; empty when any is out of range.
  std::vector<std::int64_t> numbers(const char* key, std::int64_t low, std::int64_t high) const {
    try {
      auto all = file_.get_ints(prefix_ + key).value_or(std::vector<std::int64_t>{});
      const bool fine =
          std::all_of(all.begin(), all.end(), [=](std::int64_t n) { return n >= low && n <= high; });
      return fine ? all : std::vector<std::int64_t>{};
    } catch (const Error&) {
      return {};
    }
  }

 private:
  const GgufFile& file_;
  std::string prefix_;
};

/// Of `total` spread evenly over `count` experts, the part of `used` of them.
std::uint64_t share(std::uint64_t total, std::int64_t used, std::int64_t count) {
  const auto parts = static_cast<std::uint64_t>(count);
  return total / parts * static_cast<std::uint64_t>(used) +
         total % parts * static_cast<std::uint64_t>(used) / parts;
}

/// Decides for each tensor how much of it one token needs.
class Activity {
 public:
  Activity(const GgufFile& file, const Keys& keys) : file_(file) {
    experts_ = keys.number("expert_count", 1, 65536).value_or(1);
    used_ = std::min(keys.number("expert_used_count", 1, 65536).value_or(experts_), experts_);
    const std::int64_t predicting = keys.number("nextn_predict_layers", 0, kMaxLayers).value_or(0);
    const auto blocks = keys.number("block_count", 1, kMaxLayers);
    if (blocks) layers_ = *blocks - std::min(predicting, *blocks);
  }

  void add(const GgufTensor& tensor, ModelFigures& out) const {
    const std::optional<BlockName> block = block_name(tensor.name);
    const auto values = static_cast<std::uint64_t>(tensor.values());
    if (block && layers_ && block->block >= *layers_) return;
    if (tensor.name == "token_embd.weight" && file_.tensor("output.weight") != nullptr) {
      out.token_bytes += row_bytes(tensor.type, tensor.shape[0]);
    } else if (block && block->rest.find("_exps.") != block->rest.npos) {
      out.active_parameters += share(values, used_, experts_);
      out.token_bytes += share(tensor.bytes, used_, experts_);
    } else {
      out.active_parameters += values;
      out.token_bytes += tensor.bytes;
    }
  }

 private:
  const GgufFile& file_;
  std::int64_t experts_ = 1, used_ = 1;
  std::optional<std::int64_t> layers_;
};

/// What the cache holds per token: rows of these widths, `heads` of each in a layer.
struct CacheRows {
  std::vector<std::int64_t> widths;
  std::vector<std::int64_t> heads;  ///< per layer
};

/// Latent attention caches one row of latent and rotated values, everything else keys and values per head.
std::optional<CacheRows> cache_rows(const Keys& keys) {
  const auto blocks = keys.number("block_count", 1, kMaxLayers);
  if (!blocks) return std::nullopt;
  const std::int64_t layers = *blocks - keys.number("nextn_predict_layers", 0, *blocks - 1).value_or(0);
  CacheRows rows;
  const auto latent = keys.number("attention.kv_lora_rank", 1, kMaxWidth);
  const auto rope = keys.number("rope.dimension_count", 1, kMaxWidth);
  if (latent && rope) {
    rows.widths = {*latent + *rope};
    rows.heads.assign(static_cast<std::size_t>(layers), 1);
    return rows;
  }
  const std::vector<std::int64_t> heads = keys.numbers("attention.head_count", 0, kMaxWidth);
  rows.heads = keys.numbers("attention.head_count_kv", 0, kMaxWidth);
  if (rows.heads.empty()) rows.heads = heads;
  if (rows.heads.size() == 1) rows.heads.assign(static_cast<std::size_t>(layers), rows.heads[0]);
  if (rows.heads.size() < static_cast<std::size_t>(layers)) return std::nullopt;
  rows.heads.resize(static_cast<std::size_t>(layers));
  const auto width = keys.number("embedding_length", 1, kMaxWidth);
  const bool derivable = width && !heads.empty() && heads[0] > 0;
  const std::int64_t usual = derivable ? *width / heads[0] : 0;
  for (const char* key : {"attention.key_length", "attention.value_length"}) {
    rows.widths.push_back(keys.number(key, 1, kMaxWidth).value_or(usual));
    if (rows.widths.back() == 0) return std::nullopt;
  }
  return rows;
}

void add_kv(const Keys& keys, ModelFigures& out) {
  const std::optional<CacheRows> rows = cache_rows(keys);
  if (!rows) return;
  for (const QuantType type : kCacheTypes) {
    const auto fits = [block = quant(type).block_values](std::int64_t width) { return width % block == 0; };
    if (!std::all_of(rows->widths.begin(), rows->widths.end(), fits)) continue;
    std::uint64_t head_bytes = 0, token_bytes = 0;
    for (const std::int64_t width : rows->widths) head_bytes += row_bytes(type, width);
    for (const std::int64_t heads : rows->heads)
      token_bytes += head_bytes * static_cast<std::uint64_t>(heads);
    if (token_bytes == 0) continue;
    KvFigure figure{type, token_bytes, std::nullopt};
    // At most 2^12 layers of 2^20 heads of 2^23 bytes: the product with the context can wrap around.
    if (out.context)
      figure.context_bytes = checked_multiply(token_bytes, static_cast<std::uint64_t>(*out.context));
    out.kv.push_back(figure);
  }
}

void add_to_types(const GgufTensor& tensor, std::vector<TypeTotal>& types) {
  auto row =
      std::find_if(types.begin(), types.end(), [&](const TypeTotal& t) { return t.type == tensor.type; });
  if (row == types.end()) row = types.insert(types.end(), TypeTotal{tensor.type, 0, 0, 0});
  row->tensors += 1;
  row->values += static_cast<std::uint64_t>(tensor.values());
  row->bytes += tensor.bytes;
}

}  // namespace

std::optional<BlockName> block_name(std::string_view tensor) {
  constexpr std::string_view kPrefix = "blk.";
  if (!tensor.starts_with(kPrefix)) return std::nullopt;
  BlockName name = {};
  const char* begin = tensor.data() + kPrefix.size();
  const char* end = tensor.data() + tensor.size();
  const auto [rest, error] = std::from_chars(begin, end, name.block);
  if (error != std::errc() || rest == end || *rest != '.' || name.block < 0) return std::nullopt;
  name.rest = {rest, static_cast<std::size_t>(end - rest)};
  return name;
}

double ModelFigures::bits_per_weight() const {
  return parameters == 0 ? 0 : 8.0 * static_cast<double>(tensor_bytes) / static_cast<double>(parameters);
}

ModelFigures figures(const GgufFile& file) {
  ModelFigures out;
  const Keys keys(file);
  const Activity activity(file, keys);
  for (const GgufTensor& tensor : file.tensors()) {
    out.parameters += static_cast<std::uint64_t>(tensor.values());
    out.tensor_bytes += tensor.bytes;
    activity.add(tensor, out);
    add_to_types(tensor, out.types);
  }
  std::stable_sort(out.types.begin(), out.types.end(), [](auto& a, auto& b) { return a.bytes > b.bytes; });
  out.context = keys.number("context_length", 1, kMaxContext);
  add_kv(keys, out);
  return out;
}

}  // namespace glim
