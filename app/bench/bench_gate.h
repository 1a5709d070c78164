#pragma once

#include <string>
#include <vector>

#include "app/bench/bench_rows.h"

namespace glim::app {

/// A row of an earlier run as far as the gate needs it.
struct EarlierRow {
  std::string key;   ///< what has to be the same: see gate_key()
  std::string name;  ///< for people: "deepseek2 10.57M Q8_0 tg128"
  std::string processor;
  double rate = 0, deviation = 0;
};

/// Rows of llama-bench's or our own -o json or jsonl. Throws E501 naming the file and what is wrong with it.
std::vector<EarlierRow> read_earlier_rows(const std::string& path);

struct GateFinding {
  enum class Verdict : std::uint8_t { fine, noise, slower, missing, fresh } verdict;
  std::string name;
  double before = 0, now = 0;
  double slowdown() const { return before > 0 ? 1 - now / before : 0; }  ///< 0.1: a tenth less
};

/// Compares rows that have the same key. A row is `slower` when its slowdown exceeds `allowed` and the rates
/// are further apart than their deviations together; `noise` when only the first holds; `missing` when it has
/// not been measured now, `fresh` when it had not been before.
std::vector<GateFinding> judge(const std::vector<EarlierRow>& before, const std::vector<BenchRow>& now,
                               double allowed);

/// Whether the gate lets pass: nothing is slower and something could be compared.
bool passes(const std::vector<GateFinding>& findings);

std::string words_of(const GateFinding& finding, double allowed);

/// "5%" or "0.05" as a fraction. Throws E501.
double slowdown_from(const std::string& text);

}  // namespace glim::app
