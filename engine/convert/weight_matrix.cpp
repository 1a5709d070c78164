#include "engine/convert/weight_matrix.h"

#include <algorithm>
#include <array>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/convert/weight_layouts.h"

namespace glim {
namespace {

/// What a name beside the base tells about how the matrix is stored; the first row that fits decides.
struct Layout {
  std::string_view suffix;
  std::optional<SafeType> type;  ///< of that tensor
  std::unique_ptr<WeightMatrix> (*open)(const MatrixParts& parts);
};

constexpr std::array kLayouts = {
    Layout{".weight_packed", SafeType::u8, open_packed_nvfp4},
    Layout{".weight_packed", std::nullopt, open_packed_int4},
    Layout{".qweight", std::nullopt, open_awq},
    Layout{".weight_scale_2", std::nullopt, open_modelopt_nvfp4},
    Layout{".weight", std::nullopt, open_float},
};

const Layout* layout_of(const Checkpoint& checkpoint, const std::string& base) {
  for (const Layout& layout : kLayouts) {
    const SafeTensor* tensor = checkpoint.tensor(base + std::string(layout.suffix));
    if (tensor != nullptr && (!layout.type || *layout.type == tensor->type)) return &layout;
  }
  return nullptr;
}

std::string folder_of(const Checkpoint& checkpoint) {
  return printable(checkpoint.folder().string());
}

}  // namespace

Carry WeightMatrix::carry(std::int64_t, std::int64_t, std::byte*) const {
  GLIM_ASSERT(!"only matrices with a carried() format are carried");
  return Carry::impossible;
}

bool WeightReader::has(const std::string& base) const {
  return layout_of(checkpoint_, base) != nullptr;
}

std::unique_ptr<WeightMatrix> WeightReader::open(const std::string& base) {
  const MatrixParts parts{checkpoint_, base, used_};
  const Layout* layout = layout_of(checkpoint_, base);
  if (layout == nullptr) parts.require(".weight");
  return layout->open(parts);
}

std::unique_ptr<WeightMatrix> WeightReader::open_plain(const std::string& name) {
  const MatrixParts parts{checkpoint_, name, used_};
  return open_float_tensor(parts, parts.require(""));
}

std::vector<std::string_view> WeightReader::unused() const {
  std::vector<std::string_view> out;
  for (const auto& [name, tensor] : checkpoint_.tensors())
    if (!used_.contains(name)) out.push_back(name);
  return out;
}

const SafeTensor* MatrixParts::find(std::string_view suffix) const {
  const SafeTensor* found = checkpoint.tensor(base + std::string(suffix));
  if (found != nullptr) used.insert(found->name);
  return found;
}

const SafeTensor& MatrixParts::require(std::string_view suffix) const {
  if (const SafeTensor* found = find(suffix)) return *found;
  throw Error(ErrorCode::E112,
              strf("%s: the tensor %s is missing; fetch every file of the model",
                   folder_of(checkpoint).c_str(), printable(base + std::string(suffix)).c_str()));
}

void MatrixParts::unsupported(const std::string& what) const {
  throw Error(ErrorCode::E111, strf("%s: %s is stored as %s; use the BF16 version of the model",
                                    folder_of(checkpoint).c_str(), printable(base).c_str(), what.c_str()));
}

void MatrixParts::misshapen(const SafeTensor& tensor) const {
  std::string shape;
  for (const std::int64_t size : tensor.shape) shape += (shape.empty() ? "" : ", ") + std::to_string(size);
  throw Error(ErrorCode::E112,
              strf("%s: the tensor %s (%s [%s]) does not fit the others of its matrix; fetch the model again",
                   folder_of(checkpoint).c_str(), printable(tensor.name).c_str(),
                   std::string(safe_type(tensor.type).name).c_str(), shape.c_str()));
}

void MatrixParts::unusable(const SafeTensor& tensor, const std::string& what) const {
  throw Error(ErrorCode::E113,
              strf("%s: the tensor %s %s; fetch the model again", folder_of(checkpoint).c_str(),
                   printable(tensor.name).c_str(), what.c_str()));
}

}  // namespace glim
