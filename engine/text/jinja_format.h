#pragma once

#include "engine/text/jinja_runtime.h"

namespace glim::jinja {

/// Python's `text % values`.
Value format_percent(Runtime& runtime, const MarkedText& format, const Value& values);
/// Python's `text.format(...)`, without access to attributes.
Value format_braces(BoundCall& call);

}  // namespace glim::jinja
