#pragma once

#include <cstdint>
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

}  // namespace glim
