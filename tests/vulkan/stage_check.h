#pragma once

#include "tests/ops/stage_cases.h"
#include "tests/vulkan/vulkan_fixture.h"

namespace glim::stage_cases {

/// Every stage on the device against the reference.
inline void check_stages(Backend& backend, const Case& c) {
  for (const Stage& stage : kStages) {
    CAPTURE(stage.name);
    CAPTURE(quant(c.type).name);
    CAPTURE(quant(c.kv).name);
    CAPTURE(c.shape.d);
    CAPTURE(c.parts.size());
    const std::vector<Result> expected = run_on(make_reference_backend(), stage, c);
    check_close(run_on(std::make_unique<BorrowedBackend>(backend), stage, c), expected);
  }
}

}  // namespace glim::stage_cases
