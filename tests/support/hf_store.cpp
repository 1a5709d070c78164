#include "tests/support/hf_store.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "engine/quant/levels.h"

namespace glim {
namespace {

struct Matrix {
  std::size_t rows, cols;
  const std::vector<float>& values;
  float at(std::size_t r, std::size_t c) const { return values[r * cols + c]; }
};

/// One group of codes: value = (code - zero) * scale.
struct Group {
  float scale = 0;
  int zero = 8;
  int code(float value) const {
    return std::clamp(static_cast<int>(std::lround(value / scale)) + zero, 0, 15);
  }
  float value(int code) const { return static_cast<float>(code - zero) * scale; }
};

/// `narrow` rounds to the type in which scales are stored.
template <typename Narrow>
Group fit(const Matrix& m, std::size_t row, std::size_t first, std::size_t count, bool symmetric,
          Narrow narrow) {
  float low = 0, high = 0;
  for (std::size_t c = first; c < first + count; ++c) {
    low = std::min(low, m.at(row, c));
    high = std::max(high, m.at(row, c));
  }
  Group group;
  group.scale = narrow(symmetric ? std::max(-low, high) / 7 : (high - low) / 15);
  if (!symmetric) group.zero = std::clamp(static_cast<int>(std::lround(-low / group.scale)), 0, 15);
  return group;
}

float as_bf16(float value) {
  return bf16_to_f32(f32_to_bf16(value));
}
float as_f16(float value) {
  return f16_to_f32(f32_to_f16(value));
}

std::vector<std::int64_t> sizes(std::size_t a, std::size_t b) {
  return {static_cast<std::int64_t>(a), static_cast<std::int64_t>(b)};
}

std::vector<float> store_packed(TinySafetensors& file, const std::string& base, const Matrix& m,
                                bool symmetric) {
  constexpr std::size_t kGroup = 32;
  const std::size_t groups = m.cols / kGroup, words = m.cols / 8, zero_rows = (m.rows + 7) / 8;
  std::vector<std::uint32_t> packed(m.rows * words), zeros(zero_rows * groups);
  std::vector<float> scales(m.rows * groups), out(m.values.size());
  for (std::size_t r = 0; r < m.rows; ++r) {
    for (std::size_t g = 0; g < groups; ++g) {
      const Group group = fit(m, r, g * kGroup, kGroup, symmetric, as_bf16);
      scales[r * groups + g] = group.scale;
      zeros[r / 8 * groups + g] |= static_cast<std::uint32_t>(group.zero) << (4 * (r % 8));
      for (std::size_t c = g * kGroup; c < (g + 1) * kGroup; ++c) {
        const int code = group.code(m.at(r, c));
        packed[r * words + c / 8] |= static_cast<std::uint32_t>(code) << (4 * (c % 8));
        out[r * m.cols + c] = group.value(code);
      }
    }
  }
  file.add(base + ".weight_packed", "I32", sizes(m.rows, words), packed);
  file.bf16(base + ".weight_scale", sizes(m.rows, groups), scales);
  file.add(base + ".weight_shape", "I64", {2}, sizes(m.rows, m.cols));
  if (!symmetric) file.add(base + ".weight_zero_point", "I32", sizes(zero_rows, groups), zeros);
  return out;
}

std::vector<float> store_awq(TinySafetensors& file, const std::string& base, const Matrix& m) {
  constexpr std::size_t kGroup = 64;
  constexpr std::array<std::size_t, 8> kOrder = {0, 2, 4, 6, 1, 3, 5, 7};
  const std::size_t groups = m.cols / kGroup, words = m.rows / 8;
  std::vector<std::uint32_t> packed(m.cols * words), zeros(groups * words);
  std::vector<std::uint16_t> scales(groups * m.rows);
  std::vector<float> out(m.values.size());
  for (std::size_t r = 0; r < m.rows; ++r) {
    const auto place =
        static_cast<std::size_t>(std::find(kOrder.begin(), kOrder.end(), r % 8) - kOrder.begin());
    for (std::size_t g = 0; g < groups; ++g) {
      const Group group = fit(m, r, g * kGroup, kGroup, false, as_f16);
      scales[g * m.rows + r] = f32_to_f16(group.scale);
      zeros[g * words + r / 8] |= static_cast<std::uint32_t>(group.zero) << (4 * place);
      for (std::size_t c = g * kGroup; c < (g + 1) * kGroup; ++c) {
        const int code = group.code(m.at(r, c));
        packed[c * words + r / 8] |= static_cast<std::uint32_t>(code) << (4 * place);
        out[r * m.cols + c] = group.value(code);
      }
    }
  }
  file.add(base + ".qweight", "I32", sizes(m.cols, words), packed);
  file.add(base + ".qzeros", "I32", sizes(groups, words), zeros);
  file.add(base + ".scales", "F16", sizes(groups, m.rows), scales);
  return out;
}

/// The code of the nearest number that E2M1 has.
std::uint8_t nearest_fp4(float value) {
  std::uint8_t best = 0;
  for (std::uint8_t code = 1; code < 16; ++code) {
    const auto distance = [value](std::uint8_t c) {
      return std::fabs(static_cast<float>(kFp4Levels[c]) / 2 - value);
    };
    if (distance(code) < distance(best)) best = code;
  }
  return best;
}

/// The largest E4M3 number that is not above `value`, which is positive.
std::uint8_t e4m3_below(float value) {
  std::uint8_t code = 1;
  while (code < 0x7e && 2 * half_e4m3(static_cast<std::uint8_t>(code + 1)) <= value) ++code;
  return code;
}

std::vector<float> store_nvfp4(TinySafetensors& file, const std::string& base, const Matrix& m,
                               bool modelopt) {
  float largest = 0;
  for (const float value : m.values) largest = std::max(largest, std::fabs(value));
  const float divisor = 448 * 6 / largest;
  std::vector<std::uint8_t> codes(m.values.size() / 2), scales(m.values.size() / 16);
  std::vector<float> out(m.values.size());
  for (std::size_t block = 0; block < scales.size(); ++block) {
    float peak = 0;
    for (std::size_t i = 0; i < 16; ++i) peak = std::max(peak, std::fabs(m.values[block * 16 + i]));
    scales[block] = e4m3_below(peak * divisor / 6);
    const float scale = 2 * half_e4m3(scales[block]) / divisor;
    for (std::size_t i = block * 16; i < (block + 1) * 16; ++i) {
      const std::uint8_t code = nearest_fp4(m.values[i] / scale);
      codes[i / 2] = static_cast<std::uint8_t>(codes[i / 2] | (code << (4 * (i % 2))));
      const float product = static_cast<float>(kFp4Levels[code]) * half_e4m3(scales[block]);
      out[i] = modelopt ? product * (1 / divisor) : product / divisor;
    }
  }
  file.add(base + (modelopt ? ".weight" : ".weight_packed"), "U8", sizes(m.rows, m.cols / 2), codes);
  file.add(base + ".weight_scale", "F8_E4M3", sizes(m.rows, m.cols / 16), scales);
  if (modelopt) {
    file.f32(base + ".weight_scale_2", {}, {1 / divisor}).f32(base + ".input_scale", {}, {1});
  } else {
    file.f32(base + ".weight_global_scale", {1}, {divisor}).f32(base + ".input_global_scale", {1}, {1});
  }
  return out;
}

std::vector<float> store_plain(TinySafetensors& file, const HfTensor& tensor) {
  if (tensor.dtype == "F32") {
    file.f32(tensor.name(), tensor.shape, tensor.values);
    return tensor.values;
  }
  file.bf16(tensor.name(), tensor.shape, tensor.values);
  std::vector<float> out;
  for (const float value : tensor.values) out.push_back(as_bf16(value));
  return out;
}

}  // namespace

std::vector<float> store(TinySafetensors& file, const HfTensor& tensor, HfStyle style) {
  if (!tensor.is_projection || style == HfStyle::plain) return store_plain(file, tensor);
  const Matrix matrix{static_cast<std::size_t>(tensor.shape[0]), static_cast<std::size_t>(tensor.shape[1]),
                      tensor.values};
  switch (style) {
    case HfStyle::packed_symmetric:
    case HfStyle::packed_asymmetric:
      return store_packed(file, tensor.base, matrix, style == HfStyle::packed_symmetric);
    case HfStyle::awq:
      return store_awq(file, tensor.base, matrix);
    default:
      return store_nvfp4(file, tensor.base, matrix, style == HfStyle::modelopt);
  }
}

}  // namespace glim
