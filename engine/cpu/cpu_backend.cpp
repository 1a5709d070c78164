#include "engine/cpu/cpu_backend.h"

#include <sched.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/memory_info.h"
#include "engine/base/text.h"
#include "engine/cpu/cpu_ops.h"
#include "engine/tensor/host_buffer.h"

namespace glim {
namespace {

std::string processor_name() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    const std::size_t colon = line.find(": ");
    if (line.starts_with("model name") && colon != std::string::npos) return line.substr(colon + 2);
  }
  return "processor";
}

/// Smaller weights gain nothing from being copied as they are.
constexpr std::uint64_t kWorthCopying = std::uint64_t{2} << 20;

class CpuBackend final : public Backend {
 public:
  CpuBackend(const cpu::Kernels& kernels, int threads, const CpuOptions& options)
      : ops_(kernels, threads, options.eight_bits),
        file_layout_(options.file_layout),
        description_(strf("%s, %s, %d thread%s%s", processor_name().c_str(),
                          std::string(kernels.name).c_str(), threads, threads == 1 ? "" : "s",
                          kernels.encode == nullptr              ? ""
                          : options.eight_bits && !kernels.words ? ", 8-bit activations"
                                                                 : ", 16-bit activations")) {}

  std::string_view name() const override { return "cpu"; }
  std::string description() const override { return description_; }
  std::unique_ptr<Buffer> allocate(std::uint64_t bytes, std::string_view what) override {
    return allocate_host(bytes, what);
  }
  std::unique_ptr<Buffer> prepare(std::span<const std::byte> file_bytes, Tensor& tensor) override {
    ops_.expect(tensor);
    const bool copies = ops_.interleaves(tensor) || file_bytes.size() >= kWorthCopying;
    if (file_layout_ || !copies) return prepare_host(file_bytes, tensor);
    std::unique_ptr<Buffer> buffer = allocate_host(file_bytes.size(), "weights");
    tensor.buffer = buffer.get();
    tensor.offset = 0;
    ops_.copy_weight(file_bytes, tensor);
    return buffer;
  }
  bool copies_weights() const override { return !file_layout_; }
  std::uint64_t reserve(const StepSizes& sizes) override { return ops_.reserve(sizes); }
  Ops& ops() override { return ops_; }

 private:
  CpuOps ops_;
  bool file_layout_;
  std::string description_;
};

/// GLIM_INSTRUCTIONS names a slower set, to measure what a faster one is worth. Throws E301 for one that is
/// none.
const cpu::Kernels& best_kernels() {
  const std::vector<const cpu::Kernels*> sets = cpu::instruction_sets();
  const char* wanted = std::getenv("GLIM_INSTRUCTIONS");
  if (wanted == nullptr || *wanted == '\0') return *sets.front();
  std::string names;
  for (const cpu::Kernels* kernels : sets) {
    if (kernels->name == wanted) return *kernels;
    names += (names.empty() ? "" : ", ") + std::string(kernels->name);
  }
  throw Error(
      ErrorCode::E301,
      strf("GLIM_INSTRUCTIONS: this processor has no instruction set \"%s\" that glim uses; it has %s",
           printable(wanted).c_str(), names.c_str()));
}

}  // namespace

int available_cores() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) {
    return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  }
  std::set<std::string> cores;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (!CPU_ISSET(cpu, &allowed)) continue;
    std::string siblings = strf("cpu%d", cpu);
    std::ifstream file(strf("/sys/devices/system/cpu/cpu%d/topology/thread_siblings_list", cpu));
    std::getline(file, siblings);
    cores.insert(siblings.empty() ? strf("cpu%d", cpu) : siblings);
  }
  return std::max(1, static_cast<int>(cores.size()));
}

std::unique_ptr<Backend> make_cpu_backend(int threads, const CpuOptions& options) {
  return make_cpu_backend(threads, best_kernels(), options);
}

DeviceReport cpu_device() {
  const MemoryInfo memory = memory_info();
  DeviceReport out;
  out.backend = "cpu";
  out.name = processor_name();
  out.kind = "processor";
  out.driver = best_kernels().name;
  out.threads = available_cores();
  out.heaps = {{memory.total, memory.available, true}};
  return out;
}

std::unique_ptr<Backend> make_cpu_backend(int threads, const cpu::Kernels& kernels,
                                          const CpuOptions& options) {
  return std::make_unique<CpuBackend>(kernels, threads > 0 ? threads : available_cores(), options);
}

std::uint64_t cpu_scratch_bytes(int threads, const StepSizes& sizes) {
  return CpuOps::reserved_bytes(best_kernels(), threads > 0 ? threads : available_cores(), sizes);
}

}  // namespace glim
