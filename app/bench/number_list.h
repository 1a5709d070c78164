#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace glim::app {

/// Which numbers a flag may have.
struct NumberRange {
  const char* flag;
  std::int32_t low, high;
};

/// Numbers of a flag that may be given several times: "512", "1,8,16", and the ranges "a-b", "a-b+step" and
/// "a-b*factor", whose ends are included. Throws E501.
std::vector<std::int32_t> numbers_from(std::span<const std::string> words, const NumberRange& range);

/// Pairs "512,128", one for each word. Throws E501.
std::vector<std::pair<std::int32_t, std::int32_t>> pairs_from(std::span<const std::string> words,
                                                              const NumberRange& range);

}  // namespace glim::app
