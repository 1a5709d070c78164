#include "engine/cpu/panel.h"

#include <cmath>
#include <limits>

#include "engine/cpu/multiplier.h"
#include "engine/tensor/host_buffer.h"
#include "tests/ops/stage_fixture.h"

using namespace glim;

namespace {

std::vector<const cpu::Kernels*> with_panels() {
  std::vector<const cpu::Kernels*> out;
  for (const cpu::Kernels* kernels : cpu::instruction_sets()) {
    if (kernels->encode != nullptr) out.push_back(kernels);
  }
  return out;
}

/// Calls use(kernels, info, panel kernels) for every format that has panels.
template <typename Use>
void each_format(const Use& use) {
  for (const cpu::Kernels* kernels : with_panels()) {
    for (const QuantInfo& info : kQuants) {
      const cpu::PanelKernels& panel = kernels->panel(info.type);
      if (panel.unpack == nullptr) continue;
      CAPTURE(kernels->name);
      CAPTURE(info.name);
      use(*kernels, info, panel);
    }
  }
}

std::vector<float> random_floats(std::size_t count, Random& random) {
  std::vector<float> out(count);
  for (float& value : out) value = static_cast<float>(random.normal());
  return out;
}

/// Rows of activations in a memory of their own.
struct Coded {
  Coded(const cpu::Kernels& kernels, const std::vector<float>& x, std::int64_t cols)
      : bytes(static_cast<std::size_t>(cpu::CodedRows::row_bytes(std::ssize(x)))), rows{bytes.data(), cols} {
    for (std::int64_t i = 0; i < std::ssize(x) / cols; ++i)
      kernels.encode(x.data() + i * cols, cols, rows.row(i));
  }
  std::vector<std::byte> bytes;
  cpu::CodedRows rows;
};

/// The value that a code of the block stands for.
float value_of(const cpu::PanelBlock& block, const cpu::PanelKernels& panel, int row, int col) {
  const int scale = col / (cpu::kGroup / panel.scales);
  const float code = static_cast<float>(block.codes[col / 4][row][col % 4] - panel.zero);
  const float minimum = panel.minimum ? block.minimums[scale][row] : 0.0f;
  return std::fma(block.scales[scale][row], code, minimum);
}

}  // namespace

TEST_CASE("a panel holds the values that decode_row gives") {
  Random random(11);
  int formats = 0;
  each_format([&](const cpu::Kernels&, const QuantInfo& info, const cpu::PanelKernels& panel) {
    ++formats;
    for (const int rows : {16, 5}) {
      const std::int64_t cols = info.block_values == 256 ? 256 : rows == 16 ? 256 : 128;
      const std::vector<std::byte> bytes = random_weights(info.type, rows * cols, random);
      cpu::PanelBlock block = {};
      panel.unpack({bytes.data(), row_bytes(info.type, cols), rows, cols}, block);
      std::vector<float> expected(static_cast<std::size_t>(rows * cols)), found(expected.size());
      decode_row(info.type, bytes.data(), expected);
      for (int i = 0; i < rows * cols; ++i) {
        const auto width = static_cast<int>(cols);
        found[static_cast<std::size_t>(i)] = value_of(block, panel, i / width, i % width);
      }
      CHECK(found == expected);
    }
  });
  CHECK(formats >= 25 * std::ssize(with_panels()));
}

TEST_CASE("an interleaved panel unpacks to the same block, and gives its rows back") {
  Random random(14);
  int formats = 0;
  each_format([&](const cpu::Kernels&, const QuantInfo& info, const cpu::PanelKernels& panel) {
    if (panel.unpack_interleaved == nullptr) return;
    ++formats;
    const std::int64_t cols = info.block_values == 32 ? 256 + 96 : info.block_values == 256 ? 512 : 256 + 128;
    const std::uint64_t stride = row_bytes(info.type, cols);
    const std::vector<std::byte> bytes = random_weights(info.type, cpu::kPanelRows * cols, random);
    std::vector<std::byte> turned(bytes.size());
    cpu::interleave(panel.order, {bytes.data(), stride, cpu::kPanelRows, cols}, turned.data());
    for (std::int64_t col = 0; col < cols; col += cpu::kPanelCols) {
      cpu::PanelBlock expected = {}, found = {};
      const std::uint64_t at = row_bytes(info.type, col);
      panel.unpack({bytes.data() + at, stride, cpu::kPanelRows, cols - col}, expected);
      panel.unpack_interleaved(turned.data() + cpu::kPanelRows * at, cols - col, found);
      bool same = true;
      for (int i = 0; i < cpu::kPanelRows * static_cast<int>(std::min<std::int64_t>(cols - col, 256)); ++i) {
        const int row = i % cpu::kPanelRows, c = i / cpu::kPanelRows;
        same = same && value_of(found, panel, row, c) == value_of(expected, panel, row, c);
      }
      CHECK(same);
    }
    for (int r = 0; r < cpu::kPanelRows; ++r) {
      std::vector<std::byte> row(stride);
      cpu::take_row(panel.order, turned.data(), r, cols, row.data());
      CHECK(std::equal(row.begin(), row.end(), bytes.begin() + r * static_cast<std::ptrdiff_t>(stride)));
    }
  });
  CHECK(formats >= 24 * std::ssize(with_panels()));
}

TEST_CASE("activations are coded to sixteen bits, whose upper half is the nearest eight-bit code") {
  Random random(12);
  for (const cpu::Kernels* kernels : with_panels()) {
    CAPTURE(kernels->name);
    constexpr std::int64_t kCols = 96;
    std::vector<float> x = random_floats(3 * kCols, random);
    std::fill_n(x.begin() + 32, 32, 0.0f);
    x[5] = 100;
    const Coded coded(*kernels, x, kCols);
    for (std::int64_t i = 0; i < 3; ++i) {
      const std::byte* row = coded.rows.row(i);
      const auto* bytes = reinterpret_cast<const std::int8_t*>(row);
      const auto* words = reinterpret_cast<const std::int16_t*>(row);
      const auto* groups = reinterpret_cast<const cpu::CodedGroup*>(row + 2 * kCols);
      std::int32_t upper_sum = 0, sum = 0;
      for (std::int64_t c = 0; c < kCols; ++c) {
        const cpu::CodedGroup& group = groups[c / 32];
        const float value = x[static_cast<std::size_t>(i * kCols + c)];
        const std::int32_t both =
            kernels->words ? words[cpu::word_place(static_cast<int>(c))] : 256 * bytes[c] + bytes[kCols + c];
        const std::int32_t upper = kernels->words ? (both + 128) >> 8 : bytes[c];
        CHECK(std::abs(static_cast<float>(both) * group.scale / 256 - value) <=
              0.501f * group.scale / 256 + 1e-6f * std::abs(value));
        CHECK(std::abs(static_cast<float>(upper) * group.scale - value) <= 0.505f * group.scale);
        if (c % 16 == 0) upper_sum = sum = 0;
        upper_sum += upper;
        sum += both;
        if (c % 16 == 15) {
          CHECK(group.upper_sums[c / 16 % 2] == upper_sum);
          CHECK(group.sums[c / 16 % 2] == sum);
        }
      }
    }
  }
}

namespace {

void check_products(bool eight_bits) {
  Random random(13);
  each_format([&](const cpu::Kernels& kernels, const QuantInfo& info, const cpu::PanelKernels&) {
    const std::int64_t cols = info.block_values == 256 ? 1024 : 3 * 128 + (info.block_values == 32 ? 32 : 0);
    constexpr std::int64_t kRows = 37, kInputs = 61;
    const std::vector<std::byte> bytes = random_weights(info.type, kRows * cols, random);
    const std::vector<float> x = random_floats(static_cast<std::size_t>(kInputs * cols), random);
    std::vector<float> weights(static_cast<std::size_t>(kRows * cols));
    decode_row(info.type, bytes.data(), weights);
    Tensor matrix{.type = info.type, .cols = cols, .rows = kRows};
    const auto buffer = prepare_host(bytes, matrix);
    const Coded coded(kernels, x, cols);
    cpu::Workspace workspace;
    cpu::Multiplier multiplier(kernels, workspace, eight_bits);
    cpu::Inputs inputs{{x.data(), cols, nullptr, kInputs}, {.rows = coded.rows, .count = kInputs}};
    std::vector<float> found(kRows * kInputs), alone(found.size());
    const auto into = [&](std::vector<float>& out, std::int64_t from) {
      return [&out, from](std::int64_t i, std::int64_t first, auto products) {
        std::copy(products.begin(), products.end(), out.begin() + (from + i) * kRows + first);
      };
    };
    const cpu::Inputs all = inputs;
    multiplier.products(matrix, {0, kRows}, inputs, into(found, 0));
    for (std::int32_t i = 0; i < kInputs; ++i) {
      inputs.choose(&i, 1);
      multiplier.products(matrix, {0, 16}, inputs, into(alone, i));
      multiplier.products(matrix, {16, kRows}, inputs, into(alone, i));
    }
    CHECK(found == alone);
    if (kernels.panel(info.type).unpack_interleaved != nullptr) {
      constexpr std::int64_t kWhole = kRows / cpu::kPanelRows * cpu::kPanelRows;
      std::vector<std::byte> turned(bytes.size());
      const auto stride = static_cast<std::ptrdiff_t>(matrix.stride());
      for (std::int64_t r = 0; r < kWhole; r += cpu::kPanelRows) {
        cpu::interleave(kernels.panel(info.type).order,
                        {bytes.data() + r * stride, matrix.stride(), cpu::kPanelRows, cols},
                        turned.data() + r * stride);
      }
      Tensor other = matrix;
      const auto turned_buffer = prepare_host(turned, other);
      other.interleaved = true;
      std::vector<float> again = found;
      for (std::int64_t i = 0; i < kInputs; ++i) std::fill_n(again.begin() + i * kRows, kWhole, 0.0f);
      multiplier.products(other, {0, kWhole}, all, into(again, 0));
      CHECK(again == found);
      std::vector<float> decoded(static_cast<std::size_t>(kWhole * cols));
      multiplier.decode(other, {0, kWhole}, decoded.data());
      CHECK(std::equal(decoded.begin(), decoded.end(), weights.begin()));
    }
    // Eight-bit activations are off by half a step, a 254th of a group's largest value, in both directions.
    const bool fine = !eight_bits || kernels.panel(info.type).fine;
    double error = 0, size = 0;
    for (std::int64_t i = 0; i < kInputs; ++i) {
      for (std::int64_t r = 0; r < kRows; ++r) {
        double exact = 0;
        for (std::int64_t c = 0; c < cols; ++c) {
          exact += static_cast<double>(weights[static_cast<std::size_t>(r * cols + c)]) *
                   static_cast<double>(x[static_cast<std::size_t>(i * cols + c)]);
        }
        const double off = static_cast<double>(found[static_cast<std::size_t>(i * kRows + r)]) - exact;
        error += off * off;
        size += exact * exact;
      }
    }
    CHECK(std::sqrt(error / size) < (fine ? 1e-4 : 1e-2));
  });
}

}  // namespace

TEST_CASE("a product of panels is the product of the values, the same bits alone and among others") {
  for (const bool eight_bits : {false, true}) check_products(eight_bits);
}

TEST_CASE("what is no number stays none") {
  for (const cpu::Kernels* kernels : with_panels()) {
    for (const float bad :
         {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
      std::vector<float> x(64, 1.0f);
      x[40] = bad;
      const Coded coded(*kernels, x, 64);
      const auto* groups = reinterpret_cast<const cpu::CodedGroup*>(coded.rows.row(0) + 128);
      CHECK(std::isfinite(groups[0].scale));
      CHECK(!std::isfinite(groups[1].scale));
    }
  }
}
