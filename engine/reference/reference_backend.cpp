#include "engine/reference/reference_backend.h"

#include "engine/reference/reference_ops.h"
#include "engine/tensor/host_buffer.h"

namespace glim {
namespace {

class ReferenceBackend final : public Backend {
 public:
  std::string_view name() const override { return "reference"; }
  std::string description() const override { return "reference (scalar, double precision, slow)"; }
  std::unique_ptr<Buffer> allocate(std::uint64_t bytes, std::string_view what) override {
    return allocate_host(bytes, what);
  }
  std::unique_ptr<Buffer> prepare(std::span<const std::byte> file_bytes, Tensor& tensor) override {
    return prepare_host(file_bytes, tensor);
  }
  Ops& ops() override { return ops_; }

 private:
  ReferenceOps ops_;
};

}  // namespace

std::unique_ptr<Backend> make_reference_backend() {
  return std::make_unique<ReferenceBackend>();
}

}  // namespace glim
