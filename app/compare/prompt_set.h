#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "app/compare/comparison.h"

namespace glim::app {

/// Prompts of a file: JSON lines ({"id", "prompt", "system", "tags", "expect"}) when it ends in .jsonl,
/// tables
/// [[prompt]] with the same keys when it ends in .toml, else text with a line of three dashes between two
/// prompts. Throws E501 naming the place, E601 for what is no TOML.
std::vector<ComparePrompt> read_prompt_set(const std::filesystem::path& path);

/// The same from its text; `name` begins the places in messages.
std::vector<ComparePrompt> parse_prompt_lines(std::string_view text, const std::string& name);
std::vector<ComparePrompt> parse_prompt_toml(std::string_view text, const std::string& name);
std::vector<ComparePrompt> parse_prompt_text(std::string_view text, const std::string& name);

}  // namespace glim::app
