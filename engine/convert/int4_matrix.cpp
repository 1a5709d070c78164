#include <algorithm>
#include <array>
#include <cmath>

#include "engine/base/half.h"
#include "engine/base/text.h"
#include "engine/convert/weight_layouts.h"
#include "engine/quant/q4_0.h"
#include "engine/quant/q4_1.h"

namespace glim {
namespace {

struct Int4Size {
  std::int64_t rows = 0, cols = 0, groups = 0;
  std::int64_t group() const { return cols / groups; }
};

/// Some rows taken out of their packing.
struct Int4Rows {
  std::vector<std::uint8_t> codes;  ///< 0 to 15, row by row
  std::vector<float> scales;        ///< one per group
  std::vector<std::uint8_t> zeros;  ///< one per group; the code that means 0
};

/// Weights (code - zero) * scale with a scale, and perhaps a zero, per group of columns.
class Int4Matrix : public WeightMatrix {
 public:
  Int4Matrix(Int4Size size, bool symmetric)
      : WeightMatrix(size.rows, size.cols, describe(size, symmetric)), size_(size), symmetric_(symmetric) {}

  void decode(std::int64_t first, std::int64_t count, float* out) const override {
    const Int4Rows rows = unpack(first, count);
    for (std::int64_t i = 0; i < count; ++i) {
      for (std::int64_t c = 0; c < cols(); ++c) {
        const auto g = static_cast<std::size_t>(i * size_.groups + group_of(c));
        const int code = rows.codes[static_cast<std::size_t>(i * cols() + c)] - rows.zeros[g];
        *out++ = static_cast<float>(code) * rows.scales[g];
      }
    }
  }

  /// A group must be whole blocks of consecutive columns.
  std::optional<QuantType> carried() const override {
    if (!column_groups_.empty() || size_.group() % 32 != 0) return std::nullopt;
    return symmetric_ ? QuantType::q4_0 : QuantType::q4_1;
  }

  Carry carry(std::int64_t first, std::int64_t count, std::byte* out) const override {
    const Int4Rows rows = unpack(first, count);
    Carry result = Carry::exact;
    const std::int64_t per_group = size_.group() / 32;
    for (std::int64_t block = 0; block < count * cols() / 32; ++block) {
      const auto g = static_cast<std::size_t>(block / per_group);
      const std::uint8_t* codes = rows.codes.data() + block * 32;
      result =
          std::max(result, symmetric_ ? write<QuantType::q4_0>(codes, rows.scales[g], rows.zeros[g], out)
                                      : write<QuantType::q4_1>(codes, rows.scales[g], rows.zeros[g], out));
    }
    return result;
  }

 protected:
  virtual Int4Rows unpack(std::int64_t first, std::int64_t count) const = 0;
  const Int4Size& size() const { return size_; }

  /// Gives every column a group of its own choice.
  void set_column_groups(std::vector<std::int32_t> groups) { column_groups_ = std::move(groups); }

 private:
  static std::string describe(const Int4Size& size, bool symmetric) {
    const char* kind = symmetric ? "symmetric" : "asymmetric";
    if (size.groups == 1) return strf("%s int4, one scale per row", kind);
    return strf("%s int4, groups of %lld", kind, static_cast<long long>(size.group()));
  }

  std::int64_t group_of(std::int64_t col) const {
    return column_groups_.empty() ? col / size_.group() : column_groups_[static_cast<std::size_t>(col)];
  }

  static Carry to_f16(float value, std::uint16_t& out) {
    out = f32_to_f16(value);
    const float back = f16_to_f32(out);
    if (!std::isfinite(back)) return Carry::impossible;
    return back == value ? Carry::exact : Carry::rounded;
  }

  template <QuantType type>
  static Carry write(const std::uint8_t* codes, float scale, std::uint8_t zero, std::byte*& out) {
    typename Quant<type>::Block block = {};
    Carry result = to_f16(scale, block.d);
    if constexpr (type == QuantType::q4_1)
      result = std::max(result, to_f16(-static_cast<float>(zero) * scale, block.m));
    for (int i = 0; i < 16; ++i) block.qs[i] = static_cast<std::uint8_t>(codes[i] | (codes[i + 16] << 4));
    std::memcpy(out, &block, sizeof block);
    out += sizeof block;
    return result;
  }

  Int4Size size_;
  bool symmetric_;
  std::vector<std::int32_t> column_groups_;
};

/// Eight codes per word along a row, the first in the lowest bits; zeros eight per word along a column.
class PackedInt4Matrix : public Int4Matrix {
 public:
  struct Tensors {
    const SafeTensor& codes;
    const SafeTensor& scales;
    const SafeTensor* zeros;
    const SafeTensor* column_groups;
  };

  PackedInt4Matrix(Int4Size size, Tensors tensors)
      : Int4Matrix(size, tensors.zeros == nullptr), tensors_(tensors) {
    if (tensors.column_groups == nullptr) return;
    std::vector<std::int32_t> groups(static_cast<std::size_t>(size.cols));
    bool plain = true;
    for (std::int64_t c = 0; c < size.cols; ++c) {
      groups[static_cast<std::size_t>(c)] = load_at<std::int32_t>(*tensors.column_groups, c);
      plain = plain && groups[static_cast<std::size_t>(c)] == c / size.group();
    }
    if (!plain) set_column_groups(std::move(groups));
  }

 private:
  Int4Rows unpack(std::int64_t first, std::int64_t count) const override {
    Int4Rows out;
    const std::int64_t words = (cols() + 7) / 8, groups = size().groups;
    out.codes.resize(static_cast<std::size_t>(count * cols()));
    std::uint8_t* code = out.codes.data();
    for (std::int64_t r = first; r < first + count; ++r) {
      for (std::int64_t c = 0; c < cols(); ++c) {
        const auto pair = load_at<std::uint8_t>(tensors_.codes, r * words * 4 + c / 2);
        *code++ = static_cast<std::uint8_t>(c % 2 == 0 ? pair & 15 : pair >> 4);
      }
      for (std::int64_t g = 0; g < groups; ++g) {
        out.scales.push_back(load_float(tensors_.scales, r * groups + g));
        out.zeros.push_back(tensors_.zeros == nullptr ? std::uint8_t{8} : zero(r, g));
      }
    }
    return out;
  }

  std::uint8_t zero(std::int64_t row, std::int64_t group) const {
    const auto word = load_at<std::uint32_t>(*tensors_.zeros, row / 8 * size().groups + group);
    return static_cast<std::uint8_t>((word >> (4 * (row % 8))) & 15);
  }

  Tensors tensors_;
};

/// The transposed layout: eight neighbouring rows of one column share a word, in an order of their own.
class AwqMatrix : public Int4Matrix {
 public:
  AwqMatrix(Int4Size size, const SafeTensor& codes, const SafeTensor& zeros, const SafeTensor& scales)
      : Int4Matrix(size, false), codes_(codes), zeros_(zeros), scales_(scales) {}

 private:
  /// Place of row 8 n + i in the word, in units of four bits.
  static constexpr std::array<int, 8> kPlace = {0, 4, 1, 5, 2, 6, 3, 7};

  std::uint8_t nibble(const SafeTensor& tensor, std::int64_t line, std::int64_t row) const {
    const auto word = load_at<std::uint32_t>(tensor, line * (rows() / 8) + row / 8);
    return static_cast<std::uint8_t>((word >> (4 * kPlace[static_cast<std::size_t>(row % 8)])) & 15);
  }

  Int4Rows unpack(std::int64_t first, std::int64_t count) const override {
    Int4Rows out;
    const std::int64_t groups = size().groups;
    out.codes.resize(static_cast<std::size_t>(count * cols()));
    // Column by column, since that is how the words lie in memory.
    for (std::int64_t c = 0; c < cols(); ++c) {
      for (std::int64_t i = 0; i < count; ++i)
        out.codes[static_cast<std::size_t>(i * cols() + c)] = nibble(codes_, c, first + i);
    }
    for (std::int64_t r = first; r < first + count; ++r) {
      for (std::int64_t g = 0; g < groups; ++g) {
        out.scales.push_back(load_float(scales_, g * rows() + r));
        out.zeros.push_back(nibble(zeros_, g, r));
      }
    }
    return out;
  }

  const SafeTensor& codes_;
  const SafeTensor& zeros_;
  const SafeTensor& scales_;
};

bool has_shape(const SafeTensor& tensor, std::int64_t rows, std::int64_t cols) {
  return tensor.shape == std::vector<std::int64_t>{rows, cols};
}

bool is_word(SafeType type) {
  return type == SafeType::i32 || type == SafeType::u32;
}

/// Rows and columns before packing. Writers that leave the tensor out pack rows of whole words.
Int4Size packed_size(const MatrixParts& parts, const SafeTensor& codes, const SafeTensor& scales) {
  if (!is_word(codes.type) || codes.shape.size() != 2 || codes.values() == 0) parts.misshapen(codes);
  if (!is_float(scales.type) || scales.shape.empty() || scales.shape.size() > 2) parts.misshapen(scales);
  Int4Size size{codes.shape[0], codes.shape[1] * 8, scales.shape.size() == 2 ? scales.shape[1] : 1};
  if (const SafeTensor* shape = parts.find(".weight_shape")) {
    if (shape->type != SafeType::i64 || shape->values() != 2) parts.misshapen(*shape);
    const auto rows = load_at<std::int64_t>(*shape, 0), cols = load_at<std::int64_t>(*shape, 1);
    if (rows != size.rows || cols < 1) parts.misshapen(*shape);
    if (cols > size.cols || cols <= size.cols - 8) {
      if (cols > size.cols / 2 - 4 && cols <= size.cols / 2) parts.unsupported("integers of 8 bits");
      parts.misshapen(*shape);
    }
    size.cols = cols;
  }
  if (size.groups < 1 || size.cols % size.groups != 0 || scales.values() != size.rows * size.groups)
    parts.misshapen(scales);
  return size;
}

void check_column_groups(const MatrixParts& parts, const SafeTensor& tensor, const Int4Size& size) {
  if (tensor.type != SafeType::i32 || tensor.values() != size.cols) parts.misshapen(tensor);
  for (std::int64_t c = 0; c < size.cols; ++c) {
    const auto group = load_at<std::int32_t>(tensor, c);
    if (group < 0 || group >= size.groups) parts.unusable(tensor, strf("names the group %d", group));
  }
}

}  // namespace

std::unique_ptr<WeightMatrix> open_packed_int4(const MatrixParts& parts) {
  const SafeTensor& codes = parts.require(".weight_packed");
  const SafeTensor& scales = parts.require(".weight_scale");
  const Int4Size size = packed_size(parts, codes, scales);
  const SafeTensor* zeros = parts.find(".weight_zero_point");
  if (zeros != nullptr && (!is_word(zeros->type) || !has_shape(*zeros, (size.rows + 7) / 8, size.groups)))
    parts.misshapen(*zeros);
  const SafeTensor* groups = parts.find(".weight_g_idx");
  if (groups != nullptr) check_column_groups(parts, *groups, size);
  return std::make_unique<PackedInt4Matrix>(size, PackedInt4Matrix::Tensors{codes, scales, zeros, groups});
}

std::unique_ptr<WeightMatrix> open_awq(const MatrixParts& parts) {
  const SafeTensor& codes = parts.require(".qweight");
  const SafeTensor& scales = parts.require(".scales");
  const SafeTensor& zeros = parts.require(".qzeros");
  if (scales.shape.size() != 2 || !is_float(scales.type) || scales.values() == 0) parts.misshapen(scales);
  if (codes.shape.size() != 2 || !is_word(codes.type) || codes.values() == 0) parts.misshapen(codes);
  if (parts.find(".g_idx") != nullptr || codes.shape[1] == scales.shape[1]) parts.unsupported("GPTQ");
  const Int4Size size{scales.shape[1], codes.shape[0], scales.shape[0]};
  if (codes.shape[1] != size.rows / 8 || size.rows % 8 != 0) {
    if (codes.shape[0] == scales.shape[1]) parts.unsupported("AutoAWQ in its GEMV version");
    parts.misshapen(codes);
  }
  if (size.cols % size.groups != 0) parts.misshapen(scales);
  if (!is_word(zeros.type) || !has_shape(zeros, size.groups, size.rows / 8)) parts.misshapen(zeros);
  return std::make_unique<AwqMatrix>(size, codes, zeros, scales);
}

}  // namespace glim
