#pragma once

#include <string>

namespace glim::app::report {

/// The model behind a name without its quant, so that rows can be told by both: "spark:q8_0" is "spark",
/// "dir/GLM-4.7-Flash-Q4_K_M.gguf" with "Q4_K_M" is "GLM-4.7-Flash".
std::string model_without_quant(const std::string& name, const std::string& quant);

}  // namespace glim::app::report
