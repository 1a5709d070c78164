#pragma once

#include <optional>
#include <string>

#include "engine/text/jinja_runtime.h"

namespace glim::jinja {

/// Python's str() and repr() of numbers, such as "1e-07", "100000.0", "inf".
std::string real_text(double number);
std::string integer_text(Integer number);

/// Python's str(): what {{ value }} prints.
void print(TextBuilder& out, Runtime& runtime, const Value& value);
/// Python's repr(): how a value looks inside a printed list.
void print_repr(TextBuilder& out, Runtime& runtime, const Value& value);
Value to_text(Runtime& runtime, const Value& value);

/// json.dumps as Hugging Face sets up the filter: key order kept, non-ASCII kept unless `ensure_ascii`.
struct JsonStyle {
  bool ensure_ascii = false;
  bool sort_keys = false;
  std::optional<std::string> indent =
      std::nullopt;  ///< what one level of indentation looks like; none: everything on one line
  std::string item_separator = ", ";
  std::string key_separator = ": ";
};

/// The whole text is marked as the user's when any string in the value is: a tool description is tokenised in
/// one go.
Value to_json(Runtime& runtime, const Value& value, const JsonStyle& style);

}  // namespace glim::jinja
