#include "engine/gguf/model_kind.h"

#include "engine/base/error.h"
#include "engine/base/text.h"

namespace glim {
namespace {

struct Kind {
  std::string_view key, value;
  const char* sentence;
};

constexpr Kind kNoModels[] = {
    {"general.type", "adapter",
     "this is an adapter (LoRA), not a model; open the model that it was made for"},
    {"general.type", "imatrix",
     "this is an importance matrix for quantising, not a model; open the model itself"},
    {"general.type", "mmproj",
     "this is an image projector, not a language model; open the model it belongs to"},
    {"general.architecture", "clip",
     "this is an image projector, not a language model; open the model it belongs to"},
    {"general.architecture", "imatrix",
     "this is an importance matrix for quantising, not a model; open the model itself"},
};

[[noreturn]] void fail(const GgufFile& file, ErrorCode code, const char* sentence) {
  throw Error(code, strf("%s: %s", printable(file.path().string()).c_str(), sentence));
}

}  // namespace

void check_is_model(const GgufFile& file) {
  for (const Kind& kind : kNoModels) {
    if (file.get_string(kind.key) == kind.value) fail(file, ErrorCode::E110, kind.sentence);
  }
  if (!file.get_string("general.architecture")) {
    fail(file, ErrorCode::E112,
         "key 'general.architecture' is missing; this is no model file or an incomplete one");
  }
  if (file.tensors().empty()) {
    fail(file, ErrorCode::E112,
         "the file holds a vocabulary or settings but no weights; open a complete model");
  }
}

}  // namespace glim
