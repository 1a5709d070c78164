#include "engine/model_backend.h"

#include "engine/backends.h"
#include "engine/model/weight_places.h"
#include "engine/model_source.h"
#include "engine/plan.h"

namespace glim {

ModelBackend make_model_backend(const GgufFile& file, const EngineOptions& options) {
  const std::string name = settled_backend(file, options);
  ModelBackend out;
  CpuOptions cpu = cpu_options(options, file, file.file_bytes());
  if (device_choice(name).backend != "vulkan") {
    out.backend = make_backend(name, options.threads, cpu);
  } else {
    EngineOptions settled = options;
    settled.backend = name;
    const Plan plan = plan_for(file, settled);
    cpu = cpu_options(options, file, plan.beside.weights);
    if (!plan.placement.any()) return {make_backend(name, options.threads, cpu), {}};
    const WeightPlaces places(plan.placement, file, read_config(file));
    out.backend = make_backend_beside(name, options.threads, cpu, plan.placement,
                                      [places](std::string_view weight) { return places.is_beside(weight); });
  }
  if (cpu.file_layout && !options.mmap && out.backend->name() != "reference")
    out.note =
        "memory is short: the processor's weights stay in the mapped file, which is slower than a copy in "
        "memory";
  return out;
}

}  // namespace glim
