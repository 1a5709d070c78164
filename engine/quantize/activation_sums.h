#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/quantize/importance.h"

namespace glim {

/// What the channels of one weight have seen.
struct ChannelSums {
  std::vector<double> squares;  ///< sums of squares: the channels of each matrix, one matrix after the other
  /// Rows that were added: one number per matrix of a weight whose matrices see rows of their own (experts),
  /// else one for all.
  std::vector<double> counts;

  std::size_t channels() const { return squares.size() / counts.size(); }  ///< that share a count

  /// Adds one row; `first` is where the channels of its matrix begin. Counts nothing.
  void add_squares(std::span<const float> row, std::size_t first);
  double largest_count() const;
};

/// An importance matrix in the making: sums that runs over several texts can be added to.
struct ActivationSums {
  std::map<std::string, ChannelSums, std::less<>> entries;  ///< by tensor name
  std::vector<std::string> datasets;                        ///< names of the texts
  /// Chunks of each text; of another length than `datasets` when the file they came from did not tell.
  std::vector<std::int32_t> dataset_chunks;
  std::int32_t chunk_size = 0;  ///< tokens; 0: not known
  std::int32_t chunks = 0;      ///< of all texts

  /// Adds the sums of `other` and nothing else. An entry with one count per matrix and one with a single
  /// count make one with a count per matrix. Throws E112 naming `source` when a tensor has another number of
  /// channels there.
  void add(const ActivationSums& other, std::string_view source);

  ImportanceMatrix importance(const RareExperts& rare = {}) const;
};

}  // namespace glim
