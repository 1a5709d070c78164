#include "engine/cpu/cpu_ops.h"

#include <algorithm>
#include <utility>

#include "engine/tensor/host_buffer.h"

namespace glim {
namespace {

/// `values` is a multiple of the values of a group in all rows that are coded.
std::int64_t code_bytes(std::int64_t values) {
  const std::int64_t groups = (values + cpu::kGroup - 1) / cpu::kGroup;
  return cpu::CodedRows::row_bytes(std::max<std::int64_t>(groups, 1) * cpu::kGroup);
}

void grow(std::unique_ptr<Buffer>& memory, std::int64_t bytes) {
  const auto wanted = static_cast<std::uint64_t>(bytes);
  if (!memory || memory->size() < wanted) memory = allocate_host(wanted, "activations");
}

}  // namespace

CpuOps::CpuOps(const cpu::Kernels& kernels, int threads, bool eight_bits)
    : kernels_(kernels),
      eight_bits_(eight_bits),
      pool_(threads),
      workspaces_(static_cast<std::size_t>(threads)) {}

/// Longest private row, or all of several.
std::int64_t CpuOps::private_values(std::int64_t cols) {
  return std::max(kPrivateValues, cols);
}

std::uint64_t CpuOps::reserve(const StepSizes& sizes) {
  const auto bytes = static_cast<std::uint64_t>(sizes.rows * sizes.activation) * sizeof(float);
  if (!scratch_ || scratch_->size() < bytes) scratch_ = allocate_host(bytes, "activations");
  std::uint64_t held = scratch_->size();
  if (kernels_.encode != nullptr) {
    grow(codes_[0], code_bytes(sizes.rows * sizes.activation));
    grow(codes_[1], code_bytes(sizes.rows * sizes.shared));
    held += codes_[0]->size() + codes_[1]->size();
  }
  for (cpu::Workspace& workspace : workspaces_) {
    cpu::Multiplier(kernels_, workspace).reserve_for(std::max(widest_, sizes.weight));
    cpu::reserve(workspace.tile, kBlockTokens * sizes.cache);
    cpu::reserve(workspace.scores, kQueries * std::int64_t{kBlockTokens});
    cpu::reserve(workspace.normed, private_values(sizes.activation));
    if (kernels_.encode != nullptr) {
      cpu::reserve(workspace.codes[0], code_bytes(private_values(sizes.activation)));
      cpu::reserve(workspace.codes[1], code_bytes(private_values(sizes.shared)));
    }
    held += workspace.bytes();
  }
  return held;
}

std::uint64_t CpuOps::reserved_bytes(const cpu::Kernels& kernels, int threads, const StepSizes& sizes) {
  const std::int64_t attention = kBlockTokens * sizes.cache + kQueries * std::int64_t{kBlockTokens};
  const std::int64_t normed = private_values(sizes.activation);
  std::uint64_t own = cpu::Multiplier::reserved_bytes(kernels, sizes.weight) +
                      static_cast<std::uint64_t>(attention + normed) * sizeof(float);
  if (kernels.encode != nullptr) {
    own += static_cast<std::uint64_t>(code_bytes(normed) + code_bytes(private_values(sizes.shared)));
  }
  std::uint64_t bytes = static_cast<std::uint64_t>(sizes.rows * sizes.activation) * sizeof(float) +
                        static_cast<std::uint64_t>(threads) * own;
  if (kernels.encode != nullptr) {
    bytes += static_cast<std::uint64_t>(code_bytes(sizes.rows * sizes.activation) +
                                        code_bytes(sizes.rows * sizes.shared));
  }
  return bytes;
}

void CpuOps::reserve_codes(const Activations& x) {
  const std::int64_t values = x.count * x.matrix.cols;
  const auto slot = static_cast<std::size_t>(x.slot);
  const std::int64_t bytes = kernels_.encode != nullptr ? code_bytes(values) : 0;
  if (!x.is_private()) {
    if (bytes > 0) grow(codes_[slot], bytes);
    return;
  }
  for (cpu::Workspace& workspace : workspaces_) {
    cpu::reserve(workspace.normed, values);
    cpu::reserve(workspace.codes[slot], bytes);
  }
}

cpu::CodedRows CpuOps::coded(int thread, const Activations& x) {
  const auto slot = static_cast<std::size_t>(x.slot);
  std::byte* first = x.is_private() ? workspaces_[static_cast<std::size_t>(thread)].codes[slot].data()
                                    : codes_[slot]->host();
  return {first, x.matrix.cols};
}

bool CpuOps::encode(int thread, const Activations& x) {
  if (!can_encode(x.matrix)) return false;
  const cpu::CodedRows codes = coded(thread, x);
  const Range range = x.is_private() ? Range{0, x.count} : share(x.count, thread, threads());
  for (std::int64_t i = range.first; i < range.last; ++i)
    kernels_.encode(x.matrix.floats(i), x.matrix.cols, codes.row(i));
  return !x.is_private();
}

cpu::Inputs CpuOps::inputs(int thread, const Activations& x) {
  cpu::Inputs out{.floats = {x.matrix.floats(), x.matrix.cols, nullptr, x.count}, .coded = {}};
  if (can_encode(x.matrix)) out.coded = {.rows = coded(thread, x), .count = x.count};
  return out;
}

cpu::Inputs CpuOps::norm_inputs_alone(cpu::Workspace& own, Range kept, const Norm& norm,
                                      const Activations& normed) {
  const std::int64_t cols = normed.matrix.cols;
  const cpu::CodedRows codes{own.codes[static_cast<std::size_t>(normed.slot)].data(), cols};
  cpu::Inputs out{.floats = {own.normed.data(), cols, nullptr, normed.count}, .coded = {}};
  if (can_encode(normed.matrix)) out.coded = {.rows = codes, .count = normed.count};
  for (std::int64_t i = 0; i < normed.count; ++i) {
    float* row = own.normed.data() + i * cols;
    kernels_.rms_norm(norm.row(i), norm.gain.floats(), cols, norm.eps, row);
    if (can_encode(normed.matrix)) kernels_.encode(row, cols, codes.row(i));
    if (norm.keeps && i >= kept.first && i < kept.last) std::copy_n(row, cols, normed.matrix.floats(i));
  }
  return out;
}

cpu::Inputs CpuOps::norm_inputs(int thread, const Norm& norm, const Activations& normed) {
  const Range range = share(normed.count, thread, threads());
  if (normed.is_private())
    return norm_inputs_alone(workspaces_[static_cast<std::size_t>(thread)], range, norm, normed);
  for (std::int64_t i = range.first; i < range.last; ++i)
    kernels_.rms_norm(norm.row(i), norm.gain.floats(), norm.gain.cols, norm.eps, normed.matrix.floats(i));
  encode(thread, normed);
  pool_.barrier();
  return inputs(thread, normed);
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

Tensor CpuOps::scratch(std::int64_t cols) {
  Tensor tensor{.cols = cols, .rows = rows()};
  if (!scratch_ || scratch_->size() < tensor.bytes()) scratch_ = allocate_host(tensor.bytes(), "activations");
  tensor.buffer = scratch_.get();
  return tensor;
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
