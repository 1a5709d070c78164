#include "engine/text/jinja.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "engine/text/jinja_ast.h"
#include "engine/text/jinja_interpreter.h"
#include "engine/text/jinja_json.h"
#include "engine/text/jinja_methods.h"
#include "engine/text/jinja_parser.h"

namespace glim::jinja {

Template::Template(std::string_view source, const Limits& limits)
    : limits_(limits), program_(parse(source, limits)) {}
Template::Template(Template&&) noexcept = default;
Template& Template::operator=(Template&&) noexcept = default;
Template::~Template() = default;

const std::string& Template::source() const {
  return program_->source;
}

bool Template::mentions(std::string_view name) const {
  return std::find(program_->symbols.begin(), program_->symbols.end(), name) != program_->symbols.end();
}

std::vector<Segment> Template::render(const nlohmann::ordered_json& variables,
                                      std::span<const std::string_view> trusted, const std::tm& now) const {
  Runtime runtime(program_->source, limits_, now);
  std::vector<std::optional<Value>> globals(program_->symbols.size());
  for (std::size_t i = 0; i < globals.size(); ++i) {
    const std::string& name = program_->symbols[i];
    if (const auto found = variables.find(name); found != variables.end()) {
      const bool from_user = std::find(trusted.begin(), trusted.end(), name) == trusted.end();
      globals[i] = from_json_value(runtime, *found, from_user);
      continue;
    }
    for (const NativeRow& row : global_functions()) {
      if (row.name == name) globals[i] = runtime.function({.native = &row});
    }
  }
  return Interpreter(runtime, *program_, std::move(globals)).run().segments();
}

}  // namespace glim::jinja
