#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "engine/cpu/panel_order.h"
#include "engine/quant/quant_type.h"

namespace glim::cpu {

/// Rows of a weight matrix in file layout; needs no alignment.
struct WeightRows {
  const std::byte* first;
  std::uint64_t stride;  ///< bytes
  std::int64_t count, cols;
};

/// Some of the rows of an f32 matrix: row i is base + stride * (index ? index[i] : i).
struct InputRows {
  const float* base;
  std::int64_t stride;        ///< floats
  const std::int32_t* index;  ///< may be null
  std::int64_t count;
  const float* row(std::int64_t i) const { return base + stride * (index != nullptr ? index[i] : i); }
};

/// Weights that are f32 already, one row every `stride` floats.
struct FloatRows {
  const float* first;
  std::int64_t stride, count, cols;
};

/// accumulator q [cols] += sum over j < count of weights[q * weight_stride + j] * rows[j]
struct Mix {
  float* const* accumulators;
  std::int64_t queries;
  const float* weights;
  std::int64_t weight_stride;
  const float* rows;
  std::int64_t row_stride, count, cols;
};

struct FormatKernels {
  /// out [count * cols], every value as decode_row gives it
  void (*decode)(const WeightRows& weights, float* out);
  /// out [count] = weights · x; null for a format that is always decoded first
  void (*multiply)(const WeightRows& weights, const float* x, float* out);
  /// As decode, but the values stay in the rotated basis that the format stores (engine/quant/rotation.h);
  /// null for the formats that do not rotate.
  void (*decode_rotated)(const WeightRows& rows, float* out);
};

/// A format as small integers; all null where it has no codes or the instruction set does not multiply bytes.
struct PanelKernels {
  void (*unpack)(const PanelRows& rows, PanelBlock& out) = nullptr;
  /// Adds to job.out the products of all inputs.
  void (*multiply)(const PanelProduct& job, const CodedInputs& inputs) = nullptr;
  // As in CodeLayout:
  int zero = 0, scales = 1;
  bool minimum = false, fine = false;
  /// The next block of a panel whose rows are interleaved (panel_order.h), of which `cols` columns are left;
  /// null where the format is not.
  void (*unpack_interleaved)(const std::byte* panel, std::int64_t cols, PanelBlock& out) = nullptr;
  PanelOrder order = {};
};

/// The inner loops for one instruction set. Within a set every dot product of floats is summed in the same
/// order in whichever function and with however many neighbours it is computed: n partial sums over the
/// values whose index has the same remainder modulo n, ascending, then a fixed tree; n is 8, or 16 with
/// AVX-512. Products of panels: panel.h.
struct Kernels {
  std::string_view name;
  FormatKernels formats[kQuants.size()];  ///< in the order of kQuants
  /// out[i * out_stride + r] = weights row r · inputs row i
  void (*products)(const FloatRows& weights, const InputRows& inputs, float* out, std::int64_t out_stride);
  void (*mix)(const Mix& mix);
  /// scores[i] -> exp(scores[i] - largest) for i < 64; returns their sum
  float (*exponentials)(float* scores, float largest);
  /// out = x / sqrt(mean(x * x) + eps) * gain
  void (*rms_norm)(const float* x, const float* gain, std::int64_t count, float eps, float* out);
  /// out = silu(gate) * up
  void (*gate)(const float* gate, const float* up, std::int64_t count, float* out);
  /// out += factor * x
  void (*add)(const float* x, float factor, std::int64_t count, float* out);

  PanelKernels panels[kQuants.size()] = {};  ///< in the order of kQuants
  /// A row of activations as CodedRows keep it; null where no format has panels.
  void (*encode)(const float* x, std::int64_t cols, std::byte* out) = nullptr;
  bool words = false;  ///< of CodedRows: activations are words

  const FormatKernels& format(QuantType type) const;
  const PanelKernels& panel(QuantType type) const;
};

/// Those that this processor can run, the fastest first.
std::vector<const Kernels*> instruction_sets();

const Kernels& portable_kernels();
/// Null where the processor or the build lacks the instructions (AVX2, FMA, F16C, BMI2).
const Kernels* avx2_kernels();
/// The same with AVX-VNNI besides.
const Kernels* avx_vnni_kernels();
/// Null where the processor or the build lacks the instructions (AVX-512 F, BW, VL, DQ and VNNI).
const Kernels* avx512_kernels();

}  // namespace glim::cpu
