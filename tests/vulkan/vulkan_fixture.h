#pragma once

#include <doctest/doctest.h>

#include <cstdlib>
#include <memory>

#include "engine/tensor/backend.h"
#include "engine/vulkan/instance.h"
#include "engine/vulkan/vulkan_backend.h"

namespace glim {

/// One Vulkan backend for all tests of a program, watched by the validation layers; null, with a message,
/// where there is no usable device or the host does not see its memory, in which the tests put numbers.
inline Backend* vulkan_for_tests() {
  static const std::unique_ptr<Backend> backend = []() -> std::unique_ptr<Backend> {
    if (vulkan::can_validate()) {
      setenv("GLIM_VALIDATE", "1", 1);
    } else {
      MESSAGE("no vulkan-validationlayers; running without them");
    }
    const VulkanDevices found = vulkan_devices();
    bool usable = false;
    for (const DeviceReport& device : found.devices) usable = usable || device.missing.empty();
    if (!usable) {
      MESSAGE("skipped: " << (found.problem.empty() ? "no device can run glim" : found.problem));
      return nullptr;
    }
    auto made = make_vulkan_backend();
    if (made->allocate(16, "test")->host() == nullptr) {
      MESSAGE("skipped: the host does not see the memory of " << made->description());
      return nullptr;
    }
    return made;
  }();
  return backend.get();
}

/// Stands for a backend that somebody else owns.
class BorrowedBackend final : public Backend {
 public:
  explicit BorrowedBackend(Backend& backend) : backend_(backend) {}
  std::string_view name() const override { return backend_.name(); }
  std::string description() const override { return backend_.description(); }
  std::unique_ptr<Buffer> allocate(std::uint64_t bytes, std::string_view what) override {
    return backend_.allocate(bytes, what);
  }
  std::unique_ptr<Buffer> allocate_shared(std::uint64_t bytes, std::string_view what) override {
    return backend_.allocate_shared(bytes, what);
  }
  std::unique_ptr<Buffer> prepare(std::span<const std::byte> file_bytes, Tensor& tensor) override {
    return backend_.prepare(file_bytes, tensor);
  }
  void copy(const Buffer& buffer, std::uint64_t from, std::uint64_t to, std::uint64_t bytes) override {
    backend_.copy(buffer, from, to, bytes);
  }
  Ops& ops() override { return backend_.ops(); }

 private:
  Backend& backend_;
};

}  // namespace glim
