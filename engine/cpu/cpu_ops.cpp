#include "engine/cpu/cpu_ops.h"

#include <algorithm>
#include <utility>

#include "engine/tensor/host_buffer.h"

namespace glim {
namespace {

/// `values` is a multiple of the values of a group in all rows that are coded.
std::uint64_t code_bytes(std::int64_t values) {
  const std::int64_t groups = (values + cpu::kGroup - 1) / cpu::kGroup;
  return static_cast<std::uint64_t>(
      cpu::CodedRows::row_bytes(std::max<std::int64_t>(groups, 1) * cpu::kGroup));
}

}  // namespace

CpuOps::CpuOps(const cpu::Kernels& kernels, int threads, bool eight_bits)
    : kernels_(kernels),
      eight_bits_(eight_bits),
      pool_(threads),
      workspaces_(static_cast<std::size_t>(threads)) {}

std::uint64_t CpuOps::reserve(const StepSizes& sizes) {
  const auto bytes = static_cast<std::uint64_t>(sizes.rows * sizes.activation) * sizeof(float);
  if (!scratch_ || scratch_->size() < bytes) scratch_ = allocate_host(bytes, "activations");
  std::uint64_t held = scratch_->size();
  if (kernels_.encode != nullptr) {
    reserve_codes(Slot::first, sizes.rows * sizes.activation);
    reserve_codes(Slot::second, sizes.rows * sizes.shared);
    held += codes_[0]->size() + codes_[1]->size();
  }
  for (cpu::Workspace& workspace : workspaces_) {
    cpu::Multiplier(kernels_, workspace).reserve_for(std::max(widest_, sizes.weight));
    cpu::reserve(workspace.tile, kBlockTokens * sizes.cache);
    cpu::reserve(workspace.scores, kQueries * std::int64_t{kBlockTokens});
    held += workspace.bytes();
  }
  return held;
}

std::uint64_t CpuOps::reserved_bytes(const cpu::Kernels& kernels, int threads, const StepSizes& sizes) {
  const std::int64_t attention = kBlockTokens * sizes.cache + kQueries * std::int64_t{kBlockTokens};
  const std::uint64_t own = cpu::Multiplier::reserved_bytes(kernels, sizes.weight) +
                            static_cast<std::uint64_t>(attention) * sizeof(float);
  std::uint64_t bytes = static_cast<std::uint64_t>(sizes.rows * sizes.activation) * sizeof(float) +
                        static_cast<std::uint64_t>(threads) * own;
  if (kernels.encode != nullptr) {
    bytes += code_bytes(sizes.rows * sizes.activation) + code_bytes(sizes.rows * sizes.shared);
  }
  return bytes;
}

void CpuOps::reserve_codes(Slot slot, std::int64_t values) {
  if (kernels_.encode == nullptr) return;
  std::unique_ptr<Buffer>& codes = codes_[static_cast<std::size_t>(slot)];
  const std::uint64_t bytes = code_bytes(values);
  if (!codes || codes->size() < bytes) codes = allocate_host(bytes, "activations");
}

void CpuOps::encode(int thread, const Tensor& matrix, std::int64_t count, Slot slot) {
  if (!can_encode(matrix)) return;
  const cpu::CodedRows codes = coded(matrix, slot);
  const Range range = share(count, thread, threads());
  for (std::int64_t i = range.first; i < range.last; ++i)
    kernels_.encode(matrix.floats(i), matrix.cols, codes.row(i));
}

void CpuOps::begin(const StepRows& step) {
  step_ = step;
  // Here a lack of memory can be reported; inside a stage it would end the process.
  for (cpu::Workspace& workspace : workspaces_) cpu::Multiplier(kernels_, workspace).reserve_for(widest_);
}

std::int64_t CpuOps::cache_row(const Row& row, std::int32_t position) const {
  const std::span<const std::int32_t> blocks = step_.blocks[static_cast<std::size_t>(row.sequence)];
  return std::int64_t{blocks[static_cast<std::size_t>(position / kBlockTokens)]} * kBlockTokens +
         position % kBlockTokens;
}

cpu::Inputs CpuOps::inputs(const Tensor& matrix, std::int64_t count, Slot slot) {
  cpu::Inputs out{.floats = {matrix.floats(), matrix.cols, nullptr, count}, .coded = {}};
  if (can_encode(matrix)) out.coded = {.rows = coded(matrix, slot), .count = count};
  return out;
}

cpu::Inputs CpuOps::inputs_from(const Tensor& matrix, std::int64_t col, Slot slot) {
  cpu::Inputs out = inputs(matrix, rows(), slot);
  out.floats.base += col;
  out.coded.col = col;
  if (col % cpu::kGroup != 0) out.coded = {};
  return out;
}

Tensor CpuOps::scratch(std::int64_t cols) {
  Tensor tensor{.cols = cols, .rows = rows()};
  if (!scratch_ || scratch_->size() < tensor.bytes()) scratch_ = allocate_host(tensor.bytes(), "activations");
  tensor.buffer = scratch_.get();
  return tensor;
}

void CpuOps::norm_rows(int thread, const Tensor& x, const Tensor& gain, float eps, const Tensor& out) {
  const Range range = own_rows(thread);
  for (std::int64_t t = range.first; t < range.last; ++t) {
    kernels_.rms_norm(x.floats(t), gain.floats(), gain.cols, eps, out.floats(t));
  }
}

void CpuOps::multiply(int thread, const Tensor& matrix, const cpu::Inputs& in, OutputRows out) {
  multiplier(thread).products(matrix, own(matrix.rows, thread), in,
                              [&](std::int64_t i, std::int64_t first, auto products) {
                                std::copy(products.begin(), products.end(), out.row(i) + first);
                              });
}

void CpuOps::multiply_add(int thread, const Tensor& matrix, const cpu::Inputs& in, const Tensor& x) {
  multiplier(thread).products(matrix, own(matrix.rows, thread), in,
                              [&](std::int64_t i, std::int64_t first, auto products) {
                                kernels_.add(products.data(), 1, std::ssize(products), x.floats(i) + first);
                              });
}

void CpuOps::gate(int thread, const Tensor& gate, const Tensor& up, const cpu::Inputs& in, OutputRows out) {
  multiplier(thread).gated(gate, up, own(gate.rows, thread), in,
                           [&](std::int64_t i, std::int64_t first, auto values) {
                             std::copy(values.begin(), values.end(), out.row(i) + first);
                           });
}

void CpuOps::group_experts(const Tensor& chosen, std::int64_t experts) {
  counts_.assign(static_cast<std::size_t>(experts), 0);
  const std::int64_t active = chosen.cols, pairs = rows() * active;
  for (std::int64_t i = 0; i < pairs; ++i) ++counts_[static_cast<std::size_t>(chosen.ints()[i])];
  groups_.clear();
  std::int32_t start = 0;
  for (std::int32_t expert = 0; expert < experts; ++expert) {
    std::int32_t& count = counts_[static_cast<std::size_t>(expert)];
    if (count > 0) groups_.push_back({expert, {start, start + count}});
    start += std::exchange(count, start);  // from here on: where the expert's next entry goes
  }
  pairs_.resize(static_cast<std::size_t>(pairs));
  tokens_.resize(static_cast<std::size_t>(pairs));
  for (std::int64_t i = 0; i < pairs; ++i) {
    const auto place = static_cast<std::size_t>(counts_[static_cast<std::size_t>(chosen.ints()[i])]++);
    pairs_[place] = static_cast<std::int32_t>(i);
    tokens_[place] = static_cast<std::int32_t>(i / active);
  }
}

}  // namespace glim
