#include <array>
#include <cmath>
#include <limits>

#include "engine/base/error.h"
#include "engine/base/half.h"
#include "engine/convert/weight_layouts.h"
#include "engine/quant/levels.h"

namespace glim {
namespace {

/// Vectors and scalars are matrices of one row.
struct Size {
  std::int64_t rows = 1, cols = 1;
};

Size size_of(const MatrixParts& parts, const SafeTensor& tensor) {
  const auto& shape = tensor.shape;
  if (shape.size() > 2 || tensor.values() == 0) parts.misshapen(tensor);
  Size out;
  if (!shape.empty()) out.cols = shape.back();
  if (shape.size() == 2) out.rows = shape.front();
  return out;
}

class FloatMatrix : public WeightMatrix {
 public:
  FloatMatrix(const SafeTensor& tensor, Size size)
      : WeightMatrix(size.rows, size.cols, std::string(safe_type(tensor.type).name)),
        tensor_(tensor),
        type_(tensor.type == SafeType::f32   ? QuantType::f32
              : tensor.type == SafeType::f16 ? QuantType::f16
                                             : QuantType::bf16) {}

  void decode(std::int64_t first, std::int64_t count, float* out) const override {
    decode_row(type_, place(first), {out, static_cast<std::size_t>(count * cols())});
  }

  std::optional<QuantType> carried() const override { return type_; }

  Carry carry(std::int64_t first, std::int64_t count, std::byte* out) const override {
    std::memcpy(out, place(first), row_bytes(type_, cols()) * static_cast<std::size_t>(count));
    return Carry::exact;
  }

 private:
  const std::byte* place(std::int64_t row) const {
    return tensor_.data.data() + row_bytes(type_, cols()) * static_cast<std::size_t>(row);
  }

  const SafeTensor& tensor_;
  QuantType type_;
};

float e5m2_to_f32(std::uint8_t bits) {
  return f16_to_f32(static_cast<std::uint16_t>(bits << 8));  // the upper half of that format
}

/// Eight-bit floats times a scale for the whole matrix, for each row, or for each square of 128.
class Fp8Matrix : public WeightMatrix {
 public:
  static constexpr std::int64_t kSquare = 128;

  Fp8Matrix(const SafeTensor& tensor, Size size, const SafeTensor* scale)
      : WeightMatrix(size.rows, size.cols, "FP8"), tensor_(tensor), scale_(scale) {
    for (std::size_t i = 0; i < values_.size(); ++i) {
      const auto bits = static_cast<std::uint8_t>(i);
      values_[i] = tensor.type == SafeType::f8_e4m3 ? e4m3_to_f32(bits) : e5m2_to_f32(bits);
    }
    if (scale == nullptr || scale->values() == 1) return;
    per_row_ = scale->values() == rows() && (scale->shape.size() == 1 || scale->shape.back() == 1);
    squares_ = !per_row_;
  }

  void decode(std::int64_t first, std::int64_t count, float* out) const override {
    for (std::int64_t r = first; r < first + count; ++r) {
      for (std::int64_t c = 0; c < cols(); ++c) {
        *out++ = values_[load_at<std::uint8_t>(tensor_, r * cols() + c)] * scale(r, c);
      }
    }
  }

 private:
  float scale(std::int64_t row, std::int64_t col) const {
    if (scale_ == nullptr) return 1;
    if (squares_) return load_float(*scale_, row / kSquare * scale_->shape.back() + col / kSquare);
    return load_float(*scale_, per_row_ ? row : 0);
  }

  const SafeTensor& tensor_;
  const SafeTensor* scale_;
  std::array<float, 256> values_;
  bool per_row_ = false, squares_ = false;
};

bool scales_fit(const SafeTensor& scale, Size size) {
  if (!is_float(scale.type)) return false;
  const auto& shape = scale.shape;
  if (scale.values() == 1 || (scale.values() == size.rows && (shape.size() == 1 || shape.back() == 1)))
    return shape.size() <= 2;
  const auto squares = [](std::int64_t n) { return (n + Fp8Matrix::kSquare - 1) / Fp8Matrix::kSquare; };
  return shape.size() == 2 && shape[0] == squares(size.rows) && shape[1] == squares(size.cols);
}

}  // namespace

bool is_float(SafeType type) {
  return type == SafeType::f32 || type == SafeType::f16 || type == SafeType::bf16;
}

float load_float(const SafeTensor& tensor, std::int64_t index) {
  if (tensor.type == SafeType::f32) return load_at<float>(tensor, index);
  const auto bits = load_at<std::uint16_t>(tensor, index);
  return tensor.type == SafeType::f16 ? f16_to_f32(bits) : bf16_to_f32(bits);
}

float e4m3_to_f32(std::uint8_t bits) {
  const std::uint8_t magnitude = bits & 0x7f;
  const float value = magnitude == 0x7f ? std::numeric_limits<float>::quiet_NaN() : 2 * half_e4m3(magnitude);
  return (bits & 0x80) != 0 ? -value : value;
}

std::unique_ptr<WeightMatrix> open_float_tensor(const MatrixParts& parts, const SafeTensor& tensor) {
  const Size size = size_of(parts, tensor);
  if (!is_float(tensor.type))
    parts.unsupported(std::string(safe_type(tensor.type).name) + " without the tensors that give it a scale");
  return std::make_unique<FloatMatrix>(tensor, size);
}

std::unique_ptr<WeightMatrix> open_float(const MatrixParts& parts) {
  const SafeTensor& tensor = parts.require(".weight");
  if (tensor.type != SafeType::f8_e4m3 && tensor.type != SafeType::f8_e5m2)
    return open_float_tensor(parts, tensor);
  const Size size = size_of(parts, tensor);
  const SafeTensor* scale = parts.find(".weight_scale");
  if (scale == nullptr) scale = parts.find(".weight_scale_inv");
  if (scale != nullptr && !scales_fit(*scale, size)) parts.misshapen(*scale);
  parts.find(".input_scale");  // of activations, which stay floats here
  return std::make_unique<Fp8Matrix>(tensor, size, scale);
}

}  // namespace glim
