#pragma once

#include <span>
#include <string_view>

#include "engine/text/jinja_runtime.h"

namespace glim::jinja {

/// The method of this name that values of this type have, or null. Methods that would change their object are
/// absent.
const NativeRow* find_method(const Value& value, std::string_view name);
const NativeRow* find_filter(std::string_view name);
const NativeRow* find_test(std::string_view name);
/// range, dict, namespace, raise_exception, strftime_now
std::span<const NativeRow> global_functions();

/// The tables that the finders search, one per file.
std::span<const NativeRow> text_methods();
std::span<const NativeRow> text_filters();
std::span<const NativeRow> list_filters();
std::span<const NativeRow> tests();

/// Follows a path such as "a.b.0".
Value follow_path(Runtime& runtime, Value value, const Value& path, const Value& otherwise);

std::string lower_case(std::string_view text);
std::string upper_case(std::string_view text);
Value lower_case(Runtime& runtime, const MarkedText& text);
Value upper_case(Runtime& runtime, const MarkedText& text);

}  // namespace glim::jinja
