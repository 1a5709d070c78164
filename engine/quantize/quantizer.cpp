#include "engine/quantize/quantizer.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <span>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/base/thread_pool.h"
#include "engine/quantize/encode.h"
#include "engine/quantize/row_quantizer.h"

namespace glim {
namespace {

constexpr std::size_t kCopyBytes = 16u << 20;

/// The first value of a key that may be one number or one for every block.
std::int64_t number_or(const GgufFile& file, const std::string& key, std::int64_t otherwise) {
  const auto values = file.get_ints(key);
  return !values || values->empty() ? otherwise : values->front();
}

const std::vector<float>* entry_of(const ImportanceMatrix* importance, std::string_view name) {
  if (importance == nullptr) return nullptr;
  const auto found = importance->values.find(name);
  return found == importance->values.end() ? nullptr : &found->second;
}

bool has_right_size(const RecipeTensor& tensor, const std::vector<float>& entry) {
  return entry.size() == static_cast<std::size_t>(tensor.shape[0] * tensor.shape[2] * tensor.shape[3]);
}

/// Takes pages of a mapped file that have been read out of this process's memory; they can be read again.
void release(std::span<const std::byte> mapped) {
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto address = reinterpret_cast<std::uintptr_t>(mapped.data());
  const std::uintptr_t begin = (address + page - 1) / page * page,
                       end = (address + mapped.size()) / page * page;
  if (begin < end) ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
}

void refuse_without_importance(const RecipeModel& model, const std::vector<Assignment>& types,
                               const QuantizeOptions& options) {
  const auto name = lacks_importance(model, options.recipe, types, options.importance);
  if (!name) return;
  const char* remedy =
      options.importance == nullptr
          ? "give an importance matrix with --imatrix or choose a larger type"
          : "the importance matrix has no entry for it, so give another one or a larger type";
  throw Error(ErrorCode::E501,
              strf("%s: tensor '%s' would be of no use in so few bits without importance; %s",
                   std::string(options.recipe.file_type->name).c_str(), printable(*name).c_str(), remedy));
}

/// One run over the tensors of a file.
class Quantizer {
 public:
  Quantizer(GgufWriter& writer, const QuantizeOptions& options,
            const std::function<bool(const QuantizeProgress&)>& on_progress)
      : writer_(writer),
        options_(options),
        on_progress_(on_progress),
        threads_(std::max(options.threads, 1)) {}

  bool run(const GgufFile& source, const RecipeModel& model, const std::vector<Assignment>& types) {
    progress_.count = types.size();
    for (std::size_t i = 0; i < types.size(); ++i)
      progress_.total += tensor_bytes(model.tensors[i], types[i].type);
    for (std::size_t i = 0; i < types.size(); ++i) {
      progress_.index = i;
      progress_.tensor = model.tensors[i].name;
      const GgufTensor& tensor = source.tensors()[i];
      if (!(tensor.type == types[i].type ? copy(tensor) : convert(tensor, model.tensors[i], types[i].type)))
        return false;
      release({tensor.data, tensor.bytes});
    }
    return true;
  }

 private:
  bool put(std::span<const std::byte> bytes) {
    writer_.write(bytes);
    progress_.done += bytes.size();
    return on_progress_(progress_);
  }

  bool copy(const GgufTensor& tensor) {
    for (std::uint64_t at = 0; at < tensor.bytes; at += kCopyBytes) {
      const auto bytes = static_cast<std::size_t>(std::min<std::uint64_t>(kCopyBytes, tensor.bytes - at));
      if (!put({tensor.data + at, bytes})) return false;
    }
    return true;
  }

  bool convert(const GgufTensor& from, const RecipeTensor& tensor, QuantType type) {
    RowJob job = {.name = tensor.name,
                  .type = type,
                  .columns = tensor.shape[0],
                  .rows = tensor.shape[1],
                  .matrices = tensor.shape[2] * tensor.shape[3],
                  .read = {},
                  .importance = {}};
    const std::size_t bytes_each = row_bytes(from.type, job.columns);
    job.read = [&](std::int64_t row, std::span<float> out) {
      decode_row(from.type, from.data + static_cast<std::size_t>(row) * bytes_each, out);
    };
    const std::vector<float>* entry = entry_of(options_.importance, tensor.name);
    if (entry != nullptr && has_right_size(tensor, *entry)) job.importance = *entry;
    return quantize_rows(threads_, job, [this](std::span<const std::byte> rows) { return put(rows); });
  }

  GgufWriter& writer_;
  const QuantizeOptions& options_;
  const std::function<bool(const QuantizeProgress&)>& on_progress_;
  ThreadPool threads_;
  QuantizeProgress progress_ = {};
};

}  // namespace

RecipeModel recipe_model(const GgufFile& file) {
  const std::string arch(file.get_string("general.architecture").value_or(""));
  RecipeModel out;
  out.blocks = number_or(file, arch + ".block_count", 0);
  out.experts = number_or(file, arch + ".expert_count", 0);
  out.heads = number_or(file, arch + ".attention.head_count", 1);
  out.kv_heads = number_or(file, arch + ".attention.head_count_kv", out.heads);
  for (const GgufTensor& tensor : file.tensors())
    out.tensors.push_back({std::string(tensor.name), tensor.shape, tensor.type});
  return out;
}

void announce_quantised(GgufWriter& writer, const GgufFile& source, const RecipeModel& model,
                        const std::vector<Assignment>& types, const QuantizeOptions& options) {
  writer.copy_metadata(source);
  writer.set("general.quantization_version", std::uint32_t{2});
  writer.set("general.file_type", options.recipe.file_type->code);
  for (const char* key : {"file", "dataset", "entries_count", "chunks_count"})
    writer.remove(std::string("quantize.imatrix.") + key);
  if (options.importance != nullptr) {
    writer.set("quantize.imatrix.file", options.importance_file);
    if (!options.importance->dataset.empty())
      writer.set("quantize.imatrix.dataset", options.importance->dataset);
    writer.set("quantize.imatrix.entries_count",
               static_cast<std::int32_t>(options.importance->values.size()));
    if (options.importance->chunks > 0)
      writer.set("quantize.imatrix.chunks_count", options.importance->chunks);
  }
  for (std::size_t i = 0; i < types.size(); ++i) {
    const std::span<const std::int64_t> shape = model.tensors[i].shape;
    writer.add_tensor(model.tensors[i].name, types[i].type, shape.first(source.tensors()[i].dimensions));
  }
}

std::vector<std::string> check_importance(const RecipeModel& model, const std::vector<Assignment>& types,
                                          const ImportanceMatrix& importance) {
  std::vector<std::string> notes;
  std::size_t used = 0, quantised = 0;
  for (std::size_t i = 0; i < types.size(); ++i) {
    const RecipeTensor& tensor = model.tensors[i];
    if (types[i].why == Assignment::Why::kept) continue;
    ++quantised;
    const std::vector<float>* entry = entry_of(&importance, tensor.name);
    if (entry == nullptr) continue;
    ++used;
    if (has_right_size(tensor, *entry)) continue;
    const std::string sizes =
        strf("%zu values where the tensor has %lld channels", entry->size(),
             static_cast<long long>(tensor.shape[0] * tensor.shape[2] * tensor.shape[3]));
    if (tensor.name != "token_embd.weight") {
      throw Error(ErrorCode::E105,
                  strf("the importance matrix has %s for '%s'; it was made from another model", sizes.c_str(),
                       printable(tensor.name).c_str()));
    }
    notes.push_back("the importance matrix has " + sizes + " for token_embd.weight; that entry is not used");
  }
  if (used < quantised)
    notes.push_back(strf("the importance matrix covers %zu of %zu tensors; the others are quantised without",
                         used, quantised));
  return notes;
}

bool quantize_file(const GgufFile& source, const std::filesystem::path& path, const QuantizeOptions& options,
                   const std::function<bool(const QuantizeProgress&)>& on_progress) {
  const RecipeModel model = recipe_model(source);
  const std::vector<Assignment> types = assign_types(model, options.recipe);
  if (options.importance != nullptr) check_importance(model, types, *options.importance);
  refuse_without_importance(model, types, options);
  for (std::size_t i = 0; i < types.size(); ++i) {
    if (types[i].type == model.tensors[i].type || can_quantize(types[i].type)) continue;
    throw Error(ErrorCode::E501, strf("%s: weights cannot be written in this format; choose another one",
                                      std::string(quant(types[i].type).name).c_str()));
  }
  GgufWriter writer(path, options.split_bytes);
  announce_quantised(writer, source, model, types, options);
  writer.begin();
  if (!Quantizer(writer, options, on_progress).run(source, model, types)) return false;
  source.check_intact();
  writer.finish();
  return true;
}

}  // namespace glim
