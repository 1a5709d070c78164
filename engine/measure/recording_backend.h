#pragma once

#include <memory>
#include <string_view>

#include "engine/gguf/gguf_file.h"
#include "engine/quantize/activation_sums.h"
#include "engine/tensor/wrapping_backend.h"

namespace glim {

/// Computes with another backend and adds up, per weight of the model, the squares of what the weight is
/// multiplied with: inputs of a stage before it, results of the stage before a product in the middle of one.
/// Norms that stages apply inside are computed again in double precision. Experts count the rows that were
/// routed to them, other weights all rows; k_b and v_b have one vector per head. The joint kv_b of older
/// files sees the normed latent, the router and joint gate_up what the experts see. The embedding has no
/// entry. Every stage waits for its results.
class RecordingBackend final : public WrappingBackend {
 public:
  struct Options {
    bool output = false;  ///< the output matrix too, for the rows that get logits
  };

  /// `file` outlives the backend and is the one whose weights it gets.
  RecordingBackend(std::unique_ptr<Backend> backend, const GgufFile& file, Options options);
  ~RecordingBackend() override;

  /// The host reads all results.
  std::unique_ptr<Buffer> allocate(std::uint64_t bytes, std::string_view what) override {
    return wrapped().allocate_shared(bytes, what);
  }
  /// Throws E301 when the host does not see the weights of the other backend.
  std::unique_ptr<Buffer> prepare(std::span<const std::byte> file_bytes, Tensor& tensor) override;
  Ops& ops() override;

  /// The entries since the last call; none has seen nothing.
  ActivationSums take();

 private:
  class Recorder;

  std::unique_ptr<Recorder> recorder_;
};

}  // namespace glim
