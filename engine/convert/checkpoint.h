#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "engine/convert/safetensors.h"

namespace glim {

/// The tensors of a model folder, from one safetensors file or from the parts that
/// model.safetensors.index.json lists. Immutable; reading from any thread. Throws Error as SafetensorsFile
/// does, E101 when the folder holds no weights, E104 when parts or tensors of the index are missing, E120
/// when the index is malformed.
class Checkpoint {
 public:
  explicit Checkpoint(const std::filesystem::path& folder);

  const std::filesystem::path& folder() const { return folder_; }
  const SafeTensor* tensor(std::string_view name) const;
  /// All of them, by name.
  const std::map<std::string_view, const SafeTensor*>& tensors() const { return tensors_; }
  void check_intact() const;  ///< throws E403 when a file has become shorter since it was mapped

 private:
  void open_parts(const std::filesystem::path& index);
  void open_single();

  std::filesystem::path folder_;
  std::vector<std::unique_ptr<SafetensorsFile>> files_;
  std::map<std::string_view, const SafeTensor*> tensors_;
};

}  // namespace glim
