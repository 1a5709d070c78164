#include "engine/tensor/host_buffer.h"

#include <sys/mman.h>

#include <cstring>

#include "engine/base/error.h"
#include "engine/base/text.h"

namespace glim {
namespace {

constexpr std::uint64_t kHugePage = std::uint64_t{2} << 20;

class MappedBuffer final : public Buffer {
 public:
  MappedBuffer(void* address, std::uint64_t size) : Buffer(static_cast<std::byte*>(address), size) {}
  ~MappedBuffer() override { munmap(host(), size()); }
  MappedBuffer(const MappedBuffer&) = delete;
  MappedBuffer& operator=(const MappedBuffer&) = delete;
};

/// Bytes that somebody else owns. Nobody writes to weights, so shedding const is safe.
class BufferView final : public Buffer {
 public:
  explicit BufferView(std::span<const std::byte> bytes)
      : Buffer(const_cast<std::byte*>(bytes.data()), bytes.size()) {}
};

}  // namespace

std::unique_ptr<Buffer> allocate_host(std::uint64_t bytes, std::string_view what) {
  const std::uint64_t size = bytes == 0 ? 1 : bytes;
  void* address = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (address == MAP_FAILED) {
    throw Error(
        ErrorCode::E201,
        strf("%s: %.1f MiB of memory are not available; close other programs or choose a smaller context",
             printable(what).c_str(), static_cast<double>(bytes) / 0x1p20));
  }
  if (size >= kHugePage) madvise(address, size, MADV_HUGEPAGE);  // only a hint
  return std::make_unique<MappedBuffer>(address, size);
}

std::unique_ptr<Buffer> prepare_host(std::span<const std::byte> file_bytes, Tensor& tensor) {
  const bool aligned = reinterpret_cast<std::uintptr_t>(file_bytes.data()) % alignof(float) == 0;
  std::unique_ptr<Buffer> buffer;
  if (tensor.type != QuantType::f32 || aligned) {
    buffer = std::make_unique<BufferView>(file_bytes);
  } else {
    buffer = allocate_host(file_bytes.size(), "weights");
    std::memcpy(buffer->host(), file_bytes.data(), file_bytes.size());
  }
  tensor.buffer = buffer.get();
  tensor.offset = 0;
  return buffer;
}

}  // namespace glim
