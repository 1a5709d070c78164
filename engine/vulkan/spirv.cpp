#include "engine/vulkan/spirv.h"

#include <algorithm>
#include <map>
#include <set>

#include "engine/base/error.h"

namespace glim::vulkan {
namespace {

/// Instructions, decorations and storage classes that matter here, by the numbers of the specification.
namespace op {
constexpr std::uint32_t kEntryPoint = 15, kExecutionMode = 16, kTypeInt = 21, kTypeFloat = 22,
                        kTypeVector = 23, kTypeArray = 28, kTypeStruct = 30, kTypePointer = 32,
                        kConstant = 43, kVariable = 59, kDecorate = 71, kMemberDecorate = 72;
}
constexpr std::uint32_t kMagic = 0x07230203, kHeaderWords = 5;
constexpr std::uint32_t kSpecId = 1, kArrayStride = 6, kBinding = 33, kOffset = 35;
constexpr std::uint32_t kLocalSize = 17, kPushConstant = 9, kPhysicalPointerBytes = 8;

using Words = std::span<const std::uint32_t>;

struct Type {
  std::uint32_t opcode;
  std::vector<std::uint32_t> operands;
};

class Reader {
 public:
  explicit Reader(Words words) : words_(words) {
    GLIM_ASSERT(words.size() > kHeaderWords && words[0] == kMagic);
    for (std::size_t at = kHeaderWords; at < words.size();) {
      const std::uint32_t length = words[at] >> 16, opcode = words[at] & 0xffff;
      GLIM_ASSERT(length > 0 && at + length <= words.size());
      instruction(opcode, words.subspan(at + 1, length - 1));
      at += length;
    }
  }

  ShaderInterface take() {
    if (push_struct_ != 0) out_.push_bytes = size_of(push_struct_);
    std::sort(out_.constants.begin(), out_.constants.end());
    out_.array_strides.assign(strides_.begin(), strides_.end());
    return std::move(out_);
  }

 private:
  void instruction(std::uint32_t opcode, Words w) {
    switch (opcode) {
      case op::kEntryPoint:
        out_.entry_point = reinterpret_cast<const char*>(w.data() + 2);
        break;
      case op::kExecutionMode:
        if (w[1] == kLocalSize) out_.workgroup = {w[2], w[3], w[4]};
        break;
      case op::kDecorate:
        decorate(w);
        break;
      case op::kMemberDecorate:
        if (w[2] == kOffset) offsets_[w[0]][w[1]] = w[3];
        break;
      case op::kConstant:
        constants_[w[1]] = w[2];
        break;
      case op::kTypeInt:
      case op::kTypeFloat:
      case op::kTypeVector:
      case op::kTypeArray:
      case op::kTypeStruct:
      case op::kTypePointer:
        types_[w[0]] = {opcode, {w.begin() + 1, w.end()}};
        break;
      case op::kVariable:
        if (w[2] == kPushConstant) push_struct_ = types_.at(w[0]).operands[1];
        break;
      default:
        break;
    }
  }

  void decorate(Words w) {
    if (w[1] == kSpecId) out_.constants.push_back(w[2]);
    if (w[1] == kBinding) ++out_.descriptors;
    if (w[1] == kArrayStride) strides_.insert(w[2]), stride_of_[w[0]] = w[2];
  }

  std::uint32_t size_of(std::uint32_t id) const {
    const Type& type = types_.at(id);
    switch (type.opcode) {
      case op::kTypeInt:
      case op::kTypeFloat:
        return type.operands[0] / 8;
      case op::kTypeVector:
        return size_of(type.operands[0]) * type.operands[1];
      case op::kTypeArray:
        return stride_of_.at(id) * constants_.at(type.operands[1]);
      case op::kTypePointer:
        return kPhysicalPointerBytes;
      default: {
        const auto last = static_cast<std::uint32_t>(type.operands.size() - 1);
        return offsets_.at(id).at(last) + size_of(type.operands[last]);
      }
    }
  }

  Words words_;
  ShaderInterface out_;
  std::map<std::uint32_t, Type> types_;
  std::map<std::uint32_t, std::uint32_t> constants_, stride_of_;
  std::map<std::uint32_t, std::map<std::uint32_t, std::uint32_t>> offsets_;
  std::set<std::uint32_t> strides_;
  std::uint32_t push_struct_ = 0;
};

}  // namespace

ShaderInterface read_interface(std::span<const std::uint32_t> words) {
  return Reader(words).take();
}

}  // namespace glim::vulkan
