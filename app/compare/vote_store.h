#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "app/compare/comparison.h"
#include "app/store/database.h"

namespace glim::app {

/// A vote as it is kept: the quants are named by the hashes of their files, so that votes of several
/// comparisons can be counted together.
struct KeptVote {
  struct Side {
    std::string label, quant;
    std::string file_hash;  ///< fingerprint(); empty when the file could not be read
  };
  std::int64_t id = 0;
  std::int64_t time = 0;  ///< seconds since 1970
  std::string set_name, prompt_id;
  Side left, right;
  VoteChoice choice = VoteChoice::tie;
  std::string note;
  bool named_itself = false;
};

/// Blind votes in glim.db of the data folder. Throws E701 and E702.
class VoteStore {
 public:
  explicit VoteStore(const std::filesystem::path& data_folder);

  /// Returns the id, for remove(). `vote` belongs to `comparison`.
  std::int64_t add(const Comparison& comparison, const Vote& vote);
  bool remove(std::int64_t id);       ///< a vote that was taken back; false when there is none
  std::vector<KeptVote> all() const;  ///< oldest first

 private:
  Database database_;
};

}  // namespace glim::app
