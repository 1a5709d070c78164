#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/convert/tensor_copy.h"
#include "engine/quant/quant_type.h"

namespace glim {

struct ConvertOptions {
  std::filesystem::path folder;        ///< config.json, tokenizer.json, *.safetensors
  std::filesystem::path out;           ///< replaced when it exists
  std::optional<QuantType> type = {};  ///< of all matrices; empty keeps what the checkpoint has
  bool prediction_layers = false;      ///< include those that predict further tokens (MTP)
  int threads = 1;
};

/// What became of the tensors of one kind: same name but for the number of the layer, same storage.
struct ConvertedClass {
  std::string name;    ///< "ffn_up_exps.weight"
  std::string layout;  ///< in the checkpoint
  QuantType type;      ///< in the file
  Fidelity fidelity;
  std::size_t tensors = 0;
  std::uint64_t bytes = 0;
};

struct ConvertReport {
  std::vector<ConvertedClass> classes;  ///< in the order of the file
  std::uint64_t file_bytes = 0;
  std::size_t left_out = 0;  ///< tensors of layers that predict further tokens
};

/// Called before every tensor with the bytes written so far; false stops the work.
using ConvertProgress = std::function<bool(std::uint64_t done, std::uint64_t total, std::string_view tensor)>;

/// Converts a model folder with the weights in safetensors form to a GGUF file. Weights in formats that GGUF
/// has keep their codes; everything is checked before the first byte is written. Throws Error as the readers
/// do, E501 for a type that cannot be made here, E701 for what the disk refuses, E901 when stopped.
ConvertReport convert_checkpoint(const ConvertOptions& options, const ConvertProgress& progress = {});

}  // namespace glim
