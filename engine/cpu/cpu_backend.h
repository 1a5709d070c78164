#pragma once

#include <memory>

#include "engine/tensor/backend.h"
#include "engine/tensor/cpu_options.h"
#include "engine/tensor/device_report.h"

namespace glim {

namespace cpu {
struct Kernels;
}

/// Computes with `threads` threads (0: one per core this process may use), of which the caller is one, and
/// the best instruction set of this machine. The other threads sleep between steps. The logits of a row are
/// the same bits whichever rows share its step and however many threads there are.
/// Where the instruction set multiplies bytes, activations have 16 bits, which is as good as floats, or with
/// `eight_bits` half of that, which is less exact. The layout of weights changes no bit. Throws E301 when the
/// variable GLIM_INSTRUCTIONS names none of cpu::instruction_sets().
std::unique_ptr<Backend> make_cpu_backend(int threads, const CpuOptions& options = {});

/// Cores this process may run on; two hardware threads of one core count once.
int available_cores();

/// The same with a given instruction set (kernels.h).
std::unique_ptr<Backend> make_cpu_backend(int threads, const cpu::Kernels& kernels,
                                          const CpuOptions& options = {});

/// The processor of this machine and its memory.
DeviceReport cpu_device();

/// What Backend::reserve() of such a backend takes.
std::uint64_t cpu_scratch_bytes(int threads, const StepSizes& sizes);

}  // namespace glim
