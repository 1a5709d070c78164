#pragma once

namespace glim {

/// What a processor has besides its threads; see engine/cpu/cpu_backend.h.
struct CpuOptions {
  bool eight_bits = false;   ///< of activations instead of 16, where the instruction set multiplies bytes
  bool file_layout = false;  ///< weights stay in the file; else they are copied into memory that is faster to
                             ///< read: huge pages, with the rows of panels interleaved (engine/cpu)
};

}  // namespace glim
