#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/quant/quant_type.h"

namespace glim::vulkan {

/// Values of the specialisation constants 0, 1, ... of a shader; the first is always the number of threads of
/// a workgroup. What a shader does not declare is ignored.
using Constants = std::array<std::uint32_t, 6>;

/// Workgroups of a dispatch in three directions.
using Groups = std::array<std::uint32_t, 3>;

/// `count` workgroups in two directions, since one may have 65,535 only; some shader may get more than there
/// is work for.
Groups spread(std::uint64_t count, std::uint32_t third = 1);

/// A shader: the kernel and, where it is compiled for several formats, which of them. The name is a literal.
struct ModuleName {
  ModuleName(const char* name) : kernel(name), typed(false) {}  // NOLINT(google-explicit-constructor)
  ModuleName(const char* name, QuantType format) : kernel(name), typed(true), type(format) {}
  std::string_view kernel;
  bool typed;
  QuantType type = QuantType::f32;
  bool operator==(const ModuleName&) const = default;
  std::string text() const {
    return std::string(kernel) + (typed ? "." + std::string(quant(type).name) : std::string());
  }
};

/// One dispatch of a step, complete: two that are equal do the same.
struct Dispatch {
  ModuleName module;
  Constants constants;
  Groups groups;
  bool barrier;  ///< what dispatches before it wrote is seen
  std::uint32_t arg_bytes;
  std::array<std::byte, 128> args;
  std::string_view stage;  ///< of tensor/ops.h; a literal
  std::int32_t layer;      ///< -1 outside of layers
  bool operator==(const Dispatch&) const = default;
};

/// Where dispatches go: to a device, or to somebody who only wants to know.
class Queue {
 public:
  virtual ~Queue() = default;
  virtual void run(std::span<const Dispatch> dispatches) = 0;  ///< starts them, in order
  virtual void wait() = 0;  ///< until all that was started is done and the host sees it
};

/// Collects the dispatches of a step and hands them on in portions. One thread.
class Recorder {
 public:
  explicit Recorder(Queue& queue) : queue_(queue) { waiting_.reserve(kAtOnce + 8); }

  /// What is dispatched from here on belongs to this stage.
  void begin_stage(std::string_view stage, std::int32_t layer) { stage_ = stage, layer_ = layer; }

  /// Behind this, shaders see what dispatches before it wrote.
  void barrier() { pending_barrier_ = true; }

  template <typename Args>
  void dispatch(ModuleName module, const Constants& constants, const Args& args, Groups groups) {
    static_assert(sizeof(Args) <= 128);
    dispatch(module, constants, std::as_bytes(std::span(&args, 1)), groups);
  }

  /// Starts what has been recorded and waits for all of it.
  void finish();

 private:
  /// So many dispatches go to the device at once: it starts before all are recorded, and none of its time
  /// slices gets too long for a driver that watches over them.
  static constexpr std::size_t kAtOnce = 128;

  void dispatch(ModuleName module, const Constants& constants, std::span<const std::byte> args,
                Groups groups);

  Queue& queue_;
  std::vector<Dispatch> waiting_;
  std::string_view stage_;
  std::int32_t layer_ = -1;
  bool pending_barrier_ = false;
};

}  // namespace glim::vulkan
