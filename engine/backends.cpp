#include "engine/backends.h"

#include <array>

#include "engine/base/error.h"
#include "engine/base/text.h"
#include "engine/cpu/cpu_backend.h"
#include "engine/reference/reference_backend.h"

namespace glim {
namespace {

struct Choice {
  std::string_view name;
  std::unique_ptr<Backend> (*make)(int threads);
};

/// The first is what "auto" takes.
constexpr std::array kChoices = {
    Choice{"cpu", [](int threads) { return make_cpu_backend(threads); }},
    Choice{"reference", [](int) { return make_reference_backend(); }},
};

const Choice& choose(std::string_view name) {
  if (name == "auto") return kChoices.front();
  for (const Choice& choice : kChoices) {
    if (choice.name == name) return choice;
  }
  throw Error(ErrorCode::E301, strf("unknown backend \"%s\"; this build has %s", printable(name).c_str(),
                                    backend_names().c_str()));
}

}  // namespace

std::string_view backend_name(std::string_view name) {
  return choose(name).name;
}

std::unique_ptr<Backend> make_backend(std::string_view name, std::int32_t threads) {
  return choose(name).make(threads);
}

std::int32_t default_threads() {
  return available_cores();
}

std::string backend_names() {
  std::string names = "auto";
  for (const Choice& choice : kChoices) names += ", " + std::string(choice.name);
  return names;
}

}  // namespace glim
