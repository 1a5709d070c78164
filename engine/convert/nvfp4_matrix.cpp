#include <cmath>

#include "engine/base/text.h"
#include "engine/convert/weight_layouts.h"
#include "engine/quant/levels.h"
#include "engine/quant/nvfp4.h"

namespace glim {
namespace {

/// The number that scales the whole matrix, and which way round it is meant.
struct TensorScale {
  float value = 1;
  bool divides = false;
};

/// E2M1 codes, two per byte, the even column low; an E4M3 scale per 16 columns; one scale for all.
class Nvfp4Matrix : public WeightMatrix {
 public:
  Nvfp4Matrix(const SafeTensor& codes, const SafeTensor& scales, TensorScale scale)
      : WeightMatrix(codes.shape[0], codes.shape[1] * 2, "NVFP4"),
        codes_(codes),
        scales_(scales),
        scale_(scale) {}

  void decode(std::int64_t first, std::int64_t count, float* out) const override {
    for (std::int64_t at = first * cols(); at < (first + count) * cols(); ++at) {
      const float product = static_cast<float>(kFp4Levels[code(at)]) * 0.5f *
                            e4m3_to_f32(load_at<std::uint8_t>(scales_, at / 16));
      *out++ = scale_.divides ? product / scale_.value : product * scale_.value;
    }
  }

  std::optional<QuantType> carried() const override {
    if (cols() % Quant<QuantType::nvfp4>::kValues != 0) return std::nullopt;
    return QuantType::nvfp4;
  }

  Carry carry(std::int64_t first, std::int64_t count, std::byte* out) const override {
    for (std::int64_t at = first * cols(); at < (first + count) * cols(); at += 64) {
      Quant<QuantType::nvfp4>::Block block;
      for (int group = 0; group < 4; ++group) {
        const auto scale = load_at<std::uint8_t>(scales_, at / 16 + group);
        const bool negative = (scale & 0x80) != 0 && scale != 0x80;
        if (negative || (scale & 0x7f) == 0x7f) return Carry::impossible;
        block.e[group] = scale & 0x7f;
        for (int i = 0; i < 8; ++i) {
          const std::int64_t low = at + 16 * group + i;
          block.qs[8 * group + i] = static_cast<std::uint8_t>(code(low) | (code(low + 8) << 4));
        }
      }
      std::memcpy(out, &block, sizeof block);
      out += sizeof block;
    }
    return Carry::exact;
  }

  float factor() const override { return scale_.divides ? 1 / scale_.value : scale_.value; }

 private:
  std::uint8_t code(std::int64_t at) const {
    const auto pair = load_at<std::uint8_t>(codes_, at / 2);
    return static_cast<std::uint8_t>(at % 2 == 0 ? pair & 15 : pair >> 4);
  }

  const SafeTensor& codes_;
  const SafeTensor& scales_;
  TensorScale scale_;
};

std::unique_ptr<WeightMatrix> open(const MatrixParts& parts, const SafeTensor& codes, const SafeTensor& scale,
                                   bool divides) {
  const SafeTensor& scales = parts.require(".weight_scale");
  if (codes.type != SafeType::u8 || codes.shape.size() != 2 || codes.values() == 0 || codes.shape[1] % 8 != 0)
    parts.misshapen(codes);
  if (scales.type != SafeType::f8_e4m3 ||
      scales.shape != std::vector<std::int64_t>{codes.shape[0], codes.shape[1] / 8})
    parts.misshapen(scales);
  if (scale.type != SafeType::f32 || scale.values() != 1) parts.misshapen(scale);
  const TensorScale whole{load_at<float>(scale, 0), divides};
  auto matrix = std::make_unique<Nvfp4Matrix>(codes, scales, whole);
  if (!(whole.value > 0) || !std::isfinite(whole.value) || !std::isfinite(matrix->factor()))
    parts.unusable(scale, strf("holds the scale %g", static_cast<double>(whole.value)));
  return matrix;
}

}  // namespace

std::unique_ptr<WeightMatrix> open_packed_nvfp4(const MatrixParts& parts) {
  const SafeTensor& codes = parts.require(".weight_packed");
  const SafeTensor& scale = parts.require(".weight_global_scale");
  parts.find(".input_global_scale");  // of activations, which stay floats here
  return open(parts, codes, scale, true);
}

std::unique_ptr<WeightMatrix> open_modelopt_nvfp4(const MatrixParts& parts) {
  const SafeTensor& codes = parts.require(".weight");
  const SafeTensor& scale = parts.require(".weight_scale_2");
  parts.find(".input_scale");
  return open(parts, codes, scale, false);
}

}  // namespace glim
