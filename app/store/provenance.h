#pragma once

#include <string>
#include <string_view>

#include "app/store/measurement.h"
#include "engine/gguf/gguf_file.h"

namespace glim::app {

/// What this program was built from. The commit is "unknown" without a git checkout.
struct Build {
  std::string_view version;   ///< "0.1.0"
  std::string_view commit;    ///< "c27b131"
  int number;                 ///< commits up to this one; 0 unknown
  std::string label() const;  ///< "0.1.0 c27b131"
};
Build this_build();

std::string processor_name();  ///< as the system gives it: "AMD EPYC 7763 64-Core Processor"
std::string kernel_name();     ///< "Linux 6.1.0-18-amd64"

/// "Q4_K_M" as the file says, else the format of most of its bytes; empty without weights.
std::string quant_name(const GgufFile& file);

/// A measurement of `kind` with everything filled in that follows from the machine, this build and the file.
/// `model` is what the user calls it. Without a file the hash and the quant stay empty.
Measurement provenance(std::string_view kind, const std::string& model, const GgufFile* file = nullptr);

}  // namespace glim::app
