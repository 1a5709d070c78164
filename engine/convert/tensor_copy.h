#pragma once

#include "engine/base/thread_pool.h"
#include "engine/convert/tensor_plan.h"
#include "engine/gguf/gguf_writer.h"

namespace glim {

/// How true a tensor of the file is to the checkpoint, from best to worst.
enum class Fidelity {
  exact,           ///< the same values
  scales_rounded,  ///< the same codes; scales or minima rounded to F16
  rounded,         ///< values rounded to a narrower float
  quantised,       ///< values rounded to blocks of codes
  impossible,      ///< a scale that the format cannot hold; the tensor has not been written
};

/// Writes the data of one tensor, piece by piece, in memory that does not grow with the tensor. Rows are
/// shared out among the threads of the pool; the result does not depend on their number.
Fidelity copy_tensor(const PlannedTensor& tensor, ThreadPool& pool, GgufWriter& writer);

}  // namespace glim
