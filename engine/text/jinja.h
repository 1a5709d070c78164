#pragma once

#include <ctime>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "engine/text/chat.h"
#include "engine/text/jinja_runtime.h"

namespace glim::jinja {

struct Program;

/// A chat template in the dialect that Hugging Face's tools use: jinja2 with trim_blocks and lstrip_blocks,
/// break and continue, generation blocks, a plain tojson, raise_exception and strftime_now, in a sandbox with
/// limits. Values do not change while a template runs, except those of namespace().
class Template {
 public:
  /// Parses; throws Error E402 with line and column.
  explicit Template(std::string_view source, const Limits& limits = {});
  Template(Template&&) noexcept;
  Template& operator=(Template&&) noexcept;
  ~Template();

  const std::string& source() const;
  /// Whether the name occurs as a variable anywhere.
  bool mentions(std::string_view name) const;

  /// Renders with the members of the object `variables`. All their strings count as the user's except the
  /// variables named in `trusted`. `now` is what strftime_now prints. Throws Error E402. May run on several
  /// threads at once.
  std::vector<Segment> render(const nlohmann::ordered_json& variables,
                              std::span<const std::string_view> trusted, const std::tm& now) const;

 private:
  Limits limits_;
  std::unique_ptr<const Program> program_;
};

}  // namespace glim::jinja
