#include "engine/vulkan/spirv.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string>

#include "engine/quant/cache_types.h"
#include "engine/quant/quant_type.h"
#include "shaders/shader_modules.h"

using namespace glim;
using namespace glim::vulkan;

namespace {

std::set<std::string> names() {
  std::set<std::string> out;
  for (const ShaderModule& module : shader_modules()) out.insert(std::string(module.name));
  return out;
}

}  // namespace

TEST_CASE("every stage has a shader for every format of weights and of the cache") {
  const std::set<std::string> all = names();
  for (const QuantInfo& info : kQuants) {
    for (const char* stage : {"embed", "multiply", "gated", "value", "expert_down"}) {
      const std::string name = std::string(stage) + "." + std::string(info.name);
      CAPTURE(name);
      CHECK(all.count(name) == (holds_weights(info.type) ? 1 : 0));
    }
    for (const char* stage : {"attend", "store_latent"}) {
      const std::string name = std::string(stage) + "." + std::string(info.name);
      CAPTURE(name);
      CHECK(all.count(name) == (is_cache_type(info.type) ? 1 : 0));
    }
  }
}

TEST_CASE("the blocks of a format are as far apart on the device as in the file") {
  for (const ShaderModule& module : shader_modules()) {
    CAPTURE(module.name);
    const ShaderInterface shader = read_interface(module.words);
    CHECK(shader.entry_point == "main");
    CHECK(shader.descriptors == 0);
    CHECK(shader.push_bytes > 0);
    CHECK(shader.push_bytes <= 128);
    CHECK(!shader.constants.empty());  // the size of a workgroup at least
    const std::size_t dot = module.name.find('.');
    if (dot == std::string_view::npos) continue;
    const std::uint32_t bytes = quant(*quant_from_name(module.name.substr(dot + 1))).block_bytes;
    CHECK(std::count(shader.array_strides.begin(), shader.array_strides.end(), bytes) == 1);
  }
}
