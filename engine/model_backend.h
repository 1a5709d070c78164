#pragma once

#include <memory>
#include <string>

#include "engine/engine.h"
#include "engine/gguf/gguf_file.h"
#include "engine/tensor/backend.h"

namespace glim {

/// What is to compute a model that is open and not yet filled: the backend that plan_for() settles on, with
/// the processor beside it where it places something there. `note` is for people, or empty. Throws what
/// plan_for() throws, and E201 and E301 of the backend.
struct ModelBackend {
  std::unique_ptr<Backend> backend;
  std::string note;
};
ModelBackend make_model_backend(const GgufFile& file, const EngineOptions& options);

}  // namespace glim
