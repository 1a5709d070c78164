#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "app/report/report.h"

namespace glim::app::report {

/// Rows that no other row beats in one metric without losing in the other, from the best in `a` on. Only
/// measured and planned figures take part; a metric without a better direction cannot be used.
std::vector<std::size_t> pareto_front(const Report& report, Metric a, Metric b);

/// Block K: who is best for what, and the rule that says so.
struct Winner {
  std::string use;  ///< "fastest generation"
  std::size_t row = 0;
  std::string figure;  ///< "41.6 t/s"
  std::string rule;    ///< in words
  std::string remark;  ///< rows that cannot be told from it
};

/// Only uses for which the report has figures.
std::vector<Winner> winners(const Report& report);

/// One sentence per row about what it costs against the reference; none without quality figures.
std::vector<std::string> row_sentences(const Report& report);

/// What the words of row_sentences stand for.
std::string sentence_rule();

/// Whether a context fits into the device with a tenth of its memory left.
bool fits_with_headroom(const Report& report, const MemoryAt& memory);

}  // namespace glim::app::report
