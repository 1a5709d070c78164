#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace glim::app {

enum class Verdict : std::uint8_t { waiting, running, pass, warn, skip, fail, error, interrupted };
/// "PASS", "WARN", "SKIP", ...
const char* verdict_name(Verdict verdict);
std::optional<Verdict> verdict_named(std::string_view name);
/// Whether it came to an end, well or not.
bool is_final(Verdict verdict);
/// fail and error
bool is_bad(Verdict verdict);

/// How a set of tests did: the worst of their verdicts, and how many of the scored ones passed.
struct SuiteScore {
  Verdict verdict = Verdict::pass;  ///< pass, fail, or interrupted when a test was not finished
  int passed = 0, scored = 0;       ///< skipped tests count in neither
  int skipped = 0;
  std::string text() const;  ///< "PASS, 4/4"
};

/// The line of the compare screen: "gibberish ✓ leak ✓ tool ✓ code ✓ 4/4".
struct SmokeSummary {
  struct Item {
    std::string_view label;
    Verdict verdict;
  };
  std::vector<Item> items;
  SuiteScore score;
};

}  // namespace glim::app
