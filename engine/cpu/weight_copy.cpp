#include <cstring>

#include "engine/cpu/cpu_ops.h"

namespace glim {

bool CpuOps::interleaves(const Tensor& weight) const {
  return kernels_.panel(weight.type).unpack_interleaved != nullptr && weight.cols % cpu::kGroup == 0 &&
         weight.rows % cpu::kPanelRows == 0 && weight.cut % cpu::kPanelRows == 0;
}

void CpuOps::copy_weight(std::span<const std::byte> file_bytes, Tensor& weight) {
  weight.interleaved = interleaves(weight);
  const std::int64_t stride = static_cast<std::int64_t>(weight.stride()), rows = weight.rows * weight.batch;
  pool_.run([&](int thread) {
    const Range own = share(rows, thread, threads(), cpu::kPanelRows);
    std::byte* to = weight.host() + stride * own.first;
    const std::byte* from = file_bytes.data() + stride * own.first;
    if (!weight.interleaved) {
      std::memcpy(to, from, static_cast<std::size_t>(stride * own.size()));
      return;
    }
    const cpu::PanelOrder& order = kernels_.panel(weight.type).order;
    for (std::int64_t r = 0; r < own.size(); r += cpu::kPanelRows) {
      cpu::interleave(order, {from + stride * r, weight.stride(), cpu::kPanelRows, weight.cols},
                      to + stride * r);
    }
  });
}

}  // namespace glim
