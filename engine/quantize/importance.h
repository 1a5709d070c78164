#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace glim {

/// How much every input channel of the weights matters: the mean square, over a calibration text, of the
/// activation that a column of a weight matrix is multiplied with.
struct ImportanceMatrix {
  /// By tensor name: ne0 values for each of the tensor's ne2 matrices (experts, heads), one matrix after the
  /// other.
  std::map<std::string, std::vector<float>, std::less<>> values;
  std::string dataset;      ///< name of the text; empty: not known
  std::int32_t chunks = 0;  ///< of the text that were run; 0: not known
};

/// How to treat experts that the text rarely reached.
struct RareExperts {
  /// 0 takes their means as they are, and 1 for every channel of an expert that was never reached, as
  /// llama.cpp does. Above 0 the mean of the other experts of the tensor counts as that many tokens more in
  /// each expert's own mean, so that a few tokens decide little.
  double borrowed_tokens = 0;
};

/// The matrix in a file of either form (imatrix_file.h). Throws E101, E104, E105.
ImportanceMatrix read_importance(const std::filesystem::path& path, const RareExperts& rare = {});

}  // namespace glim
